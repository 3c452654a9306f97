import type { Installation } from '../installation.ts'

/** An answer, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  readonly text: string
  /** Parsed where the media type is JSON of any kind. */
  readonly json: any
}

export interface Question {
  readonly token?: string | undefined
  readonly json?: unknown
  readonly form?: Record<string, string>
  readonly body?: string | Uint8Array
  readonly headers?: Record<string, string>
}

export type Ask = (method: string, path: string, question?: Question) => Promise<Answer>

/** A client that knows nothing but HTTP: a path, or a whole address on the public listener. */
export const createAsk =
  (installation: Pick<Installation, 'fetch'>): Ask =>
  async (method, path, { token, json, form, body, headers = {} } = {}) => {
    const response = await installation.fetch(path, {
      method,
      headers: {
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: json !== undefined ? JSON.stringify(json) : form !== undefined ? new URLSearchParams(form).toString() : (body ?? null),
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    const text = bytes.toString('utf8')
    const isJson = /([/+]json|application\/vc)\b/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, headers: response.headers as unknown as Headers, bytes, text, json: isJson ? JSON.parse(text) : undefined }
  }
