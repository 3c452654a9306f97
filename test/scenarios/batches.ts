import { expectStatus } from './expect.ts'
import type { Issuer } from './issuer.ts'
import { until } from './until.ts'

/** Sends a file; CSV unless told. */
export const sendFile = async (
  issuer: Issuer,
  body: string | Uint8Array,
  { query = '', type = 'text/csv' }: { query?: string; type?: string } = {},
): Promise<{ id: string }> =>
  expectStatus(await issuer.ask('POST', `/v1/batches${query}`, { body, headers: { 'content-type': type } }), 202).json

export const batchOf = async (issuer: Issuer, id: string): Promise<any> =>
  expectStatus(await issuer.ask('GET', `/v1/batches/${id}`), 200).json

/** The batch, once its file was read and every credential of it is through. */
export const finishedBatch = (issuer: Issuer, id: string): Promise<any> =>
  until(`batch ${id} to finish`, async () => {
    const batch = await batchOf(issuer, id)
    return ['finished', 'failed', 'cancelled'].includes(batch.state) && batch
  })

export const batchCounts = ({ state, rows, created, existing, refused }: any) => ({ state, rows, created, existing, refused })
