import assert from 'node:assert/strict'
import { decodeProtectedHeader } from 'jose'
import { expectProblem, expectStatus } from './expect.ts'
import { requestToken } from './issuer.ts'
import { scenario } from './scenario.ts'
import { until } from './until.ts'

/** One after another, when nobody else works: a withdrawn key takes every token with it. */
export default [
  scenario('the key of access tokens changes without a refused request, and takes its tokens along when it leaks', async (world) => {
    const issuer = await world.issuer()
    const command = async (...args: string[]): Promise<any> => {
      const { status, stdout, stderr } = await world.installation.cli('token-keys', ...args, '--json')
      assert.equal(status, 0, stderr)
      return JSON.parse(stdout)
    }
    const kidOf = (token: string): string => decodeProtectedHeader(token).kid!
    const fresh = async (): Promise<string> => expectStatus(await requestToken(world.ask, issuer), 200).json.access_token
    const use = (token: string) => Promise.all(['/v1/credentials', '/v1/organization', '/v1/messages'].map((path) => world.ask('GET', path, { token })))

    const old = kidOf(issuer.token)
    const next = await command('rotate')
    assert.equal(next.state, 'waiting')
    const { keys } = (await world.ask('GET', '/oauth/jwks.json')).json
    assert.deepEqual([old, next.kid].filter((kid) => !keys.some((key: any) => key.kid === kid)), [])
    const token = await until('the new key to sign', async () => {
      const one = await fresh()
      for (const answer of [...(await use(one)), ...(await use(issuer.token))]) expectStatus(answer, 200)
      return kidOf(one) === next.kid && one
    })

    await command('withdraw', old)
    await until('tokens of the withdrawn key to be refused', async () => (await use(issuer.token)).every(({ status }) => status === 401))
    expectProblem(await world.ask('GET', '/v1/organization', { token: issuer.token }), 401, 'token-refused')
    for (const answer of [...(await use(token)), ...(await use(await fresh()))]) expectStatus(answer, 200)
    const states = Object.fromEntries((await command('list')).keys.map(({ kid, state }: any) => [kid, state]))
    assert.deepEqual([states[old], states[next.kid]], ['withdrawn', 'signing'])
  }, ['identity']),
]
