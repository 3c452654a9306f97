import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

let ticksPerSecond: number | undefined

/** CPU time that a process has used, user and system, all its threads, in milliseconds. Linux; undefined elsewhere. */
export function cpuMsOf(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK']))
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The name may hold anything; the fields behind it are numbers (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1_000
}

/** The most memory that it ever held, in megabytes. Linux; undefined elsewhere. */
export function peakMegabytesOf(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  return Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1_024)
}
