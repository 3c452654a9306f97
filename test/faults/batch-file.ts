import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { expectStatus } from '../scenarios/expect.ts'
import type { Issuer } from '../scenarios/issuer.ts'

const upload = (issuer: Issuer, csv: string | Uint8Array, key: string) =>
  issuer.ask('POST', '/v1/batches', { body: csv, headers: { 'content-type': 'text/csv', 'idempotency-key': key } })

/** Sends the file until it is accepted, with the same key. */
export async function uploaded(issuer: Issuer, csv: string | Uint8Array, key: string): Promise<string> {
  for (;;) {
    const answer = await upload(issuer, csv, key).catch(() => undefined)
    if (answer && answer.status < 500 && answer.status !== 409) return expectStatus(answer, 202).json.id as string
    await delay(100)
  }
}

export interface FinishedBatch {
  readonly rows: number
  readonly created: number
  readonly existing: number
  readonly refused: number
}

/** Follows a batch to its end. Throws when it failed, or is not done in that time. */
export async function batchFinished(issuer: Issuer, id: string, withinMs = 90_000): Promise<FinishedBatch> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await delay(200)) {
    const { json } = expectStatus(await issuer.ask('GET', `/v1/batches/${id}`), 200)
    if (json.state === 'finished') return json as FinishedBatch
    assert.notEqual(json.state, 'failed')
  }
  throw new Error('The batch did not finish.')
}
