import type { Command } from 'commander'
import { backUp } from '../backup/backup.ts'
import type { Manifest } from '../backup/manifest.ts'
import { backupOrder } from '../backup/order.ts'
import { restore } from '../backup/restore.ts'
import { type Program, version } from '../boot.ts'
import { type Environment, readSettings } from '../config.ts'
import { expectMasterKey, readKeyCheck } from '../crypto/master-key.ts'
import type { AnyModule } from '../module.ts'
import { platformContract } from '../platform-operations.ts'
import { readTopology } from '../topology.ts'
import { type AddCommands, answer } from './command.ts'
import { type Control, isRunning } from './control.ts'
import { progressLines } from './progress-lines.ts'

/** Every module's definition, by name, in the order of the registry. */
async function definitionsOf({ registry }: Program): Promise<Readonly<Record<string, AnyModule>>> {
  const loaded = await Promise.all(Object.entries(registry).map(async ([name, { load }]) => [name, await load()] as const))
  return Object.fromEntries(loaded)
}

/** `vellum backup`: what runs is copied while it runs. `vellum restore`: an empty installation is filled. */
export const backupCommands =
  (of: Program, environment: Environment): AddCommands =>
  (program: Command, run) => {
    program
      .command('backup <target>')
      .description('copy everything into a new folder, while it runs; the data keys go into a folder of their own')
      .option('--keys <folder>', 'where the data keys go (default: <target>-keys)')
      .option('--keys-only', 'the data keys alone, into <target>')
      .option('--verify', 'read it again at the end')
      .option('--json', 'one line of JSON')
      .action((target: string, { keys, keysOnly, verify, json }) =>
        run(async (control) => {
          const { settings } = readSettings(environment, {})
          const definitions = await definitionsOf(of)
          const order = backupOrder(Object.fromEntries(Object.entries(definitions).map(([name, { subscribes }]) => [name, Object.keys(subscribes)])))
          const keyCheck = readKeyCheck(settings.DATA_DIR)
          const progress = progressLines(process.stderr)
          const manifest = await backUp({
            modules: order.map((module) => ({ module, keeps: (definitions[module]!.keyTables ?? []).length > 0 })),
            fetch: (module, path) => control.internal(module, path),
            target: keysOnly ? undefined : target,
            keysTarget: keysOnly ? target : ((keys as string | undefined) ?? `${target.replace(/\/+$/, '')}-keys`),
            about: { version, publicUrl: settings.PUBLIC_URL, ...(keyCheck !== undefined && { keyCheck }) },
            verify: Boolean(verify),
            onProgress: progress.tell,
          }).finally(progress.end)
          const told = summaryOf(manifest)
          answer(json, { target, ...told }, [`${target} holds ${told.rows} rows and ${told.blobs} files of ${manifest.modules.length} modules, ${Math.ceil(told.bytes / 1e6)} MB.`])
        }),
      )
    program
      .command('restore <source>')
      .description('fill an empty installation, which does not run, from a backup')
      .option('--keys <folder>', 'where the data keys are: of the same moment, or newer (default: <source>-keys)')
      .option('--verify', 'then check every audit chain, the log, and that every credential opens and verifies; exit 1 when one does not')
      .option('--json', 'one line of JSON')
      .action(async (source: string, { keys, verify, json }) => {
        const { settings, environment: values } = readSettings(environment, {})
        if (await isRunning(settings.DATA_DIR)) throw new Error('A process runs on this DATA_DIR: a restore fills an empty installation, which does not run.')
        const definitions = await definitionsOf(of)
        const { hosted } = readTopology(settings.MODULES, Object.keys(definitions), values)
        const progress = progressLines(process.stderr)
        const restored = await restore({
          source,
          keysSource: (keys as string | undefined) ?? `${source.replace(/\/+$/, '')}-keys`,
          settings,
          definitions,
          hosted,
          checkMasterKey(keyCheck) {
            if (keyCheck !== undefined && hosted.includes(of.authority))
              expectMasterKey({ dataDir: settings.DATA_DIR, env: values, keyCheck })
          },
          onProgress: progress.tell,
        }).finally(progress.end)
        const lines = [`${restored.rows} rows and ${restored.blobs} files are back, as of ${restored.endedAt}.`]
        if (!verify) return answer(json, restored, lines)
        await run(async (control) => {
          const checked = await checkStored(control, hosted)
          answer(json, { ...restored, ...checked }, [
            ...lines,
            ...checked.faults,
            `Checked: ${Object.entries(checked.checked).map(([what, count]) => `${count} ${what}`).join(', ')}; ${checked.faults.length} faults.`,
          ])
          if (checked.faults.length > 0) process.exitCode = 1
        })
      })
  }

const faultsTold = 100

/** Every audit chain, and whatever the modules can check of their own. */
async function checkStored(control: Control, modules: readonly string[]) {
  const checked: Record<string, number> = {}
  const faults: string[] = []
  const add = (what: string, count: number) => (checked[what] = (checked[what] ?? 0) + count)
  for (const module of modules) {
    const platform = control.client(platformContract(module))
    const audit = await platform.verifyAudit({})
    add('audit entries', audit.entries)
    for (const { organizationId, sequence, reason } of audit.broken) faults.push(`${module}: audit entry ${sequence} of ${organizationId} is ${reason}.`)
    for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
      const page = await platform.checkStored(after === undefined ? {} : { after })
      for (const [what, count] of Object.entries(page.checked)) add(`${what} of ${module}`, count)
      faults.push(...page.faults.map((fault) => `${module}: ${fault}`))
      after = page.next
      if (faults.length >= faultsTold) break
    }
  }
  return { checked, faults }
}


function summaryOf({ vellum, begunAt, endedAt, modules }: Manifest) {
  const files = modules.flatMap((module) => module.files)
  const sum = (name: 'rows' | 'blobs') => files.reduce((total, { end }) => total + Number(end[name] ?? 0), 0)
  return { kind: vellum, begunAt, endedAt, bytes: files.reduce((total, { bytes }) => total + bytes, 0), rows: sum('rows'), blobs: sum('blobs') }
}
