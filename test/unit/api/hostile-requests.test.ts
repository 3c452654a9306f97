import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { request as openRequest } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { issueRequest, quiet, template, type TwoOrganizations, twoOrganizations } from '../../api/two-organizations.ts'

let world: TwoOrganizations
beforeAll(async () => {
  world = await twoOrganizations()
}, 60_000)
afterAll(() => world?.installation.remove())

const megabyte = 1_048_576

/** A refusal in the form of every refusal; answers its code. */
async function refusal(response: { status: number, headers: { get(name: string): string | null }, text(): Promise<string> }): Promise<[number, string]> {
  const text = await response.text()
  expect(response.headers.get('content-type'), text.slice(0, 200)).toBe('application/problem+json')
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  expect(response.headers.get('cache-control')).toBe('no-store')
  const { type, title, status, detail } = JSON.parse(text) as Record<string, string>
  expect(status).toBe(response.status)
  expect(title && detail).toBeTruthy()
  expect(text).not.toMatch(/\\n +at |node_modules|SQLITE|select |insert /i)
  return [response.status, type!.replace('urn:vellum:problem:', '')]
}

const send = (path: string, body: unknown, headers: Record<string, string> = {}, method = 'POST') =>
  world.owner.fetch(path, {
    method,
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })

/** Folders of uploads on the disk. */
const uploads = (): string[] => {
  const folder = join(world.installation.dataDir, 'blobs/issuance/batches')
  return existsSync(folder) ? readdirSync(folder) : []
}

const csv = { 'content-type': 'text/csv' }
const people = 'name,email,achievement\nD,d@canary.example,X\n'
const part = (disposition: string, content: string) => `--B\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`
const form = { 'content-type': 'multipart/form-data; boundary=B' }

describe('a request for one credential', () => {
  it('is refused with what no name can hold', async () => {
    for (const name of ['a\r\nBcc: x@canary.example', 'a\nb', 'a\u202eb', 'a\u2066b', 'x'.repeat(201), '😀'.repeat(201), ' ', '\u2028']) {
      expect(await refusal(await send('/v1/credentials', issueRequest({ recipient: { name, email: 'n@canary.example' } }))))
        .toEqual([422, 'validation-failed'])
    }
    const raw = (text: string) => send('/v1/credentials', JSON.stringify(issueRequest()).replace('Zephyrine', text))
    expect(await refusal(await raw('a\\u0000b'))).toEqual([400, 'bad-request'])
    expect(await refusal(await raw('a\\ud800b'))).toEqual([400, 'bad-request'])
  })

  it('is refused with fields of other names or types', async () => {
    const text = JSON.stringify(issueRequest())
    for (const more of ['"x":1', '"__proto__":{}', '"constructor":{}', '"notify":"yes"', '"template":7', '"externalId":null', '"recipient":[]']) {
      expect([more, await refusal(await send('/v1/credentials', text.replace(/\}$/, `,${more}}`)))]).toEqual([more, [422, 'validation-failed']])
    }
    for (const whole of ['[]', 'null', '1', '""']) expect(await refusal(await send('/v1/credentials', whole))).toEqual([422, 'validation-failed'])
    for (const broken of ['', '{', '{"a":NaN}', "{'a':1}"]) expect(await refusal(await send('/v1/credentials', broken))).toEqual([400, 'bad-request'])
  })

  it('is accepted with 200 characters beyond the basic plane, and mailed with them', async () => {
    const name = `${'𝒜'.repeat(198)}"é`
    expect((await send('/v1/credentials', issueRequest({ recipient: { name, email: 'astral@canary.example' } }))).status).toBe(202)
  })

  it('is not replayed for another query, path or body, and is after its template changed', async () => {
    const key = { 'idempotency-key': 'replayed' }
    const body = issueRequest({ template: 'changing', recipient: { name: 'R', email: 'r@canary.example' } })
    await send('/v1/templates/changing', template, {}, 'PUT')
    const first = await (await send('/v1/credentials', body, key)).text()
    await send('/v1/templates/changing', { ...template, description: 'Something else' }, {}, 'PUT')
    const again = await send('/v1/credentials', body, key)
    expect([again.status, await again.text(), again.headers.get('idempotency-replayed')]).toEqual([202, first, 'true'])
    expect(await refusal(await send('/v1/credentials', issueRequest(), key))).toEqual([422, 'idempotency-mismatch'])
    expect(await refusal(await send('/v1/batches', people, { ...csv, ...key }))).toEqual([422, 'idempotency-mismatch'])
    for (const bad of ['a b', 'ä', 'x'.repeat(256)]) {
      expect(await refusal(await send('/v1/credentials', body, { 'idempotency-key': bad }))).toEqual([400, 'bad-request'])
    }
  })
})

describe('a file', () => {
  it('is refused, and nothing of it kept, when it cannot be read as it stands', async () => {
    await quiet(world.owner)
    const before = uploads()
    const broken: [unknown, Record<string, string>, number][] = [
      ['\ufeff', csv, 422],
      ['', csv, 422],
      [Buffer.from('\ufeffname,email\n', 'utf16le'), csv, 422],
      [Buffer.from('name,email\nM\xfcller,m@canary.example\n', 'latin1'), csv, 422],
      [Buffer.concat([Buffer.from(people), Buffer.from([0xc3])]), csv, 422],
      [people, { 'content-type': 'text/csv; charset=iso-8859-1' }, 415],
      [people, { ...csv, 'content-encoding': 'gzip' }, 415],
      [Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), csv, 422],
      [people, { 'content-type': 'application/zip' }, 415],
      [people.replace('achievement', 'x\0y'), csv, 422],
      [people.replace('achievement', 'x'.repeat(300)), csv, 422],
      [`name,email${',x'.repeat(1_000)}\n`, csv, 422],
      ['Ada,ada@canary.example\n', csv, 422],
      ['garbage', form, 400],
      [`${part('name="file"; filename="a.csv"', people)}--B--`, { 'content-type': 'multipart/form-data' }, 400],
      [part('name="file"; filename="a.csv"', people), form, 400],
      [`${part('name="file"; filename="a.csv"', people)}${part('name="file"; filename="b.csv"', people)}--B--\r\n`, form, 400],
      [`${part('name="file"; filename="a.csv"', people)}${part('name="notify"', 'false')}--B--\r\n`, form, 400],
    ]
    for (const [body, headers, status] of broken) {
      const [got] = await refusal(await send('/v1/batches', body, headers))
      expect([String(body).slice(0, 60), got]).toEqual([String(body).slice(0, 60), status])
    }
    expect(await refusal(await send('/v1/batches?notfy=false', people, csv))).toEqual([422, 'validation-failed'])
    expect(await refusal(await send('/v1/batches?achievement=a%00b', people, csv))).toEqual([400, 'bad-request'])
    expect(uploads()).toEqual(before)
  })

  it('does not repeat in its refusal what stands in it', async () => {
    const text = await (await send('/v1/batches', 'Zephyrine,zephyrine@canary.example\n', csv)).text()
    expect(text).not.toMatch(/zephyrine/i)
  })

  const limit = 50 * megabyte
  const big = (bytes: number): Buffer => {
    const row = 'Somebody,somebody@canary.example\n'
    return Buffer.from(`name,email\n${row.repeat(Math.ceil(bytes / row.length))}`).subarray(0, bytes)
  }
  const wrapped = (content: Buffer) =>
    Buffer.concat([Buffer.from('--B\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'), content, Buffer.from('\r\n--B--\r\n')])

  it('of more than 50 MB is refused however it comes, and nothing of it stays', async () => {
    const before = uploads()
    const [exact, far] = [big(limit + 1), big(limit + 2 * megabyte)]
    for (const body of [exact, far]) expect(await refusal(await send('/v1/batches', body, csv))).toEqual([413, 'too-large'])
    for (const [body, headers] of [[wrapped(exact), form], [far, csv]] as const) {
      const chunked = new ReadableStream({
        start(controller) {
          for (let at = 0; at < body.length; at += megabyte) controller.enqueue(body.subarray(at, at + megabyte))
          controller.close()
        },
      })
      const response = await world.owner.fetch('/v1/batches', { method: 'POST', body: chunked, headers, duplex: 'half' } as never)
      expect(await refusal(response)).toEqual([413, 'too-large'])
    }
    expect(uploads()).toEqual(before)
  }, 60_000)

  it('that its sender breaks off leaves nothing', async () => {
    const before = uploads()
    const bearer = `Bearer ${await world.accessToken()}`
    const { publicUrl } = world.installation
    await new Promise<void>((resolve) => {
      const request = openRequest(`${publicUrl}/v1/batches`, { method: 'POST', headers: { ...csv, authorization: bearer, 'content-length': 10 * megabyte } })
      request.on('error', () => resolve())
      request.write(big(3 * megabyte))
      setTimeout(() => request.destroy(), 500)
    })
    for (let tries = 0; tries < 50 && uploads().length !== before.length; tries++) await new Promise((resolve) => setTimeout(resolve, 100))
    expect(uploads()).toEqual(before)
  })
})

describe('an organization called after headers', () => {
  it('sends mails that have no headers but ours', async () => {
    const { owner, installation } = world
    await quiet(owner)
    const name = 'Ann, "Bob" <x@evil.example>; Ltd. \\ Bcc: y@evil.example'
    expect((await send('/v1/organization', { name }, {}, 'PATCH')).status).toBe(200)
    for (const bad of ['a\r\nBcc: x@y.z', 'a\u202eb', 'a\u2028b']) {
      expect(await refusal(await send('/v1/organization', { name: bad }, {}, 'PATCH'))).toEqual([422, 'validation-failed'])
    }
    // What issuance knows of an organization is at most a minute old; another has not been asked for yet.
    await send('/v1/credentials', issueRequest({
      recipient: { name: 'Eve, <script> "Q" Bcc: z@evil.example', email: 'eve@canary.example' },
      achievement: { name: 'A =?utf-8?q?=0ABcc:_z@evil.example?= B' },
    }))
    await quiet(owner)
    const mails = readdirSync(installation.mailDir).map((file) => readFileSync(join(installation.mailDir, file), 'utf8'))
    expect(mails.length).toBeGreaterThan(2)
    const known = /^(From|To|Subject|Message-ID|Date|Content-Language|Auto-Submitted|MIME-Version|Content-Type):/
    for (const mail of mails) {
      const fields = mail.slice(0, mail.indexOf('\r\n\r\n')).split(/\r\n(?![ \t])/)
      for (const field of fields) expect(field).toMatch(known)
      expect(fields.find((field) => field.startsWith('To:'))).toMatch(/(<\w+@canary\.example>|^To: \w+@[\w.]+\.example)$/)
    }
  })
})

describe('the process', () => {
  it('keeps its files and its socket to its user, and logged nothing unexpected', () => {
    const { dataDir } = world.installation
    const open = execFileSync('find', [dataDir, '-mindepth', '1', '-perm', '/077']).toString()
    expect(open).toBe('')
    expect(statSync(join(dataDir, 'vellum.sock')).mode & 0o777).toBe(0o600)
    const lines = world.installation.output().split('\n').filter((line) => /"level":"(error|fatal)"/.test(line))
    expect(lines).toEqual([])
    expect(world.installation.output()).not.toMatch(/zephyrine|@canary|@evil|somebody/i)
  })
})
