import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { simpleParser } from 'mailparser'
import { afterEach, describe, expect, it } from 'vitest'
import { composeContainers, kubernetesContainers } from '../../deploy/manifests.ts'
import { startContainers, type Started } from '../../deploy/started.ts'
import { createAccount } from '../../installation.ts'
import { until } from '../../scenarios/until.ts'
import { startS3 } from '../../servers/s3.ts'
import { startSmtp } from '../../servers/smtp.ts'

const people = readFileSync(resolve(import.meta.dirname, '../../data/recipients-1000.csv'), 'utf8').split('\n').slice(0, 21).join('\n')
const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

/** Twenty people of a file, each issued, public, verified and told. `mailed` answers the text of every mail so far. */
async function issuesTwenty(started: Started, mailed: () => Promise<string[]>): Promise<void> {
  const account = await createAccount(started, 'riverside', 'Riverside College')
  const accepted = await account.fetch('/v1/batches', { method: 'POST', headers: { 'content-type': 'text/csv' }, body: people })
  expect(accepted.status).toBe(202)
  const { id } = await accepted.json() as { id: string }
  const batch = await until('the batch to finish', async () => {
    const view = await account.get<{ state: string }>(`/v1/batches/${id}`)
    return view.state === 'finished' && view
  })
  expect(batch).toMatchObject({ created: 20, refused: 0, progress: { issued: 20 } })
  const mails = await until('20 mails', async () => {
    const texts = await mailed()
    return texts.length >= 20 && texts
  })
  const pages = new Set(mails.map((text) => /\/v\/[\w-]+/.exec(text)?.[0] ?? ''))
  expect([mails.length, pages.size]).toEqual([20, 20])
  for (const page of pages) {
    // Mail and page follow the same event, each at its own pace.
    const credential = await until<unknown>(`${page} to be public`, async () => {
      const answer = await started.fetch(`${page}/credential.json`)
      return answer.status === 200 && answer.json()
    })
    const verified = await started.fetch('/v1/verify', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ credential }),
    })
    expect(await verified.json()).toMatchObject({ verified: true })
    expect((await started.fetch(`${page}/certificate.pdf`)).status).toBe(200)
  }
}

const mailsIn = (folder: string) => async () =>
  Promise.all(readdirSync(folder).filter((name) => name.endsWith('.eml')).map(async (name) => (await simpleParser(readFileSync(`${folder}/${name}`))).text ?? ''))

const allInOrder = (statuses: Record<string, number>) => expect(Object.values(statuses).every((status) => status === 0), JSON.stringify(statuses)).toBe(true)

describe('what the manifests say, run as processes, issues and verifies', () => {
  it('compose.yaml, profile one', async () => {
    const started = await startContainers(composeContainers('one'))
    stops.push(() => started.remove())
    await issuesTwenty(started, mailsIn(started.folderOf('vellum', '/mail')))
    allInOrder(await started.stop())
  }, 240_000)

  it('compose.yaml, profile split: gateway, four modules, Postgres and Redis as they are configured there', async () => {
    const started = await startContainers(composeContainers('split'))
    stops.push(() => started.remove())
    await issuesTwenty(started, mailsIn(started.folderOf('notification', '/mail')))
    allInOrder(await started.stop())
  }, 240_000)

  it('kubernetes, with a bucket and a mail server', async () => {
    const [s3, smtp] = [await startS3(), await startSmtp()]
    stops.push(() => s3.stop(), () => smtp.stop())
    const stores = composeContainers('split').filter(({ name }) => ['postgres', 'redis'].includes(name))
    const started = await startContainers([...stores, ...kubernetesContainers()], { s3_url: s3.url, smtp_url: smtp.url })
    stops.push(() => started.remove())
    await issuesTwenty(started, async () => (await smtp.messages()).map(({ text }) => text))
    expect(readdirSync(`${s3.directory}/vellum`)).toContain('issuance')
    expect(readdirSync(started.folderOf('issuance', '/data'))).not.toContain('blobs')
    allInOrder(await started.stop())
  }, 240_000)
})
