import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below what Linux and macOS hand out to `listen(0)` and to outgoing connections; above the last port that browsers refuse (Fetch, 2.9). */
const PORTS = { first: 11_000, last: 32_767 }

/**
 * A TCP port of this machine where nothing listens, for this process and those that it starts: no other process is
 * given it while this one lives, also while its server is killed and started again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * (PORTS.last - PORTS.first + 1))
    const claim = await claimOf(port)
    if (!claim) continue
    if (await nobodyListens(port)) return port
    claim.close()
  }
}

/** A UDP socket of the same number: the kernel gives it to one process and takes it back when that ends. */
async function claimOf(port: number): Promise<Socket | undefined> {
  const claim = createSocket('udp4').unref()
  claim.bind({ port, address: '127.0.0.1', exclusive: true })
  try {
    await once(claim, 'listening')
    return claim
  } catch {
    claim.close()
    return undefined
  }
}

async function nobodyListens(port: number): Promise<boolean> {
  const server = createServer().listen(port)
  if (!(await once(server, 'listening').then(() => true, () => false))) return false
  server.close()
  await once(server, 'close')
  return true
}
