import { z } from 'zod'
import type { SealedFiles } from '../blobs/sealed-blobs.ts'

/**
 * The sealed files of a module as one: docs/decisions/0180. A line of JSON for each, then its bytes, then a line end:
 *
 * ```
 * {"vellum":"blobs","format":1,"module":"issuance","begunAt":"…"}
 * {"name":"credentials/0198…","size":51234}
 * …51,234 bytes…
 * {"end":true,"blobs":1}                             a file without it was cut off
 * ```
 */
export const BlobsHead = z.object({ vellum: z.literal('blobs'), format: z.literal(1), module: z.string(), begunAt: z.iso.datetime() })

export const BlobsEnd = z.object({ end: z.literal(true), blobs: z.number().int() })
const BlobHead = z.object({ name: z.string(), size: z.number().int().min(0) })

const line = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value)}\n`)
const lineEnd = Uint8Array.of(10)

/** Files that are read side by side, and how many bytes go out as one piece at most. */
const readAtOnce = 16
const pieceBytes = 1024 * 1024

/** All of them, or those that were written since; what is deleted meanwhile is left out. */
export async function* writeBlobs(module: string, files: SealedFiles, since?: Date): AsyncGenerator<Uint8Array> {
  yield line({ vellum: 'blobs', format: 1, module, begunAt: new Date().toISOString() })
  let blobs = 0
  let piece: Uint8Array[] = []
  let bytes = 0
  for await (const names of inGroups(files.list(since))) {
    const contents = await Promise.all(names.map((name) => files.get(name)))
    for (const [at, content] of contents.entries()) {
      if (!content) continue
      blobs++
      bytes += content.byteLength
      piece.push(line({ name: names[at], size: content.byteLength }), content, lineEnd)
    }
    if (bytes < pieceBytes) continue
    yield Buffer.concat(piece)
    piece = []
    bytes = 0
  }
  yield Buffer.concat([...piece, line({ end: true, blobs })])
}

/** Files that are made as they are taken, in the same form. */
export async function* frameFiles(module: string, files: AsyncIterable<{ readonly name: string; readonly content: Uint8Array }>): AsyncGenerator<Uint8Array> {
  yield line({ vellum: 'blobs', format: 1, module, begunAt: new Date().toISOString() })
  let blobs = 0
  for await (const { name, content } of files) {
    blobs++
    yield Buffer.concat([line({ name, size: content.byteLength }), content, lineEnd])
  }
  yield line({ end: true, blobs })
}

async function* inGroups(names: AsyncIterable<string>): AsyncGenerator<string[]> {
  let group: string[] = []
  for await (const name of names) {
    group.push(name)
    if (group.length < readAtOnce) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}

/** One after the other; a name may come twice, and then the later one counts. @throws one sentence when it was cut off */
export async function* readBlobs(source: AsyncIterable<Uint8Array>): AsyncGenerator<{ name: string; content: Uint8Array }> {
  const bytes = reader(source)
  const head = BlobsHead.safeParse(await bytes.line())
  if (!head.success) throw new Error('This is no file of blobs that this version can read.')
  for (;;) {
    const told = await bytes.line()
    if (BlobsEnd.safeParse(told).success) return
    const blob = BlobHead.safeParse(told)
    const content = blob.success ? await bytes.take(blob.data.size) : undefined
    if (!blob.success || !content) throw new Error(`The files of ${head.data.module} were cut off.`)
    yield { name: blob.data.name, content }
    await bytes.take(1)
  }
}

function reader(source: AsyncIterable<Uint8Array>) {
  const chunks = source[Symbol.asyncIterator]()
  let held: Uint8Array = new Uint8Array(0)
  /** Undefined when there is less; a chunk is copied once, however large the whole is. */
  const take = async (size: number): Promise<Uint8Array | undefined> => {
    const parts = [held]
    let length = held.length
    while (length < size) {
      const { done, value } = await chunks.next()
      if (done) return undefined
      parts.push(value)
      length += value.length
    }
    const whole = parts.length === 1 ? held : Buffer.concat(parts)
    held = whole.subarray(size)
    return whole.subarray(0, size)
  }
  return {
    take,
    /** The JSON of a line; undefined at the end, or when it is none. */
    async line(): Promise<unknown> {
      let at = held.indexOf(10)
      while (at < 0) {
        const { done, value } = await chunks.next()
        if (done) return undefined
        held = Buffer.concat([held, value])
        at = held.indexOf(10)
      }
      const text = Buffer.from((await take(at + 1))!).toString()
      try {
        return JSON.parse(text)
      } catch {
        return undefined
      }
    },
  }
}
