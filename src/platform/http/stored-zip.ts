import { crc32 } from 'node:zlib'

/** One file of an archive. */
export interface StoredFile {
  /** As it shall be called: at most 65,535 bytes of UTF-8, once in the archive. */
  readonly name: string
  readonly content: Uint8Array
  readonly modifiedAt: Date
}

const ZIP64 = 45
const UTF8 = 0x0800
/** Made on Unix, so that the mode below counts: a plain file that its owner writes and all read. */
const MADE_BY = (3 << 8) | ZIP64
const MODE = 0o100644 * 0x10000
const MOST_16 = 0xffff
const MOST_32 = 0xffff_ffff
const GATHERED = 64 * 1024

/**
 * A zip archive (PKWARE APPNOTE 6.3.10, with zip64) of files as they are, not compressed, in their order. One file is held at a
 * time, and of those before some 50 bytes and the name each; the next is asked for when the one before was taken.
 */
export async function* storedZip(files: AsyncIterable<StoredFile>): AsyncGenerator<Uint8Array> {
  const directory: Buffer[] = []
  let offset = 0
  for await (const file of files) {
    const entry = described(file)
    const header = localHeader(entry)
    yield header
    yield file.content
    directory.push(directoryRecord(entry, offset))
    offset += header.length + file.content.length
  }
  let size = 0
  for (let from = 0; from < directory.length; ) {
    const until = from
    let bytes = 0
    while (from < directory.length && bytes < GATHERED) bytes += directory[from++]!.length
    size += bytes
    yield Buffer.concat(directory.slice(until, from))
  }
  yield end(directory.length, size, offset)
}

interface Entry {
  readonly name: Buffer
  /** What stands in both headers alike: flags, method, time, checksum, sizes (section 4.4). */
  readonly shared: Buffer
}

function described({ name, content, modifiedAt }: StoredFile): Entry {
  const encoded = Buffer.from(name, 'utf8')
  if (encoded.length === 0 || encoded.length > MOST_16 || content.length >= MOST_32) throw new Error('A file of this name or size has no place in an archive.')
  const shared = Buffer.alloc(22)
  shared.writeUInt16LE(ZIP64, 0)
  shared.writeUInt16LE(UTF8, 2)
  shared.writeUInt16LE(0, 4)
  shared.writeUInt32LE(dosTime(modifiedAt), 6)
  shared.writeUInt32LE(crc32(content), 10)
  shared.writeUInt32LE(content.length, 14)
  shared.writeUInt32LE(content.length, 18)
  return { name: encoded, shared }
}

/** In UTC, because the format knows no zone; two seconds fine, from 1980 on. */
function dosTime(at: Date): number {
  const date = ((Math.max(at.getUTCFullYear(), 1980) - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate()
  return ((date << 16) | (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1)) >>> 0
}

/** Section 4.3.7. */
function localHeader({ name, shared }: Entry): Buffer {
  const lengths = Buffer.alloc(4)
  lengths.writeUInt16LE(name.length, 0)
  return Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, lengths, name])
}

/** Section 4.3.12; what lies behind four gigabytes has its offset in an extra field (4.5.3). */
function directoryRecord({ name, shared }: Entry, offset: number): Buffer {
  const far = offset >= MOST_32
  const rest = Buffer.alloc(18)
  rest.writeUInt16LE(name.length, 0)
  rest.writeUInt16LE(far ? 12 : 0, 2)
  rest.writeUInt32LE(MODE, 10)
  rest.writeUInt32LE(far ? MOST_32 : offset, 14)
  const extra = Buffer.alloc(far ? 12 : 0)
  if (far) {
    extra.writeUInt16LE(1, 0)
    extra.writeUInt16LE(8, 2)
    extra.writeBigUInt64LE(BigInt(offset), 4)
  }
  const madeBy = Buffer.alloc(2)
  madeBy.writeUInt16LE(MADE_BY)
  return Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), madeBy, shared, rest, name, extra])
}

/** Sections 4.3.14 to 4.3.16: the zip64 end too, as soon as a number of the plain end would not hold what it counts. */
function end(files: number, size: number, offset: number): Buffer {
  const plain = Buffer.alloc(22)
  plain.write('PK\x05\x06', 0, 'latin1')
  plain.writeUInt16LE(Math.min(files, MOST_16), 8)
  plain.writeUInt16LE(Math.min(files, MOST_16), 10)
  plain.writeUInt32LE(Math.min(size, MOST_32), 12)
  plain.writeUInt32LE(Math.min(offset, MOST_32), 16)
  if (files < MOST_16 && size < MOST_32 && offset < MOST_32) return plain
  const wide = Buffer.alloc(76)
  wide.write('PK\x06\x06', 0, 'latin1')
  wide.writeBigUInt64LE(44n, 4)
  wide.writeUInt16LE(MADE_BY, 12)
  wide.writeUInt16LE(ZIP64, 14)
  wide.writeBigUInt64LE(BigInt(files), 24)
  wide.writeBigUInt64LE(BigInt(files), 32)
  wide.writeBigUInt64LE(BigInt(size), 40)
  wide.writeBigUInt64LE(BigInt(offset), 48)
  wide.write('PK\x06\x07', 56, 'latin1')
  wide.writeBigUInt64LE(BigInt(offset + size), 64)
  wide.writeUInt32LE(1, 72)
  return Buffer.concat([wide, plain])
}
