import { afterAll, beforeAll, expect, it } from 'vitest'
import { createInstallation, type Installation } from '../installation.ts'

let installation: Installation
let client: { client_id: string; client_secret: string }

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const token = (secret = client.client_secret) =>
  installation.fetch('/oauth/token', {
    method: 'POST', headers: form,
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: client.client_id, client_secret: secret }).toString(),
  })
const inTurn = async <T>(times: number, ask: () => Promise<T>): Promise<T[]> => {
  const all = []
  for (let time = 0; time < times; time++) all.push(await ask())
  return all
}

beforeAll(async () => {
  installation = await createInstallation({ environment: { LOG_LEVEL: 'error', RATE_LIMIT_FAILURES: '8', RATE_LIMIT_VERIFICATION: '3' } })
  await installation.start()
  await installation.cli('organization', 'create', 'acme', '--name', 'Acme')
  client = JSON.parse((await installation.cli('client', 'create', '--organization', 'acme', '--json')).stdout)
}, 60_000)
afterAll(() => installation?.remove())

it('who asks for credentials to be verified without a token is told when to come again', async () => {
  const verify = () => installation.fetch('/v1/verify', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"credential":{}}' })
  const answers = await inTurn(5, verify)
  expect(answers.map(({ status }) => status === 429)).toEqual([false, false, false, true, true])
  expect(answers[0]!.headers.get('ratelimit-policy')).toBe('"address";q=12000;w=60, "verification";q=3;w=60')
  expect(Number(answers[4]!.headers.get('retry-after'))).toBeGreaterThan(40)
  expect(await answers[4]!.json()).toMatchObject({ type: 'urn:vellum:problem:rate-limited' })
})

it('who guesses a client’s secret or a key is refused before anything is compared, and tokens go on', async () => {
  const { access_token: good } = await (await token()).json() as { access_token: string }
  const use = (bearer: string) => installation.fetch('/v1/organization', { headers: { authorization: `Bearer ${bearer}` } })
  expect((await inTurn(4, () => token('guess'))).map(({ status }) => status)).toEqual([401, 401, 401, 401])
  expect((await inTurn(4, () => use('vellum_guess'))).map(({ status }) => status)).toEqual([401, 401, 401, 401])
  const blocked = await token()
  expect([blocked.status, blocked.headers.get('content-type'), blocked.headers.get('ratelimit-policy')]).toEqual([429, 'application/problem+json', '"failures";q=8;w=60'])
  expect((await use('vellum_guess')).status).toBe(429)
  expect((await use(good)).status).toBe(200)
})
