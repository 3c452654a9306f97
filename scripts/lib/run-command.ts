import { spawn } from 'node:child_process'

/** What became of a command. `output` is its standard output; `timedOut` tells that it was ended by its limit. */
export type CommandResult = { status: number, output: string, timedOut: boolean }

/**
 * Runs a command with no standard input, shows what it prints as it comes, and keeps its standard output. When the
 * limit (milliseconds) is over, or this process is told to end, the command and everything that it started is killed.
 */
export function runCommand(command: string[], limitMs: number, env: Record<string, string> = {}): Promise<CommandResult> {
  return new Promise(resolve => {
    const [program = '', ...args] = command
    const child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    })
    const chunks: Buffer[] = []
    let timedOut = false
    const kill = () => {
      try {
        process.kill(-(child.pid ?? 0), 'SIGKILL')
      } catch {
        child.kill('SIGKILL')
      }
    }
    const end = () => {
      kill()
      process.exit(130)
    }
    const timer = setTimeout(() => {
      timedOut = true
      kill()
    }, limitMs)
    process.once('SIGINT', end)
    process.once('SIGTERM', end)
    const settle = (status: number) => {
      clearTimeout(timer)
      process.off('SIGINT', end)
      process.off('SIGTERM', end)
      resolve({ status, output: Buffer.concat(chunks).toString(), timedOut })
    }
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      process.stdout.write(chunk)
    })
    child.on('error', error => {
      process.stderr.write(`${program}: ${error.message}\n`)
      settle(127)
    })
    child.on('close', code => settle(code ?? 137))
  })
}
