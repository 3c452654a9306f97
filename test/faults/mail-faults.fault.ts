import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { expectStatus } from '../scenarios/expect.ts'
import { until } from '../scenarios/until.ts'
import { startSmtp, type Misbehaviour, type ReceivedMessage, type Smtp } from '../servers/smtp.ts'
import type { Fault } from './fault.ts'
import { openSite, untilQuiet } from './site.ts'
import { expectOneMailEach } from './soundness.ts'

/** The mail that went to an address. */
export const mailTo = async (smtp: Smtp, email: string): Promise<ReceivedMessage | undefined> =>
  (await smtp.messages()).find(({ recipients }) => recipients.includes(email))

const refusals: Fault = {
  name: '421 pauses mailing, 450 is tried again, 550 fails visibly; everybody else gets their mail, and those too once it is up',
  async run({ say }) {
    let mood: 'busy' | 'well' = 'busy'
    let attempts = 0
    const put = new Map<string, number>()
    const fail = ({ stage, to }: { stage: string; to: string }): Misbehaviour => {
      if (stage !== 'recipient') return undefined
      attempts++
      if (mood === 'busy') return 421
      if (to.startsWith('nobody')) return 550
      if (!to.startsWith('later')) return undefined
      put.set(to, (put.get(to) ?? 0) + 1)
      return (put.get(to) as number) < 3 ? 450 : undefined
    }
    const site = await openSite({ fail })
    const { issuer, smtp } = site
    try {
      const people = ['nobody', 'later', ...Array.from({ length: 20 }, (_, at) => `person${at}`)].map((who) => issuer.email(who))
      const accepted = await Promise.all(people.map((email) => issuer.accept({ email })))
      await Promise.all(accepted.map(({ id }) => issuer.issued(id)))
      await until('mailing to have begun', async () => attempts > 0)
      await delay(1_500)
      const before = attempts
      await delay(2_000)
      const probes = attempts - before
      say(`${attempts} attempts while the server answered 421, ${probes} of them in the last two seconds`)
      assert.ok(probes >= 1, 'It gave up asking.')
      assert.ok(probes <= 5, `${probes} attempts in two seconds are no pause.`)
      assert.equal(smtp.count, 0)

      mood = 'well'
      const [nobody, ...others] = people as [string, ...string[]]
      await until('all others to have their mail', async () => new Set(smtp.messageIds()).size >= others.length)
      await untilQuiet(site)
      await expectOneMailEach(smtp, others)
      const failed = expectStatus(await issuer.ask('GET', '/v1/messages?state=failed'), 200).json.messages as any[]
      assert.deepEqual(failed.map(({ credentialId, reason }) => [credentialId, reason]), [[accepted[0]!.id, 'refused with 550']])
      const sent = expectStatus(await issuer.ask('GET', '/v1/messages?state=sent&limit=100'), 200).json.messages as any[]
      assert.equal(sent.length, others.length)
      assert.equal(await mailTo(smtp, nobody), undefined)
    } finally {
      await site.stop()
    }
  },
}

const serverAway: Fault = {
  name: 'a mail server that is away and comes back: nothing is lost, nothing counted as failed, nobody is written to twice',
  async run() {
    const site = await openSite()
    const { issuer, smtp, installation } = site
    const port = Number(new URL(smtp.url).port)
    await smtp.stop()
    let back: Smtp | undefined
    try {
      const people = Array.from({ length: 20 }, (_, at) => issuer.email(`person${at}`))
      const accepted = await Promise.all(people.map((email) => issuer.accept({ email })))
      await Promise.all(accepted.map(({ id }) => issuer.issued(id)))
      await delay(1_000)
      // Also over a restart in the meantime.
      await installation.kill()
      await installation.start()
      await delay(1_000)
      const pending = expectStatus(await issuer.ask('GET', '/v1/messages?state=pending&limit=100'), 200).json.messages as unknown[]
      assert.equal(pending.length, people.length)
      // It accepts the first few and hangs up before it says so: they come again, under the same Message-ID.
      let hangUps = 3
      back = await startSmtp({ port, fail: ({ stage }) => (stage === 'data' && hangUps-- > 0 ? 'close' : undefined) })
      const { messageIds } = back
      await until('everybody to have their mail', async () => new Set(messageIds()).size === people.length)
      await untilQuiet(site)
      const { repeated } = await expectOneMailEach(back, people)
      assert.equal(repeated, 3)
      const sent = expectStatus(await issuer.ask('GET', '/v1/messages?state=sent&limit=100'), 200).json.messages as unknown[]
      assert.equal(sent.length, people.length)
    } finally {
      await back?.stop()
      await site.stop()
    }
  },
}

export default [refusals, serverAway]
