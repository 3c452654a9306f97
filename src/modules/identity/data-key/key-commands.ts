import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import { type AddCommands, answer } from '#platform/cli/command.ts'
import type { Control } from '#platform/cli/control.ts'
import { platformContract } from '#platform/platform-operations.ts'
import { Problem } from '#platform/problem.ts'
import { identity, type KeyScope, type RotationState } from '../contract.ts'

interface Which {
  readonly master?: boolean
  readonly all?: boolean
  readonly installation?: boolean
  readonly organization?: string
}

const withWhich = (command: Command): Command =>
  command
    .option('--master', 'the master key')
    .option('--all', 'data keys of the installation and of all organizations')
    .option('--installation', 'the data key of the installation')
    .option('--organization <slug>', 'the data key of one organization')
    .option('--json', 'one line of JSON')

/** `vellum keys …`. */
export const keyCommands: AddCommands = (program, run) => {
  const keys = program.command('keys').description('the master key, and the data keys that it wraps')
  keys
    .command('status')
    .description('what wraps and seals, and what is left under older keys')
    .option('--json', 'one line of JSON')
    .action(({ json }) =>
      run(async (control) => {
        const status = await control.client(identity).keyStatus({})
        const rotations = []
        for (const rotation of status.rotations) rotations.push({ ...rotation, modules: await counted(control, rotation) })
        answer(json, { ...status, rotations }, [
          ...status.masterKeys.map(({ id, active, configured, wraps }) =>
            `master key ${id}  wraps ${wraps} data keys${active ? ', and those to come' : ''}${configured ? '' : '; it is not configured'}`),
          ...status.dataKeys.map(({ kind, subjects, versions }) => `data keys of kind ${kind}: ${subjects}, in ${versions} versions`),
          ...rotations.flatMap(({ rotation, at, subjects, modules }) => [
            `rotation ${rotation} of ${at}: ${subjects.length} keys; older versions are not retired`,
            ...modules.map(({ module, done, left }) => `  ${module}  ${left} left${done ? ', done' : ''}`),
          ]),
        ])
      }),
    )
  withWhich(keys.command('rotate').description('seal with a new key from now on, and what is there in the background'))
    .action(({ json, ...which }: Which & { json?: boolean }) =>
      run(async (control) => {
        const client = control.client(identity)
        const later = control.running ? '' : ' It goes on when the installation runs.'
        if (isMaster(which)) {
          const { active, left } = await client.rotateMasterKey({})
          answer(json, { active, left }, [`Master key ${active} wraps from now on; ${left} data keys are still wrapped by another.${later}`])
        } else {
          const rotation = randomUUID()
          const { subjects } = await client.rotateDataKeys({ rotation, scope: await scopeOf(control, which) })
          answer(json, { rotation, subjects }, [`${subjects} data keys have a new version, which seals from now on.${later}`])
        }
      }),
    )
  withWhich(keys.command('retire').description('destroy what older keys are left; refused while anything is under them'))
    .action(({ json, ...which }: Which & { json?: boolean }) =>
      run(async (control) => {
        const client = control.client(identity)
        if (isMaster(which)) {
          const { active } = await client.retireMasterKey({})
          answer(json, { active }, [`Only master key ${active} fits from now on: take MASTER_KEY_PREVIOUS away, and restart.`])
        } else {
          const { retired } = await client.retireDataKeys({ scope: await scopeOf(control, which) })
          answer(json, { retired }, [`${retired} older versions are destroyed. What backups of data from before hold under them opens with older backups of keys alone.`])
        }
      }),
    )
}

/** What each module has at this moment, in numbers of its own. */
async function counted(control: Control, { modules, subjects }: RotationState) {
  const now = []
  for (const { module, done } of modules)
    now.push({ module, done, left: (await control.client(platformContract(module)).countSealed({ subjects })).left })
  return now
}

function isMaster({ master, all, installation, organization }: Which): boolean {
  const chosen = [master, all, installation, organization !== undefined].filter(Boolean).length
  if (chosen === 1) return Boolean(master)
  throw new Problem('bad-request', 'Choose one of --master, --all, --installation and --organization.')
}

async function scopeOf(control: Control, { all, organization }: Which): Promise<KeyScope> {
  if (organization === undefined) return { of: all ? 'all' : 'installation' }
  return { organizationId: (await control.client(identity).organization({ slug: organization })).id }
}
