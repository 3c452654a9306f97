import { Problem } from '../problem.ts'

const tooLarge = (maxBytes: number): Problem =>
  new Problem('too-large', `Send at most ${maxBytes} bytes in one request.`)

/** Throws `Problem('too-large')` when the request says itself that its body is longer. */
export function refuseLongBody(request: Request, maxBytes: number): void {
  const length = request.headers.get('content-length')
  if (length !== null && Number(length) > maxBytes) throw tooLarge(maxBytes)
}

/**
 * The body as text. A body with `Content-Length` is held to it by the server, so one comparison does; one without is
 * counted as it comes. Throws `Problem('too-large')`.
 */
export async function readText(request: Request, maxBytes: number): Promise<string> {
  refuseLongBody(request, maxBytes)
  if (request.headers.has('content-length')) return request.text()
  const counted = countedBody(request, maxBytes)
  return counted ? new Response(counted).text() : ''
}

/** The request's body as a stream that fails with `Problem('too-large')` after so many bytes. */
export function countedBody(request: Request, maxBytes: number): ReadableStream<Uint8Array> | undefined {
  if (!request.body) return undefined
  let seen = 0
  return request.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        seen += chunk.byteLength
        if (seen > maxBytes) controller.error(tooLarge(maxBytes))
        else controller.enqueue(chunk)
      },
    }),
  )
}
