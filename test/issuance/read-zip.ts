import { crc32 } from 'node:zlib'
import { fromBufferPromise } from 'yauzl'

export interface ReadFile {
  readonly name: string
  readonly modifiedAt: Date
  readonly content: Buffer
}

/** The files of an archive as another's reader finds them, by its directory; throws where sizes, names or sums do not agree. */
export async function readZip(archive: Buffer): Promise<ReadFile[]> {
  const zip = await fromBufferPromise(archive, { strictFileNames: true })
  const files: ReadFile[] = []
  for await (const entry of zip.eachEntry()) {
    const pieces: Buffer[] = []
    for await (const piece of await zip.openReadStreamPromise(entry)) pieces.push(piece as Buffer)
    const content = Buffer.concat(pieces)
    if (crc32(content) !== entry.crc32) throw new Error(`The sum of ${entry.fileName} is another.`)
    files.push({ name: entry.fileName, modifiedAt: entry.getLastModDate({ timezone: 'UTC' }), content })
  }
  if (files.length !== zip.entryCount) throw new Error(`The archive says ${zip.entryCount} files and holds ${files.length}.`)
  return files
}
