import { randomBytes } from 'node:crypto'
import { type Bench, median, quantile, rounded, type Sides } from '../measure.ts'
import { cpuMsOf } from '../process-time.ts'
import { type Load, load } from './load.ts'
import { startPeer } from './peer.ts'
import type { Server } from './server.ts'
import { startVellum } from './vellum.ts'

const SECONDS = 4
const WHILE_WORKING_SECONDS = 10

/** Every request has a recipient and an Idempotency-Key of its own. */
async function requests({ port, authorization }: Server): Promise<(number: number) => string> {
  const run = randomBytes(4).toString('hex')
  const head = `POST /v1/credentials HTTP/1.1\r\nhost: localhost:${port}\r\nauthorization: ${await authorization()}\r\n` +
    'content-type: application/json\r\naccept: application/json\r\n'
  return (number) => {
    const who = `${run}-${number}`
    const body = JSON.stringify({
      recipient: { name: `Ada Lovelace ${number}`, email: `ada.${who}@example.org`, locale: 'en' },
      achievement: { name: 'Distributed Systems' },
      completedOn: '2026-06-30',
      externalId: who,
    })
    return `${head}idempotency-key: ${who}\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  }
}

/** The runs of one server under one number of connections. */
function series(server: Server, connections: number) {
  const loads: Load[] = []
  const cpuMs: number[] = []
  const medianOf = (figure: (run: Load) => number): number => rounded(median(loads.slice(1).map(figure)))
  return {
    async run(seconds = SECONDS): Promise<number> {
      const request = await requests(server)
      const before = cpuMsOf(server.pid)
      const result = await load({ port: server.port, connections, seconds, request, status: 202 })
      const after = cpuMsOf(server.pid)
      if (result.errors.length > 0) throw new Error(`${result.errors.length} answers are not 202, the first: ${result.errors[0]}`)
      loads.push(result)
      if (before !== undefined && after !== undefined) cpuMs.push((after - before) / result.latenciesMs.length)
      return result.perSecond
    },
    /** Medians over the runs without the first. */
    figures: () => ({
      perSecond: medianOf(({ perSecond }) => perSecond),
      p50Ms: medianOf(({ latenciesMs }) => quantile(latenciesMs, 0.5)),
      p99Ms: medianOf(({ latenciesMs }) => quantile(latenciesMs, 0.99)),
      ...(cpuMs.length > 0 && { cpuMsPerRequest: rounded(median(cpuMs.slice(1))) }),
      answered: loads.reduce((sum, { latenciesMs }) => sum + latenciesMs.length, 0),
      errors: loads.reduce((sum, { errors }) => sum + errors.length, 0),
    }),
  }
}

async function start(): Promise<Sides> {
  const [vellum, peer] = [await startVellum({ held: true }), await startPeer()]
  const [ours16, ours64, peer16, peer64] = [series(vellum, 16), series(vellum, 64), series(peer, 16), series(peer, 64)]
  return {
    async ours() {
      const perSecond = await ours16.run()
      await ours64.run()
      return perSecond
    },
    async peer() {
      const perSecond = await peer16.run()
      await peer64.run()
      return perSecond
    },
    async details() {
      const working = await startVellum({ held: false })
      try {
        const whileWorking = series(working, 16)
        await whileWorking.run(2)
        await whileWorking.run(WHILE_WORKING_SECONDS)
        return {
          ours: { at16: ours16.figures(), at64: ours64.figures(), at16WhileTheBackgroundWorks: whileWorking.figures() },
          peer: { at16: peer16.figures(), at64: peer64.figures() },
        }
      } finally {
        await working.stop()
      }
    },
    async stop() {
      await Promise.all([vellum.stop(), peer.stop()])
    },
  }
}

export const bench: Bench = {
  name: 'accept',
  unit: 'per second',
  says: 'POST /v1/credentials over 16 kept connections, answers per second, each 202 after its commit is on disk; signing is paused. ' +
    'The peer is a route of Hono, jose and drizzle that commits four rows.',
  start,
}
