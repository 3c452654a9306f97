import type { Command } from 'commander'
import { type Problem, problemFromDetails } from '../problem.ts'
import type { Control } from './control.ts'

/** Adds commands to the program. `run` opens the way to the modules, and closes it whatever happens. */
export type AddCommands = (program: Command, run: RunWithControl) => void
export type RunWithControl = (work: (control: Control) => Promise<void>) => Promise<void>

/** The answer of a command, on standard output: one line of JSON, or lines for people. */
export function answer(json: boolean | undefined, value: unknown, lines: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${lines.join('\n')}\n`)
}

/** A public route's refusal, as the problem that it is. */
export async function problemOfResponse(response: Response): Promise<Problem> {
  return problemFromDetails(await response.json().catch(() => undefined))
}
