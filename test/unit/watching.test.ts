import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Found } from '#platform/cli/doctor-command.ts'
import type { Timeline } from '#platform/cli/trace-command.ts'
import type { Advice } from '#platform/telemetry/advise-rules.ts'
import { type Account, createAccount, createInstallation, type Installation } from '../installation.ts'
import { startAnvil, type Anvil } from '../servers/anvil.ts'

/** What an operator sees of a running installation: one credential, issued, mailed and anchored. */
describe('an installation that is watched', () => {
  const canary = 'Zebulon'
  let anvil: Anvil
  let installation: Installation
  let account: Account
  let credentialId: string

  beforeAll(async () => {
    anvil = await startAnvil()
    installation = await createInstallation({
      environment: {
        EVM_RPC_URL: anvil.url, ANCHOR_PRIVATE_KEY: anvil.accounts[0]!.privateKey, ANCHOR_INTERVAL_MS: '100', ANCHOR_POLL_MS: '50',
        CHECKPOINT_INTERVAL_MS: '50', LOAD_WINDOW_MS: '3600000', RENDER_WORKERS: '1',
      },
    })
    await installation.start()
    account = await createAccount(installation, 'watched', 'Watched')
    const traceparent = `00-${'c0ffee01'.repeat(4)}-00f067aa0ba902b7-01`
    const accepted = await account.fetch('/v1/credentials', {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent },
      body: JSON.stringify({ recipient: { name: `${canary} Quux`, email: `${canary}@example.org` }, achievement: { name: 'Watching' } }),
    })
    credentialId = ((await accepted.json()) as { id: string }).id
    await vi.waitFor(
      async () => expect((await trace()).entries.map(({ what }) => what)).toEqual(
        expect.arrayContaining(['anchored', 'message sent', 'credential.anchored'])),
      { timeout: 60_000, interval: 500 })
  }, 120_000)

  afterAll(async () => {
    await installation?.remove()
    await anvil?.stop()
  })

  const json = async <T>(...args: string[]): Promise<T> => {
    const { stdout, stderr } = await installation.cli(...args, '--json')
    if (stdout === '') throw new Error(stderr)
    return JSON.parse(stdout) as T
  }
  const trace = () => json<Timeline>('trace', credentialId)
  const metrics = async () => (await installation.fetch(`${installation.internalUrl}/metrics`)).text()
  const valueOf = (text: string, series: string) => Number(text.split('\n').find((line) => line.startsWith(`${series} `))?.split(' ').at(-1))

  it('prints the life of a credential over all modules in the order of time, and names nobody', async () => {
    const timeline = await trace()
    const seen = timeline.entries.map(({ module, source, what }) => `${module} ${source} ${what}`)
    const inOrder = [
      'issuance fact accepted', 'issuance step issue-credential', 'issuance event credential.issued', 'verification fact leaf arrived',
      'verification fact in a signed checkpoint', 'verification fact anchored', 'verification event credential.anchored',
    ]
    expect(seen.filter((one) => inOrder.includes(one))).toEqual(inOrder)
    expect(seen).toEqual(expect.arrayContaining([
      'issuance audit credential.accepted', 'notification fact message written', 'notification step send-email',
      'notification fact message sent', 'notification event notification.delivered',
    ]))
    const step = timeline.entries.find(({ what }) => what === 'send-email')!
    expect(step.details).toMatchObject({ state: 'done', attempts: 0, starts: 1 })
    const event = timeline.entries.find(({ what }) => what === 'credential.issued')!
    expect(event.details).toMatchObject({ sequence: 1, relayedAt: expect.stringMatching(/Z$/) })
    expect(timeline.positions).toContainEqual(
      expect.objectContaining({ module: 'notification', subscription: 'issuance/credential', position: 1 }))
    expect(timeline.traceIds).toContain('c0ffee01'.repeat(4))
    expect(JSON.stringify(timeline).toLowerCase()).not.toMatch(/zebulon|quux|watching|example\.org/)
    const { stdout } = await installation.cli('trace', credentialId)
    expect(stdout).toContain('notification  step send-email')
    expect(stdout).not.toContain(canary)
  }, 60_000)

  it('knows nothing of what is not there', async () => {
    const { status, stderr } = await installation.cli('trace', 'nothing')
    expect(status).toBe(1)
    expect(stderr).toContain('No module knows nothing')
  }, 60_000)

  it('tells what it measures on the internal listener alone, and names nobody', async () => {
    const text = await metrics()
    expect(valueOf(text, 'vellum_notification_deliveries_total{channel="email",outcome="delivered"}')).toBe(1)
    expect(valueOf(text, 'vellum_step_seconds_count{module="issuance",kind="issue-credential",outcome="done"}')).toBe(1)
    expect(valueOf(text, 'vellum_events_total{module="verification",event="credential.issued",outcome="applied"}')).toBe(1)
    expect(valueOf(text, 'vellum_verification_log_size')).toBe(1)
    expect(valueOf(text, 'vellum_verification_anchor_backlog')).toBe(0)
    expect(valueOf(text, 'vellum_request_seconds_count{method="POST",route="/v1/credentials",status="2xx"}')).toBe(1)
    expect(valueOf(text, 'vellum_call_seconds_count{side="server",module="issuance",operation="certificate",outcome="ok"}')).toBe(1)
    expect(valueOf(text, 'vellum_unread_measures')).toBe(0)
    for (const name of ['vellum_outbox_age_seconds', 'vellum_outbox_depth', 'vellum_step_lag_seconds', 'vellum_dead_steps', 'vellum_loop_delay_seconds', 'process_resident_memory_bytes'])
      expect(text).toContain(`\n${name}`)
    expect(text.toLowerCase()).not.toContain(canary.toLowerCase())
    expect(text).not.toContain(credentialId)
    expect((await installation.fetch('/metrics')).status).toBe(404)
  }, 60_000)

  it('says of every module that too little is measured yet', async () => {
    const advice = await json<Advice[]>('advise')
    expect(advice.map(({ module, verdict }) => [module, verdict]))
      .toEqual(['identity', 'issuance', 'verification', 'notification'].map((module) => [module, 'unknown']))
  }, 60_000)

  it('is examined: what works is said, and what is not meant for production', async () => {
    const { ok, checks } = await json<{ ok: boolean; checks: Found[] }>('doctor')
    expect(checks.filter(({ state }) => state === 'fail')).toEqual([])
    expect(ok).toBe(true)
    const of = (name: string) => checks.find(({ check }) => check === name)
    expect(of('process')).toMatchObject({ state: 'ok' })
    expect(of('work of issuance')).toMatchObject({ state: 'ok' })
    expect(of('database issuance')).toMatchObject({ state: 'ok' })
    expect(of('chain')).toMatchObject({ state: 'warn', say: expect.stringContaining('chain 31337') })
    expect(of('mail')).toMatchObject({ state: 'warn', say: expect.stringContaining('SMTP_URL') })
    expect(of('public address')).toMatchObject({ state: 'warn', say: expect.stringContaining('https') })
  }, 60_000)
})
