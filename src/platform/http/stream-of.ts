import { Readable } from 'node:stream'

/** What comes in parts as bytes, as fast as they are read and no faster; nothing more is made when the reader goes away. */
export const streamOf = (parts: AsyncGenerator<string | Uint8Array>): ReadableStream<Uint8Array> =>
  Readable.toWeb(Readable.from(parts, { objectMode: false })) as ReadableStream<Uint8Array>
