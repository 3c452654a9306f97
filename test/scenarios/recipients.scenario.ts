import assert from 'node:assert/strict'
import { readZip } from '../issuance/read-zip.ts'
import type { Answer } from './ask.ts'
import { expectProblem, expectStatus } from './expect.ts'
import type { Issuer } from './issuer.ts'
import { mailsTo } from './mails.ts'
import { everyBoundary, scenario, type World } from './scenario.ts'
import { until } from './until.ts'

/** Requests as a browser without scripts sends them: forms with an Origin, one cookie. */
function browser({ ask, installation }: World) {
  let cookie: string | undefined
  const headers = () => ({ accept: 'text/html', ...(cookie && { cookie }) })
  const keep = (answer: Answer): Answer => {
    for (const line of answer.headers.getSetCookie()) {
      assert.match(line, /^(__Host-)?vellum\.recipient=.*; Path=\/; HttpOnly;( Secure;)? SameSite=Strict$/)
      assert.equal(/^__Host-.*; Secure/.test(line), installation.publicUrl.startsWith('https:'))
      cookie = line.split(';')[0]
    }
    return answer
  }
  return {
    get: async (path: string) => keep(await ask('GET', path, { headers: headers() })),
    post: async (path: string, form: Record<string, string> = {}, origin = installation.publicUrl) =>
      keep(await ask('POST', path, { form, headers: { ...headers(), origin } })),
    cookie: () => cookie,
    take: (other: string | undefined) => (cookie = other),
  }
}
type Browser = ReturnType<typeof browser>

const isLink = /\/recipient\/[\w-]+\/link\/[\w-]{43}/

/** The addresses of the links that were mailed to somebody, oldest first. */
async function links({ installation }: World, email: string): Promise<string[]> {
  const mails = (await mailsTo(installation.mailDir, email)).filter(({ text }) => isLink.test(text ?? ''))
  return mails.sort((a, b) => Number(a.date) - Number(b.date)).map(({ text }) => isLink.exec(text!)![0])
}

const askFor = (browse: Browser, issuer: Issuer, form: Record<string, string>) => browse.post(`/recipient/${issuer.slug}/link?lang=en`, form)

/** Somebody asks by their address, follows the mailed link and is in. */
async function letIn(world: World, issuer: Issuer, email: string): Promise<Browser> {
  const browse = browser(world)
  const before = new Set(await links(world, email))
  expectStatus(await askFor(browse, issuer, { email }), 200)
  const link = await until('the link is mailed', async () => (await links(world, email)).find((one) => !before.has(one)))
  const opened = expectStatus(await browse.post(link), 303)
  assert.equal(opened.headers.get('location')?.split('?')[0], `/recipient/${issuer.slug}`)
  return browse
}

export default [
  scenario('a mailed link shows a recipient all that an organization issued to them, and nobody else', async (world) => {
    const { ask } = world
    const issuer = await world.issuer()
    expectStatus(await issuer.ask('PUT', '/v1/templates/licence', { json: { design: 'badge-modern', description: 'd', criteria: 'c', achievementType: 'Badge', suspendable: true } }), 200)
    const email = issuer.email('ada')
    const engines = await issuer.issue({ email, achievement: 'Engines' })
    const looms = await issuer.issue({ email, achievement: 'Looms', more: { occurrence: 'second' } })
    const licence = await issuer.issue({ email, achievement: 'Licence', more: { template: 'licence' } })
    const grace = await issuer.issue({ name: 'Grace Hopper', email: issuer.email('grace'), achievement: 'Compilers' })
    await issuer.published(engines.publicUrl)
    expectStatus(await issuer.ask('POST', `/v1/credentials/${looms.id}/revoke`, { json: {} }), 200)
    expectStatus(await issuer.ask('POST', `/v1/credentials/${licence.id}/suspend`, { json: {} }), 200)

    // The form stands on the page of the credential; nobody types an address.
    const page = expectStatus(await ask('GET', `${engines.publicUrl}?lang=en`, { headers: { accept: 'text/html' } }), 200).text
    const [, action = ''] = new RegExp(`action="(/recipient/${issuer.slug}/link[^"]*)"`).exec(page) ?? []
    const [, credential = ''] = /name="credential" value="([^"]+)"/.exec(page) ?? []
    const browse = browser(world)
    const sent = expectStatus(await browse.post(action, { credential }), 200)
    assert.ok(!sent.text.includes(email))
    const link = await until('the link is mailed', async () => (await links(world, email))[0])

    // Looking at it uses nothing up; another site cannot press the button; a changed one and another organization's are good for nothing.
    for (let look = 0; look < 3; look++) assert.ok(expectStatus(await browse.get(link), 200).text.includes('<button>'))
    expectStatus(await browse.post(link, {}, 'https://elsewhere.example'), 403)
    const changed = link.slice(0, -1) + (link.endsWith('A') ? 'B' : 'A')
    const stranger = await world.issuer()
    for (const bad of [changed, link.replace(issuer.slug, stranger.slug)]) {
      expectStatus(await browse.get(bad), 410)
      expectStatus(await browse.post(bad), 410)
    }
    assert.equal(browse.cookie(), undefined)
    expectStatus(await browse.post(link), 303)
    const used = browser(world)
    expectStatus(await used.post(link), 410)
    expectStatus(await used.get(link), 410)

    const home = expectStatus(await browse.get(`/recipient/${issuer.slug}?lang=en`), 200)
    assert.equal(home.headers.get('cache-control'), 'no-store')
    for (const told of ['Engines', 'Looms', 'Licence', 'Valid', 'Revoked', 'Suspended', 'Ada Lovelace', email]) assert.ok(home.text.includes(told), told)
    for (const other of ['Grace', 'Compilers', grace.publicUrl]) assert.ok(!home.text.includes(other), other)
    const files = [...home.text.matchAll(/href="(\/v\/[^"]+)"/g)].map(([, path]) => path!)
    assert.equal(files.filter((path) => path.startsWith(new URL(engines.publicUrl).pathname)).length, 4)
    for (const path of files.filter((one) => !one.endsWith('badge.png') || one.includes(new URL(engines.publicUrl).pathname))) expectStatus(await ask('GET', path), 200)

    // At another organization the same browser is nobody; so is a cookie that nobody was given.
    const elsewhere = expectStatus(await browse.get(`/recipient/${stranger.slug}?lang=en`), 401)
    assert.ok(!elsewhere.text.includes('Engines'))
    const forger = browser(world)
    forger.take(`${browse.cookie()!.split('=')[0]}=${'A'.repeat(43)}`)
    assert.ok(!expectStatus(await forger.get(`/recipient/${issuer.slug}`), 401).text.includes('Engines'))
    expectProblem(await ask('GET', '/v1/exports/mine', { headers: { cookie: forger.cookie()! } }), 401, 'unauthenticated')
    expectProblem(await ask('GET', '/v1/exports/mine'), 401, 'unauthenticated')
    expectStatus(await ask('GET', '/recipient/nobody-here', { headers: { accept: 'text/html' } }), 404)

    // Everything that is held, and nothing of anybody else.
    const taken = expectStatus(await browse.get('/v1/exports/mine'), 200)
    const zip = new Map((await readZip(taken.bytes)).map(({ name, content }) => [name, content.toString('latin1')]))
    for (const { id } of [engines, looms, licence]) assert.ok(zip.has(`issuance/credentials/${id}.json`))
    for (const name of ['issuance/recipient-sessions-0001.ndjson', 'notification/recipient-mails-0001.ndjson']) assert.ok(zip.has(name), name)
    assert.ok([...zip].some(([name, text]) => name.startsWith('issuance/audit') && text.includes('recipient.came-in')))
    const token = browse.cookie()!.split('=')[1]!
    for (const [name, text] of zip) for (const other of ['Grace', grace.id, token]) assert.ok(!text.includes(other), `${other} in ${name}`)
    expectStatus(await ask('GET', '/v1/exports/mine', { token: issuer.token }), 401)
    const { entries } = expectStatus(await issuer.ask('GET', '/v1/audit?action=recipient.exported'), 200).json
    assert.equal(entries[0].actor, `recipient:${engines.recipient!.id}`)

    const kept = browse.cookie()
    expectStatus(await browse.post(`/recipient/${issuer.slug}/leave`, {}, 'https://elsewhere.example'), 403)
    expectStatus(await browse.get(`/recipient/${issuer.slug}`), 200)
    expectStatus(await browse.post(`/recipient/${issuer.slug}/leave`), 200)
    browse.take(kept)
    expectStatus(await browse.get(`/recipient/${issuer.slug}`), 401)
  }, everyBoundary),

  scenario('whoever asks for a link learns nothing of who is a recipient, and an address gets no more than three in an hour', async (world) => {
    const issuer = await world.issuer()
    const email = issuer.email('ada')
    await issuer.issue({ email })
    const browse = browser(world)
    const answers: Answer[] = []
    const forms: Record<string, string>[] = [{ email }, { email: issuer.email('nobody') }, { email: 'no address' }, { credential: 'nothing' }, {}, { email: email.toUpperCase() }]
    for (const form of [...forms, { email }, { email }, { email }]) answers.push(expectStatus(await askFor(browse, issuer, form), 200))
    const told = answers.map(({ text }) => text.replaceAll(/nonce="[^"]+"/g, ''))
    for (const text of told) assert.equal(text, told[0])
    // Where the other language is found, nothing is lost.
    assert.equal(expectStatus(await browse.get(`/recipient/${issuer.slug}/link?lang=ar`), 303).headers.get('location'), `/recipient/${issuer.slug}?lang=ar`)
    for (const lang of ['en', 'ar']) {
      const text = expectStatus(await browse.get(`/recipient/${issuer.slug}?lang=${lang}`), 200).text
      assert.ok(text.includes(`lang="${lang}" dir="${lang === 'ar' ? 'rtl' : 'ltr'}"`) && text.includes('name="email"'))
    }
    expectStatus(await browse.post(`/recipient/${issuer.slug}/link`, { email }, 'https://elsewhere.example'), 403)
    // The link of somebody who asks last comes last.
    await letIn(world, issuer, (await issuer.issue({ name: 'Grace', email: issuer.email('grace') })).order.email)
    const mailed = await links(world, email)
    assert.equal(mailed.length, 3)
    const printed = world.installation.output()
    for (const secret of [email, ...mailed.map((link) => link.split('/').at(-1)!)]) assert.ok(!printed.includes(secret), 'What is printed tells who asked, or opens the link.')
  }, everyBoundary),

  scenario('a recipient asks to be erased; the organization refuses with a reason, or erases', async (world) => {
    const { ask } = world
    const issuer = await world.issuer()
    const email = issuer.email('ada')
    const ada = await issuer.issue({ email })
    const grace = await issuer.issue({ name: 'Grace Hopper', email: issuer.email('grace') })
    const stranger = await world.issuer()
    const home = `/recipient/${issuer.slug}`
    const list = async (query = '') => expectStatus(await issuer.ask('GET', `/v1/erasure-requests${query}`), 200).json
    const browse = await letIn(world, issuer, email)
    expectStatus(await browse.get(`${home}/erasure`), 200)
    expectStatus(await browse.post(`${home}/erasure`, {}, 'https://elsewhere.example'), 403)
    assert.deepEqual(await list(), { requests: [], next: null })

    // Asked twice it is one; taken back it is closed; asked again it is another.
    for (let times = 0; times < 2; times++) expectStatus(await browse.post(`${home}/erasure`), 303)
    const [first] = (await list()).requests
    assert.deepEqual([first.state, first.recipient], ['open', { id: ada.recipient!.id, name: 'Ada Lovelace', email }])
    assert.equal((await list()).requests.length, 1)
    expectStatus(await browse.post(`${home}/erasure/take-back`), 303)
    const post = (id: string, what: string, json?: object, who = issuer) => who.ask('POST', `/v1/erasure-requests/${id}/${what}`, { ...(json && { json }) })
    expectProblem(await post(first.id, 'grant'), 409, 'state-refused')
    expectProblem(await post(first.id, 'refuse', { reason: 'No.' }), 409, 'state-refused')
    expectStatus(await ask('GET', `/v1/credentials/${ada.id}`, { token: issuer.token }), 200)

    expectStatus(await browse.post(`${home}/erasure`), 303)
    const [second] = (await list('?state=open')).requests
    assert.notEqual(second.id, first.id)
    assert.deepEqual((await list('?limit=1')).requests.map(({ id }: any) => id), [second.id])
    assert.deepEqual((await list(`?limit=1&after=${second.id}`)).requests.map(({ id }: any) => id), [first.id])
    const reason = 'The register of examinations is kept for ten years by law: <b>§ 12</b>.'
    for (const [what, json] of [['grant', undefined], ['refuse', { reason }]] as const) expectProblem(await post(second.id, what, json, stranger), 404, 'not-found')
    assert.deepEqual(expectStatus(await stranger.ask('GET', '/v1/erasure-requests'), 200).json.requests, [])
    for (let times = 0; times < 2; times++) assert.equal(expectStatus(await post(second.id, 'refuse', { reason }), 200).json.reason, reason)
    expectProblem(await post(second.id, 'refuse', { reason: 'Another.' }), 409, 'state-refused')
    const refusals = async () => (await mailsTo(world.installation.mailDir, email)).filter(({ text }) => text?.includes('kept for ten years'))
    await until('the refusal is mailed', async () => (await refusals()).length > 0)
    assert.ok((await browse.get(home)).text.includes('kept for ten years'))

    // Carried out: the key goes, and with it what opened the door.
    expectStatus(await browse.post(`${home}/erasure`), 303)
    const [third] = (await list('?state=open')).requests
    await askFor(browser(world), issuer, { email })
    const unused = await until('another link', async () => (await links(world, email))[1])
    assert.equal((await refusals()).length, 1)
    for (let times = 0; times < 2; times++) {
      const granted = await post(third.id, 'grant')
      assert.ok(granted.status === 202 || granted.status === 404, granted.text)
    }
    await until('the erasure is complete', async () => (await issuer.ask('GET', `/v1/recipients/${ada.recipient!.id}/erasure`)).json?.complete)
    assert.ok(expectStatus(await browse.get(home), 410).text.includes('erased'))
    expectProblem(await ask('GET', '/v1/exports/mine', { headers: { cookie: browse.cookie()! } }), 410, 'gone')
    expectStatus(await browse.post(unused), 410)
    assert.deepEqual(await list(), { requests: [], next: null })
    assert.deepEqual(await mailsTo(world.installation.mailDir, email), [])
    const { entries } = expectStatus(await issuer.ask('GET', `/v1/audit?target=${ada.recipient!.id}`), 200).json
    const did = entries.map(({ action }: any) => action)
    for (const action of ['recipient.erasure-requested', 'recipient.erasure-withdrawn', 'recipient.erasure-refused', 'recipient.erasure-granted', 'recipient.erased']) assert.ok(did.includes(action), action)
    assert.equal(entries.find(({ action }: any) => action === 'recipient.erased').actor, `client:${issuer.clientId}`)
    // Who was erased is a stranger; nobody else lost anything.
    const again = browser(world)
    expectStatus(await askFor(again, issuer, { email }), 200)
    const other = await letIn(world, issuer, grace.order.email)
    assert.ok(expectStatus(await other.get(home), 200).text.includes('Grace Hopper'))
    assert.deepEqual(await links(world, email), [])
  }, everyBoundary),
]
