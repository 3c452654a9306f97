import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { Transform, type TransformCallback } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** A stretch of network in front of a server, that can be made bad. What is new meets what is there now, like the rest. */
export type TcpProxy = {
  /** Of 127.0.0.1. */
  readonly port: number
  /** The address of the server with that of the proxy in it. */
  through(url: string): string
  /** What it did so far: to connections, and to pieces of what was said. */
  readonly done: { readonly cut: number, readonly refused: number, readonly delayed: number, readonly swallowed: number }
  /** Resets every connection, in both directions; the next ones are let through as before. */
  cut(): void
  /** Resets every connection, and each new one, until `pass`. */
  refuse(): void
  /** Every byte arrives so many milliseconds later, in both directions. */
  delay(ms: number): void
  /** Takes every byte and forwards none; connections are accepted and nobody answers. */
  swallow(): void
  /**
   * All is well again for new connections and for those of which nothing was lost. One that lost bytes stays dead and silent, as
   * behind a router that forgot it: nothing tells either side.
   */
  pass(): void
  stop(): Promise<void>
}

/** A connection through it, both its ends. */
interface Line {
  readonly ends: readonly Socket[]
  /** Something of it was swallowed. */
  lost: boolean
}

/** Starts one on a free port of 127.0.0.1, in front of a server of this machine. */
export async function startTcpProxy(serverPort: number): Promise<TcpProxy> {
  const lines = new Set<Line>()
  const done = { cut: 0, refused: 0, delayed: 0, swallowed: 0 }
  let [delayMs, swallowing, refusing] = [0, false, false]

  // Each side may end before the other, as it may without a proxy.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (refusing) {
      done.refused++
      client.on('error', () => {})
      client.resetAndDestroy()
      return
    }
    const there = connect({ port: serverPort, host: '127.0.0.1', allowHalfOpen: true })
    const line: Line = { ends: [client, there], lost: false }
    lines.add(line)
    for (const [from, to] of [[client, there], [there, client]] as const) {
      from.setNoDelay(true)
      from.on('error', () => {
        line.lost ||= swallowing
        if (!line.lost) to.resetAndDestroy()
      })
      from.on('close', () => {
        if (to.destroyed) lines.delete(line)
      })
      from.pipe(stretch(line)).pipe(to)
    }
  })

  /** One direction of a line. The end of it is lost or late like any byte. */
  function stretch(line: Line): Transform {
    let before = Promise.resolve()
    // Later is no slower: what comes meanwhile does not wait for it, and keeps its place behind it.
    const later = (arrive: () => void): void => {
      const dueAt = performance.now() + delayMs
      before = before.then(async () => {
        const waitMs = dueAt - performance.now()
        if (waitMs > 0) {
          done.delayed++
          await sleep(waitMs)
        }
        line.lost ||= swallowing
        if (line.lost) done.swallowed++
        else arrive()
      })
    }
    return new Transform({
      transform(chunk: Buffer, _: BufferEncoding, taken: TransformCallback) {
        later(() => this.push(chunk))
        taken()
      },
      flush(over) {
        later(over)
      },
    })
  }

  const cut = () => {
    done.cut += lines.size
    for (const { ends } of lines) for (const end of ends) end.resetAndDestroy()
    lines.clear()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    port,
    through(url) {
      const changed = new URL(url)
      changed.host = `127.0.0.1:${port}`
      return changed.href
    },
    done,
    cut,
    refuse() {
      refusing = true
      cut()
    },
    delay(ms) {
      delayMs = ms
    },
    swallow() {
      swallowing = true
    },
    pass() {
      ;[delayMs, swallowing, refusing] = [0, false, false]
    },
    async stop() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
