import * as vc from '@digitalbazaar/vc'
import { DataIntegrityProof } from '@digitalbazaar/data-integrity'
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { boot, type Running } from '#platform/boot.ts'
import { createClient } from '#platform/call/client.ts'
import { createServiceTokens } from '#platform/call/service-token.ts'
import type { Client, Contract } from '#platform/contract.ts'
import { MULTIKEY_V1, loadContext } from '#platform/credentials/contexts.ts'
import type { DidDocument } from '#platform/credentials/did.ts'
import type { JsonObject } from '#platform/credentials/json.ts'
import { createSafeFetch } from '#platform/outbound/safe-fetch.ts'
import { issuance } from '#modules/issuance/index.ts'
import { program } from '../../src/modules.ts'
import { statusBit, statusEntries, unpackList } from '../../src/modules/verification/verify/status-rules.ts'
import { createVerifier } from '../../src/modules/verification/verify/verify.ts'
import { createAsk } from '../../test/scenarios/ask.ts'
import { createIssuer } from '../../test/scenarios/issuer.ts'
import { freePort } from '../../test/servers/free-port.ts'
import { type Bench, median, quantile, rounded } from '../measure.ts'
import type { Load, LoadResult } from './client.ts'

const CREDENTIALS = 200
const OURS = 3_000
const AT_ONCE = 8
const ALONE = 1_000
const PEERS = 100
const ROUTE = { connections: 16, count: 3_000 }
/** Behind a proxy that speaks TLS: so issuers are did:web, as in production. */
const publicUrl = 'https://vellum.example'

/** Vellum in this process, with its listeners, on SQLite. */
async function startVellum() {
  const directory = mkdtempSync(join(tmpdir(), 'vellum-bench-'))
  const secret = 'a secret of the bench, long enough for anyone'
  const running = await boot(program, {
    environment: {
      PORT: String(await freePort()), INTERNAL_PORT: String(await freePort()), HOST: '127.0.0.1', PUBLIC_URL: publicUrl,
      DATA_DIR: join(directory, 'data'), MAIL_DIR: join(directory, 'mail'), SERVICE_SECRET: secret, LOG_LEVEL: 'error',
      // Counted, and never reached.
      RATE_LIMIT_ADDRESS: '1000000000',
    },
  })
  const clientAs = (module: string) => <C extends Contract>(contract: C): Client<C> =>
    createClient(contract, running.transportTo(contract.module), { module, tokens: createServiceTokens(running.serviceSecret) })
  return {
    running,
    clientAs,
    async stop() {
      await running.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Real credentials, issued through the API. */
async function issueSome(running: Running, client: <C extends Contract>(contract: C) => Client<C>): Promise<JsonObject[]> {
  const ask = createAsk({
    fetch: async (path, init) => running.control.fetch(new Request(new URL(path, publicUrl), init as RequestInit)) as never,
  })
  const issuer = await createIssuer({ client }, ask)
  const documents: JsonObject[] = []
  for (let begun = 0; begun < CREDENTIALS; begun += 20) {
    const issued = await Promise.all(Array.from({ length: 20 }, (_, n) => issuer.issue({ name: `Ada "${begun + n}" Lovelace`, email: issuer.email(`ada-${begun + n}`) })))
    for (const { publicUrl: address } of issued) documents.push((await issuer.published(address)).credential as JsonObject)
  }
  return documents
}

/** The reference implementation with the same checks: proof, issuer's key from its document, period, status. */
function createPeer(client: Client<typeof issuance>) {
  const lists = new Map<string, ReturnType<typeof unpackList>>()
  const didDocuments = new Map<string, Promise<DidDocument>>()
  const suite = new DataIntegrityProof({ cryptosuite })

  async function documentLoader(url: string) {
    if (!url.startsWith('did:')) return loadContext(url)
    const [did = ''] = url.split('#')
    const slug = did.split(':').at(-1)!
    if (!didDocuments.has(did)) didDocuments.set(did, client.didDocument({ slug }).then(({ document }) => JSON.parse(document) as DidDocument))
    const found = await didDocuments.get(did)!
    const document = url === did ? found
      : { '@context': MULTIKEY_V1, ...found.verificationMethod.find(({ id }) => id === url) }
    return { contextUrl: null, documentUrl: url, document }
  }

  async function list(address: string) {
    const { document } = await client.statusList({ statusListId: address.split('/').at(-1)! })
    // As ours does: what reads alike is not checked again.
    if (!lists.has(document)) {
      const credential = JSON.parse(document) as JsonObject
      const { verified } = await vc.verifyCredential({ credential: structuredClone(credential), suite, documentLoader })
      lists.set(document, verified ? unpackList(credential) : undefined)
    }
    return lists.get(document)
  }

  async function checkStatus({ credential }: { credential: JsonObject }): Promise<{ verified: boolean }> {
    for (const entry of statusEntries(credential) as Exclude<ReturnType<typeof statusEntries>, 'unknown'>) {
      const found = await list(entry.list)
      if (found === undefined || statusBit(found, entry) !== false) return { verified: false }
    }
    return { verified: true }
  }

  return async (credential: JsonObject): Promise<boolean> =>
    (await vc.verifyCredential({ credential, suite, documentLoader, checkStatus: checkStatus as never })).verified
}

/** Verifications per second, so many at once, over all credentials in turn. */
async function rate(count: number, atOnce: number, credentials: readonly JsonObject[], verify: (credential: JsonObject) => Promise<boolean>): Promise<number> {
  let next = 0
  const begun = performance.now()
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < count) {
      if (!(await verify(credentials[next++ % credentials.length]!))) throw new Error('A sound credential was not verified.')
    }
  }))
  return count / ((performance.now() - begun) / 1_000)
}

async function loadRoute(url: string, credentials: readonly JsonObject[]): Promise<LoadResult> {
  const load: Load = { url, ...ROUTE, bodies: credentials.map((credential) => JSON.stringify({ credential })) }
  const worker = new Worker(new URL('./client.ts', import.meta.url), { workerData: load })
  const [result] = (await once(worker, 'message')) as [LoadResult]
  await worker.terminate()
  if (result.failed > 0) throw new Error(`${result.failed} answers were no verified credential.`)
  return result
}

export const bench: Bench = {
  name: 'verify',
  unit: 'per second',
  says: 'Credentials of this installation verified in one process as POST /v1/verify does: form, period, proof, issuer’s key, '
    + 'status list asked for by contract, from SQLite; and @digitalbazaar/vc with the same checks. Every signature is checked.',
  async start() {
    const vellum = await startVellum()
    const { running, clientAs } = vellum
    const credentials = await issueSome(running, clientAs('cli'))
    const client = clientAs('verification')(issuance)
    const fetch = createSafeFetch()
    const verifier = createVerifier({ clients: { issuance: client }, publicUrl, now: () => new Date() }, fetch)
    const peer = createPeer(client)

    const ours = async (credential: JsonObject) => {
      const { verified, status } = await verifier.verify(credential)
      return verified && status === 'active'
    }
    const forged = { ...credentials[0]!, name: 'Doctor of Everything' }
    if (await ours(forged) || await peer(structuredClone(forged))) throw new Error('A forged credential was verified.')

    const route: LoadResult[] = []
    const alone: number[] = []
    return {
      async ours() {
        route.push(await loadRoute(`http://127.0.0.1:${running.publicListener!.port}/v1/verify`, credentials))
        alone.push(await rate(ALONE, 1, credentials, ours))
        return rate(OURS, AT_ONCE, credentials, ours)
      },
      peer: () => rate(PEERS, 1, credentials, peer),
      details: () => {
        const latencies = route.slice(1).flatMap((one) => one.latencies)
        return {
          'at once': AT_ONCE,
          'one after another, per second': rounded(median(alone.slice(1))),
          'POST /v1/verify over HTTP, per second': rounded(median(route.slice(1).map((one) => one.latencies.length / one.seconds))),
          connections: ROUTE.connections,
          'p50 ms': rounded(quantile(latencies, 0.5)),
          'p99 ms': rounded(quantile(latencies, 0.99)),
        }
      },
      async stop() {
        await fetch.close()
        await vellum.stop()
      },
    }
  },
}
