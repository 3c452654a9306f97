import { setTimeout as delay } from 'node:timers/promises'
import { load } from '../accept/load.ts'
import { startPeer } from '../accept/peer.ts'
import type { Server } from '../accept/server.ts'
import { startVellum } from '../accept/vellum.ts'
import type { Bench } from '../measure.ts'
import { csvOf, newPeople } from '../pipeline/people.ts'

const ROWS = 10_000
const SECONDS = 4

/** Sends a file and waits until each of its records is accepted or refused; answers records per second. */
async function imported({ port, authorization }: Server): Promise<number> {
  const base = `http://localhost:${port}/v1/batches`
  const headers = { authorization: await authorization() }
  const begun = performance.now()
  const sent = await fetch(base, { method: 'POST', headers: { ...headers, 'content-type': 'text/csv' }, body: csvOf(newPeople(ROWS)) })
  if (sent.status !== 202) throw new Error(`The file was answered with ${sent.status}: ${await sent.text()}`)
  const { id } = await sent.json() as { id: string }
  for (;;) {
    const batch = await (await fetch(`${base}/${id}`, { headers })).json() as { state: string; rows: number; created: number }
    if (batch.state !== 'importing') {
      if (batch.created !== ROWS) throw new Error(`Of ${ROWS} records ${batch.created} were accepted.`)
      return (ROWS * 1_000) / (performance.now() - begun)
    }
    await delay(50)
  }
}

async function committed({ port }: Server): Promise<number> {
  const request = (number: number) => {
    const body = JSON.stringify({ name: `Ada Lovelace ${number}`, email: `ada.${number}@example.org` })
    return `POST /rows HTTP/1.1\r\nhost: localhost:${port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  }
  const { perSecond, errors } = await load({ port, connections: 16, seconds: SECONDS, request, status: 201 })
  if (errors.length > 0) throw new Error(`The peer answered: ${errors[0]}`)
  return perSecond
}

export const bench: Bench = {
  name: 'batch',
  unit: 'per second',
  says: `Records of a CSV file of ${ROWS}, from the upload until each is accepted; signing is paused. ` +
    'The peer is a bare route of Hono that commits one row for each request, over 16 kept connections.',
  async start() {
    const [vellum, peer] = [await startVellum({ held: true }), await startPeer()]
    return {
      ours: () => imported(vellum),
      peer: () => committed(peer),
      async stop() {
        await Promise.all([vellum.stop(), peer.stop()])
      },
    }
  },
}
