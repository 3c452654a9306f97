import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { nodeEnvironment } from '../node-environment.ts'

/**
 * A server that runs while its owner lives. `log` is the end of what it printed; `exited` is its exit status, 128 and the
 * signal's number when one ended it.
 */
export type Supervised = { stop(): Promise<void>, exited: Promise<number>, pid: Promise<number>, log(): string }

type Options = {
  /** Removed when the server has ended. Default: it has no folder of its own. */
  directory?: string
  command: string[]
  /** Beside what every Node is given. */
  env?: Record<string, string>
  /** Told of everything that it prints. */
  onOutput?: (chunk: Buffer) => void
  /** How the server is told to end when its owner is gone or stops it. */
  signal: 'INT' | 'QUIT' | 'TERM' | 'KILL'
  /** Whom it runs as, when this process may choose. */
  user?: { uid: number, gid: number } | undefined
}

// The shell waits on a pipe that only the owner holds: when the owner ends in whatever way, kill -9 included, the pipe
// closes, and the shell ends the server and removes its files. A server that ends by itself ends the shell as well.
const supervisor = `
directory=$1 signal=$2; shift 2
trap '' INT HUP
exec 3<&0
"$@" </dev/null 3<&- 4>&- & server=$!
echo "$server" >&4; exec 4>&-
{ cat <&3 >/dev/null; kill -s "$signal" "$server" 2>/dev/null; } & watcher=$!
exec 3<&- </dev/null
wait "$server"; status=$?
kill "$watcher" 2>/dev/null
cd / && [ -z "$directory" ] || rm -rf "$directory"
exit "$status"
`

/** Starts a server that ends when this process ends, also when it is killed, and whose directory then goes too. */
export function startSupervised({ directory = '', command, env, onOutput, signal, user }: Options): Supervised {
  const child = spawn('/bin/sh', ['-c', supervisor, 'supervisor', directory, signal, ...command], {
    cwd: directory || undefined,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'pipe'],
    env: { ...nodeEnvironment(), LC_ALL: 'C', ...env },
    ...user,
  })
  const [stdin, stdout, stderr, , pidPipe] = child.stdio as [Writable, Readable, Readable, null, Readable]
  const exited = once(child, 'exit').then(([status]) => Number(status))
  const pid = once(pidPipe, 'data').then(([line]) => Number(String(line)))
  let log = ''
  const remember = (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-8_000)
    onOutput?.(chunk)
  }
  stdout.on('data', remember)
  stderr.on('data', remember)
  stdin.on('error', () => undefined)
  child.unref()
  return {
    exited,
    pid,
    log: () => log,
    async stop() {
      child.ref()
      stdin.end()
      await exited
    },
  }
}

/**
 * Waits until `probe` succeeds. Throws with the server's log when it ended first or 30 s are over, and stops it.
 */
export async function untilReady(server: Supervised, probe: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 30_000
  let ended = false
  void server.exited.then(() => { ended = true })
  for (;;) {
    try {
      await probe()
      return
    } catch (error) {
      if (!ended && Date.now() < deadline) {
        await delay(25)
        continue
      }
      await server.stop()
      throw new Error(`The server did not become ready. It said:\n${server.log()}`, { cause: error })
    }
  }
}
