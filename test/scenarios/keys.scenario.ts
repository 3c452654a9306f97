import assert from 'node:assert/strict'
import { identity } from '#modules/identity/index.ts'
import { expectProblem, expectStatus } from './expect.ts'
import { everyBoundary, scenario } from './scenario.ts'
import { until } from './until.ts'

export default [
  scenario('an organization gets a new data key: nothing stops, and the old one is destroyed once nothing is under it', async (world) => {
    const { ask, client, installation } = world
    const issuer = await world.issuer()
    const stranger = await world.issuer()
    const contactEmail = issuer.email('office')
    expectStatus(await issuer.ask('PATCH', '/v1/organization', { json: { contactEmail } }), 200)
    const ada = await issuer.issue({ name: 'Ada Lovelace', email: issuer.email('ada'), key: 'the-first' })
    const vellum = async (...args: string[]) => {
      const { status, stdout, stderr } = await installation.cli('keys', ...args, '--json')
      return { status, stderr, json: stdout === '' ? undefined : JSON.parse(stdout) }
    }
    const { json: made } = await vellum('rotate', '--organization', issuer.slug)
    assert.equal(made.subjects, 1)
    // At once, by the contract: a command takes as long to start as modules may take to count.
    await assert.rejects(
      client(identity).retireDataKeys({ scope: { organizationId: issuer.organizationId } }), /not counted yet|left/)
    const mine = async () => (await client(identity).keyStatus({})).rotations.filter(({ rotation }) => rotation.startsWith(made.rotation))
    await until('every module to have sealed anew', async () => (await mine()).every(({ modules }) => modules.every(({ done }) => done)))
    // What counts the digests of an organization's people, and what it signs with.
    assert.equal((await issuer.accept({ name: 'Ada Lovelace', email: issuer.email('ada'), key: 'the-first' })).id, ada.id)
    const expectAll = async (template: string) => {
      const { credentials } = expectStatus(await issuer.ask('GET', '/v1/credentials?q=lovelace'), 200).json
      assert.ok(credentials.some(({ id }: { id: string }) => id === ada.id))
      assert.equal(expectStatus(await issuer.ask('GET', '/v1/organization'), 200).json.contactEmail, contactEmail)
      const next = await issuer.issue({ name: 'Ada Lovelace', email: issuer.email('ada'), more: { template } })
      assert.equal(next.recipient!.id, ada.recipient!.id, 'The same address is somebody else.')
      for (const { publicUrl } of [ada, next]) {
        const { credential } = await issuer.published(publicUrl)
        assert.equal(expectStatus(await ask('POST', '/v1/verify', { json: { credential } }), 200).json.verified, true)
      }
    }
    await expectAll('badge-modern')
    const { json: retired } = await vellum('retire', '--organization', issuer.slug)
    assert.equal(retired.retired, 1)
    assert.deepEqual(await mine(), [])
    await expectAll('certificate-modern')
    const { keys } = await client(identity).dataKeys({ subjects: [issuer.organizationId, stranger.organizationId] })
    assert.deepEqual(keys.filter(({ subject }) => subject === issuer.organizationId).map(({ version }) => version).sort(), [0, 2])
    assert.deepEqual(keys.filter(({ subject }) => subject === stranger.organizationId).map(({ version }) => version), [1])
    const { stderr } = await vellum('rotate', '--organization', 'no-such-organization')
    assert.match(stderr, /no such organization/)
    expectProblem(await ask('GET', '/internal/identity/keyStatus'), 404, 'not-found')
  }, everyBoundary),
]
