import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { backupPath } from '../backup/backup-routes.ts'
import { type HandoverAction, handoverPath } from '../handover/handover-routes.ts'
import { Problem } from '../problem.ts'
import { answer, problemOfResponse, type RunWithControl } from './command.ts'
import type { Control } from './control.ts'

/** `settled`: the process has started with it. */
type State = { readonly state: 'here' | 'leaving' | 'gone' | 'awaited'; readonly to?: string; readonly move?: string; readonly settled: boolean }

/** How long a process may take to start anew. */
const restartMs = 60_000

/** `vellum topology move`: a module leaves the process in which it runs, with everything, and goes on in another. */
export function moveCommand(topology: Command, run: RunWithControl): void {
  topology
    .command('move <module>')
    .description('carry a live module to another process; broken off, it is run again, or called back with --cancel')
    .option('--to <url>', 'internal listener of the process that awaits it')
    .option('--cancel', 'let the module go on where it was, as long as it has not begun elsewhere')
    .option('--json', 'one line of JSON')
    .action((module: string, { to, cancel, json }) =>
      run(async (control) => {
        if (!control.running) throw new Problem('unavailable', 'Only a module that runs is moved: start the process first.')
        const begun = performance.now()
        const from = await whereItIs(control, module)
        if (cancel) await callBack(control, module, from)
        else if (to === undefined) throw new Problem('bad-request', 'Say where it goes: --to http://host:port.')
        else await move(control, module, from, to)
        const tookMs = Math.round(performance.now() - begun)
        answer(json, { module, ...(cancel ? { cancelled: true } : { to }), tookMs }, [
          cancel ? `${module} goes on where it was.` : `${module} runs at ${to}, after ${(tookMs / 1_000).toFixed(1)} s.`,
        ])
      }),
    )
}

/** The address of the process that has it; undefined: the one of this environment. */
async function whereItIs(control: Control, module: string): Promise<string | undefined> {
  const here = await stateAt(control, module, undefined)
  return here.state === 'gone' ? here.to : undefined
}

async function move(control: Control, module: string, from: string | undefined, to: string): Promise<void> {
  if (from === to) return
  const there = await stateAt(control, module, to)
  const here = await stateAt(control, module, from)
  if (here.state === 'here' && there.state !== 'awaited' && there.state !== 'gone')
    throw new Problem('state-refused', `The process at ${to} does not await ${module}, which is ${there.state} there: start it with MODULES=${module} and AWAIT_MOVE=true.`)
  if (here.state === 'leaving' && here.to !== to) throw new Problem('state-refused', `${module} is on its way to ${here.to}: let it arrive, or call it back with --cancel.`)
  // A run before this one may have come as far as that: its move goes on.
  const id = here.move ?? randomUUID()
  const act = (at: string | undefined, action: HandoverAction, body?: ReadableStream | string) => send(control, module, at, action, id, body)
  if (here.state === 'here') await act(from, 'leave', JSON.stringify({ to }))
  await until(control, module, from, 'leaving')
  if (there.state !== 'here') {
    for (const part of ['rows', 'blobs'] as const) {
      const copy = await control.send(module, from, { method: 'GET', path: backupPath(module, part) })
      if (!copy.ok || !copy.body) throw await problemOfResponse(copy)
      await act(to, part, copy.body)
    }
    await act(to, 'begin')
  }
  await until(control, module, to, 'here')
  await act(from, 'finish')
}

async function callBack(control: Control, module: string, from: string | undefined): Promise<void> {
  const { state, to, move: id } = await stateAt(control, module, from)
  if (state !== 'leaving' || to === undefined || id === undefined) throw new Problem('state-refused', `${module} is not leaving: it is ${state}.`)
  // It must not begin there any more. Whoever cannot be asked may have begun.
  await send(control, module, to, 'forget', id)
  await send(control, module, from, 'stay', id)
  await until(control, module, from, 'here')
}

async function send(
  control: Control, module: string, at: string | undefined, action: HandoverAction, move: string, body?: ReadableStream | string,
): Promise<void> {
  const path = `${handoverPath(module, action)}?move=${move}`
  const response = await control.send(module, at, { method: 'POST', path, ...(body !== undefined && { body }) })
  if (!response.ok) throw await problemOfResponse(response)
  await response.body?.cancel()
}

async function stateAt(control: Control, module: string, at: string | undefined): Promise<State> {
  const response = await control.send(module, at, { method: 'GET', path: handoverPath(module, 'state') }).catch((cause: unknown) => {
    throw new Problem('unavailable', `The process at ${at ?? 'DATA_DIR/vellum.sock'} does not answer; start it, and run the command again.`, { cause })
  })
  if (!response.ok) throw await problemOfResponse(response)
  return (await response.json()) as State
}

/** Until the process has started anew with it. */
async function until(control: Control, module: string, at: string | undefined, state: State['state']): Promise<void> {
  for (const deadline = performance.now() + restartMs; ; await delay(100)) {
    const is = await stateAt(control, module, at).catch(() => undefined)
    if (is?.state === state && is.settled) return
    if (performance.now() > deadline) throw new Problem('unavailable', `${module} is not ${state} yet at ${at ?? 'this process'}: see its log, and run the command again.`)
  }
}
