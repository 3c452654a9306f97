import { describe, expect, it } from 'vitest'
import { Problem } from '../problem.ts'
import { formFile } from './form-file.ts'

type Part = readonly [disposition: string, content: string]

const formOf = (...parts: Part[]): string =>
  `${parts.map(([disposition, content]) => `--B\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`).join('')}--B--\r\n`

const sent = (body: BodyInit, type = 'multipart/form-data; boundary=B'): Request =>
  new Request('http://x/', { method: 'POST', body, headers: { 'content-type': type }, duplex: 'half' } as RequestInit)

async function read(request: Request): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of formFile(request, 'file')) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

const refused = (request: Request, code: string) => expect(read(request)).rejects.toMatchObject({ code })

describe('the file of a form', () => {
  it('is what stands in the field, whatever it is called', async () => {
    expect(await read(sent(formOf(['name="file"; filename="a.csv"', 'name,email\r\nAnn']))))
      .toBe('name,email\r\nAnn')
    expect(await read(sent(formOf(['name="file"; filename="../../etc/\0passwd"', 'x'])))).toBe('x')
    expect(await read(sent(formOf(['name="file"', 'without a name'])))).toBe('without a name')
    expect(await read(sent(formOf(['name="file"; filename="a"', ''])))).toBe('')
    const form = new FormData()
    form.set('file', new File(['x'.repeat(3_000_000)], 'big.csv'))
    expect((await read(new Request('http://x/', { method: 'POST', body: form }))).length).toBe(3_000_000)
  })

  it('is alone: another file or field is refused, before it or after', async () => {
    const file: Part = ['name="file"; filename="a"', 'x']
    for (const other of [file, ['name="notify"', 'false'], ['name="other"; filename="b"', 'y']] as Part[]) {
      await refused(sent(formOf(file, other)), 'bad-request')
      await refused(sent(formOf(other, file)), 'bad-request')
    }
    await refused(sent(formOf()), 'bad-request')
  })

  it('is refused when the form is malformed or cut off', async () => {
    const whole = formOf(['name="file"; filename="a"', 'x'.repeat(100)])
    await refused(sent(whole, 'multipart/form-data'), 'bad-request')
    await refused(sent('garbage'), 'bad-request')
    for (const end of [10, 60, 100, whole.length - 8]) {
      await refused(sent(whole.slice(0, end)), 'bad-request')
    }
  })

  it('keeps the refusal of a body that is too long', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(formOf(['name="file"; filename="a"', 'x']).slice(0, 80)))
      },
      pull(controller) {
        controller.error(new Problem('too-large', 'Send less.'))
      },
    })
    await refused(sent(body), 'too-large')
  })

  it('is read no faster than it is taken', async () => {
    let made = 0
    const head = '--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(made++ === 0 ? new TextEncoder().encode(head) : new Uint8Array(65_536).fill(120))
      },
    })
    const pieces = formFile(sent(body), 'file')
    await pieces.next()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(made * 65_536).toBeLessThan(2_000_000)
    await pieces.return(undefined)
  })
})
