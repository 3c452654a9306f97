import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ask, clients, dataDir, filesWith, getToken, identityAlone, links, start, stop } from '../../../../test/identity/identity-alone.ts'
import { allScopes } from '../contract.ts'

identityAlone()

describe('the first run', () => {
  const order = { slug: 'acme-school', name: 'Acme School' }
  const token = () => links.at(-1)!.split('#')[1]!

  it('prints a link with which one organization is made, once', async () => {
    expect(links).toHaveLength(1)
    expect(links[0]).toMatch(/^http:\/\/vellum\.test\/setup#[\w-]{43}$/)
    const first = await ask('POST', '/v1/setup', { json: { token: token(), organization: order } })
    expect(first.status).toBe(201)
    expect(first.json).toMatchObject({ client_secret: expect.stringMatching(/^vls_/), organization: { ...order, defaultLocale: 'en' } })
    expect(first.headers.get('cache-control')).toBe('no-store')
    const granted = await getToken(first.json.client_id, first.json.client_secret)
    expect(granted.json.scope.split(' ').sort()).toEqual([...allScopes].sort())
    const second = await ask('POST', '/v1/setup', { json: { token: token(), organization: { ...order, slug: 'other' } } })
    expect([second.status, second.json.type]).toEqual([409, 'urn:vellum:problem:state-refused'])
    expect((await clients.organizations({})).organizations).toHaveLength(1)
  })

  it('makes one organization when the link is used many times at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        ask('POST', '/v1/setup', { json: { token: token(), organization: { ...order, slug: `acme-${index}` } } }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)])
    expect((await clients.organizations({})).organizations).toHaveLength(1)
  })

  it('refuses any other token and stores none in clear', async () => {
    const answer = await ask('POST', '/v1/setup', { json: { token: 'guess', organization: order } })
    expect(answer.status).toBe(409)
    expect(filesWith(token())).toEqual([])
  })

  it('has a page that works without scripts and shows what was typed as text only', async () => {
    const page = await ask('GET', '/setup')
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('<form method="post" action="/setup">')])
    const policy = page.headers.get('content-security-policy')!
    const nonce = /script-src 'self' 'nonce-([^']+)'/.exec(policy)?.[1]
    expect(page.text.match(/<script nonce="([^"]+)"/)?.[1]).toBe(nonce)
    const name = '<img src=x onerror=alert(1)>'
    const wrong = await ask('POST', '/setup', { form: { token: token(), name, slug: 'Not A Slug' } })
    expect([wrong.status, wrong.text]).toEqual([422, expect.stringContaining('Short name: Use small letters')])
    expect(wrong.text).not.toContain('<img')
    const done = await ask('POST', '/setup', { form: { token: ` ${links[0]} `, name, slug: 'acme' } })
    expect([done.status, done.text]).toEqual([201, expect.stringMatching(/vls_\w+/)])
    expect(done.text).not.toContain('<img')
    expect((await ask('GET', '/setup')).text).toContain('Vellum is set up')
  })

  it('offers a new link at the next start until there is an organization', async () => {
    await stop()
    await start()
    expect(links).toHaveLength(2)
    await clients.createOrganization(order)
    expect((await ask('POST', '/v1/setup', { json: { token: token(), organization: order } })).status).toBe(409)
    await stop()
    await start()
    expect(links).toHaveLength(2)
  })
})

describe('a wrong master key', () => {
  const stateOf = () =>
    readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path).toString('base64'), statSync(path).mtimeMs])

  it('stops the start with exit code 78 and changes no file', async () => {
    await stop()
    const before = stateOf()
    const wrong = start({ MASTER_KEY: Buffer.alloc(32, 1).toString('base64') })
    await expect(wrong).rejects.toMatchObject({ exitCode: 78, message: expect.stringMatching(/another master key/) })
    expect(stateOf()).toEqual(before)
  })

  it('is found by the database too, and never recorded as the right one', async () => {
    const right = readFileSync(join(dataDir, 'master.key'), 'utf8').trim()
    await stop()
    rmSync(join(dataDir, 'key-check'))
    const wrong = start({ MASTER_KEY: Buffer.alloc(32, 1).toString('base64') })
    await expect(wrong).rejects.toMatchObject({ exitCode: 78, message: expect.stringMatching(/database of identity/) })
    expect(readdirSync(dataDir)).not.toContain('key-check')
    await start({ MASTER_KEY: right })
    expect(readdirSync(dataDir)).toContain('key-check')
  })
})
