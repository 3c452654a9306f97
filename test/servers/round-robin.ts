import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Hands each connection to the next of several servers of this machine that takes it, as a load balancer does. */
export type RoundRobin = { stop(): Promise<void> }

async function connectTo(port: number): Promise<Socket | undefined> {
  const socket = connect({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    return socket
  } catch {
    return undefined
  }
}

/** Listens on `port` of 127.0.0.1 and ::1, and knows nothing of what is said. */
export async function startRoundRobin(port: number, servers: readonly number[]): Promise<RoundRobin> {
  const open = new Set<Socket>()
  let turn = 0
  const server = createServer({ pauseOnConnect: true }, async (client) => {
    client.on('error', () => client.destroy())
    const first = turn++
    for (const at of servers.keys()) {
      const there = await connectTo(servers[(first + at) % servers.length]!)
      if (!there) continue
      for (const [one, other] of [[client, there], [there, client]] as const) {
        open.add(one)
        // Not destroyed when the one was closed in order: what it said last may still be on its way.
        one.on('error', () => other.destroy()).on('close', () => {
          open.delete(one)
          other.end()
        })
      }
      client.pipe(there)
      there.pipe(client)
      client.resume()
      return
    }
    client.destroy()
  })
  server.listen(port, 'localhost')
  await once(server, 'listening')
  return {
    async stop() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
