import { Busboy } from '@fastify/busboy'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Problem } from '../problem.ts'

/**
 * The one file of a `multipart/form-data` body (RFC 7578), as it arrives: nothing but the pieces under way is held in
 * memory. The form holds this field and no other, because one that is passed over was meant for something. What its
 * sender calls the file is not looked at. Throws `Problem` while it is read, perhaps after the last piece.
 */
export async function* formFile(request: Request, field: string): AsyncGenerator<Uint8Array> {
  const form = parserOf(request.headers.get('content-type') ?? '')
  if (!form || !request.body) throw malformed()
  let refused: Problem | undefined
  const found = Promise.withResolvers<Readable | undefined>()
  form.on('file', (name, file) => {
    if (name === field) return found.resolve(file)
    refused ??= onlyOne(field)
    file.resume()
  })
  form.on('partsLimit', () => (refused ??= onlyOne(field)))
  const body = Readable.fromWeb(request.body as Parameters<typeof Readable.fromWeb>[0])
  // Waited for below; until then a failure must not count as unhandled.
  const parsed = pipeline(body, form).finally(() => found.resolve(undefined))
  parsed.catch(() => {})
  try {
    const file = await found.promise
    if (file) for await (const piece of file) yield piece as Uint8Array
    await parsed
    if (refused) throw refused
    if (!file) throw onlyOne(field)
  } catch (error) {
    throw refused ?? asProblem(error)
  } finally {
    body.destroy()
  }
}

function parserOf(contentType: string): InstanceType<typeof Busboy> | undefined {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { parts: 1, headerPairs: 20, headerSize: 8_192 },
      isPartAFile: () => true,
    })
  } catch {
    return undefined
  }
}

const malformed = () => new Problem('bad-request', 'Send a whole multipart/form-data body with its boundary in the Content-Type.')
const onlyOne = (field: string) =>
  new Problem('bad-request', `Put one file into the form field "${field}", and nothing else into the form.`)

/** The parser's own errors speak of the form; all others (too long, cut off, a full disk) stay what they are. */
const asProblem = (error: unknown): unknown =>
  error instanceof Error && /multipart data|header/i.test(error.message) && !('code' in error) ? malformed() : error
