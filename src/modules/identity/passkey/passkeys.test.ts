import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Answering, authenticator as authenticatorAt } from '../../../../test/identity/authenticator.ts'
import { filesWith, identityAlone, inDatabase, publicUrl } from '../../../../test/identity/identity-alone.ts'
import { type Browser, browser, later, member, organization, password, problem } from '../../../../test/identity/people.ts'

identityAlone()
afterEach(() => vi.useRealTimers())

const authenticator = () => authenticatorAt(publicUrl)
const actions = () => inDatabase((db) => db.prepare(`select action from audit where action like 'passkey.%' order by rowid`).all()).map((row: any) => row.action)

type Person = Awaited<ReturnType<typeof member>>
const somebody = async (name = 'Vera', slug = 'acme'): Promise<Person> => member((await organization(slug)).organizationId, 'viewer', name)
const optionsFor = async (person: Browser, json: object = {}) => person.ask('POST', '/v1/passkeys/options', { json })
const add = (person: Browser, credential: object, name = 'Telephone') => person.ask('POST', '/v1/passkeys', { json: { name, credential } })

async function withPasskey(name?: string, slug?: string) {
  const person = await somebody(name, slug)
  const key = authenticator()
  const added = await add(person, key.create((await optionsFor(person)).json))
  expect(added.status).toBe(201)
  return { ...person, key, passkeyId: added.json.id as string }
}
const begin = async (who: Browser) => (await who.ask('POST', '/v1/session/passkey/options')).json
const finish = (who: Browser, credential: object) => who.ask('POST', '/v1/session/passkey', { json: { credential } })
const signIn = async (key: ReturnType<typeof authenticator>, answering: Answering = {}, who = browser()) => finish(who, key.get(await begin(who), answering))

describe('a passkey', () => {
  it('is added, named, listed, signs in, and is removed', async () => {
    const { ask, key, passkeyId, personId } = await withPasskey()
    const vera = browser()
    const signedIn = await signIn(key, {}, vera)
    expect([signedIn.status, signedIn.json.person]).toEqual([201, personId])
    expect((await vera.ask('GET', '/v1/session')).json.person.id).toBe(personId)
    expect((await vera.ask('POST', '/v1/session/token', { json: { organization: 'acme' } })).status).toBe(200)
    expect((await ask('PATCH', `/v1/passkeys/${passkeyId}`, { json: { name: 'Old telephone' } })).json.name).toBe('Old telephone')
    const { passkeys } = (await ask('GET', '/v1/passkeys')).json
    expect(passkeys).toEqual([{ id: passkeyId, name: 'Old telephone', createdAt: expect.any(String), lastUsedAt: expect.any(String) }])
    for (const text of ['Old telephone', key.id]) expect(filesWith(text)).toEqual([])
    expect((await ask('DELETE', `/v1/passkeys/${passkeyId}`)).status).toBe(200)
    expect(problem(await signIn(key))).toEqual([401, 'unauthenticated'])
    expect(actions()).toEqual(['passkey.added', 'passkey.used', 'passkey.renamed', 'passkey.removed'])
  })

  it('is asked for with a user verification, as one that names its owner itself', async () => {
    const person = await somebody()
    const { json } = await optionsFor(person)
    expect(json).toMatchObject({ rp: { id: 'vellum.test' }, attestation: 'none', authenticatorSelection: { residentKey: 'required', userVerification: 'required' } })
    expect(Buffer.from(json.user.id, 'base64url').toString()).toBe(person.personId)
    const asked = await begin(browser())
    expect(asked).toMatchObject({ rpId: 'vellum.test', userVerification: 'required' })
    expect(asked.allowCredentials ?? []).toEqual([])
  })

  const wrong: Record<string, Answering> = {
    'another origin': { origin: 'https://vellum.test.evil.example' },
    'another relying party': { rpId: 'evil.example' },
    'an invented challenge': { challenge: Buffer.alloc(32).toString('base64url') },
    'no user verification': { unverified: true },
  }
  it.each(Object.entries(wrong))('with %s neither comes in nor is added', async (_, answering) => {
    const { key } = await withPasskey()
    expect(problem(await signIn(key, answering))).toEqual([401, 'unauthenticated'])
    expect((await signIn(key)).status).toBe(201)
    const other = await somebody('Other', 'second')
    expect(problem(await add(other, authenticator().create((await optionsFor(other)).json, answering)))).toEqual([422, 'validation-failed'])
    expect((await other.ask('GET', '/v1/passkeys')).json.passkeys).toEqual([])
  })

  it('answers a challenge once, and within five minutes', async () => {
    const { key } = await withPasskey()
    const vera = browser()
    const response = key.get(await begin(vera))
    expect((await finish(vera, response)).status).toBe(201)
    expect(problem(await finish(vera, response))).toEqual([401, 'unauthenticated'])
    const twice = key.get(await begin(vera))
    const both = await Promise.all([finish(vera, twice), finish(vera, twice)])
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 401])
    const [old, young] = [await begin(vera), await begin(vera)]
    later(4)
    expect((await finish(vera, key.get(young))).status).toBe(201)
    later(2)
    expect(problem(await finish(vera, key.get(old)))).toEqual([401, 'unauthenticated'])
  })

  it('answers only who was asked: this browser, this session, this purpose', async () => {
    const { ask, key } = await withPasskey()
    const [vera, mallory] = [browser(), browser()]
    await begin(mallory)
    expect(problem(await finish(mallory, key.get(await begin(vera))))).toEqual([401, 'unauthenticated'])
    const other = await somebody('Other', 'second')
    const asked = (await optionsFor(other)).json
    expect(problem(await add({ ask } as Browser, authenticator().create(asked)))).toEqual([422, 'validation-failed'])
    expect(problem(await finish(vera, key.get(asked)))).toEqual([401, 'unauthenticated'])
    expect((await add(other, authenticator().create(asked))).status).toBe(201)
  })

  it('is one person’s: nobody else sees, names, removes or becomes it', async () => {
    const { ask, key, personId, passkeyId } = await withPasskey()
    const other = await withPasskey('Other', 'second')
    expect(problem(await signIn(key, { userHandle: Buffer.from(other.personId).toString('base64url') }))).toEqual([401, 'unauthenticated'])
    for (const [method, json] of [['PATCH', { name: 'Mine' }], ['DELETE', undefined]] as const) {
      const [theirs, unknown] = [await other.ask(method, `/v1/passkeys/${passkeyId}`, { json }), await other.ask(method, '/v1/passkeys/unknown', { json })]
      expect([theirs.status, theirs.text]).toEqual([404, unknown.text])
    }
    expect(problem(await add(other, key.create((await optionsFor(other)).json)))).toEqual([409, 'already-exists'])
    expect((await ask('GET', '/v1/passkeys')).json.passkeys).toMatchObject([{ id: passkeyId, name: 'Telephone' }])
    key.create({ user: { id: Buffer.from(personId).toString('base64url') }, challenge: '' })
    expect((await signIn(key)).json.person).toBe(personId)
  })

  it('with another’s signature is none', async () => {
    const { key } = await withPasskey()
    const vera = browser()
    const [right, forged] = [key.get(await begin(vera)), authenticator().get(await begin(vera))]
    expect(problem(await finish(vera, { ...right, signature: forged.signature }))).toEqual([401, 'unauthenticated'])
  })

  it('whose counter does not go up is refused as a copy, and the audit tells', async () => {
    const { key } = await withPasskey()
    expect((await signIn(key, { counter: 5 })).status).toBe(201)
    for (const counter of [5, 4, 0]) expect(problem(await signIn(key, { counter }))).toEqual([401, 'unauthenticated'])
    expect((await signIn(key, { counter: 6 })).status).toBe(201)
    expect(actions().filter((action) => action === 'passkey.counter-went-back')).toHaveLength(3)
  })
})

describe('how somebody signs in', () => {
  it('is changed after a sign-in of the last ten minutes, or with the password', async () => {
    const person = await somebody()
    later(11)
    expect(problem(await optionsFor(person))).toEqual([401, 'unauthenticated'])
    expect(problem(await optionsFor(person, { password: 'wrong wrong wrong' }))).toEqual([401, 'unauthenticated'])
    const { json } = await optionsFor(person, { password })
    const { id } = (await add(person, authenticator().create(json))).json
    expect(problem(await person.ask('DELETE', `/v1/passkeys/${id}`))).toEqual([401, 'unauthenticated'])
  })

  it('is changed, once there is a second factor, by a session that showed it', async () => {
    const { email, key, passkeyId } = await withPasskey()
    const byPassword = browser()
    await byPassword.ask('POST', '/v1/session', { json: { email, password } })
    for (const refused of [await optionsFor(byPassword, { password }), await byPassword.ask('DELETE', `/v1/passkeys/${passkeyId}`)]) {
      expect([problem(refused), refused.json.secondFactor]).toEqual([[403, 'forbidden'], true])
    }
    const byPasskey = browser()
    await signIn(key, {}, byPasskey)
    expect((await add(byPasskey, authenticator().create((await optionsFor(byPasskey)).json), 'Second')).status).toBe(201)
    expect((await byPasskey.ask('DELETE', `/v1/passkeys/${passkeyId}`)).status).toBe(200)
  })

  it('answers to no other site, and to nobody who is not signed in', async () => {
    const person = await somebody()
    const foreign = { origin: 'https://evil.example' }
    for (const [method, path] of [['POST', '/v1/passkeys/options'], ['POST', '/v1/passkeys'], ['PATCH', '/v1/passkeys/x'], ['DELETE', '/v1/passkeys/x'], ['POST', '/v1/session/passkey/options'], ['POST', '/v1/session/passkey']] as const) {
      expect([path, (await person.ask(method, path, { json: {}, headers: foreign })).status]).toEqual([path, 403])
      if (!path.startsWith('/v1/session')) expect([path, (await browser().ask(method, path, { json: {} })).status]).toEqual([path, 401])
    }
  })
})
