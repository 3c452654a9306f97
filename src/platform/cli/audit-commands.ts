import { compareWithWitness, type Contradicted } from '../audit/compare-witness.ts'
import { witnessOf } from '../audit/witness-rule.ts'
import { platformContract } from '../platform-operations.ts'
import { Problem } from '../problem.ts'
import { type AddCommands, answer } from './command.ts'

const sentences: Record<Contradicted['reason'], string> = {
  cut: 'is gone, and was witnessed',
  rewritten: 'is not the one that was witnessed',
  'set-back': 'is not there since the database was restored, as it says itself',
}

/** `vellum audit …`: the chains of all modules, and what other modules keep of them. */
export const auditCommands =
  (modules: readonly string[], authority: string): AddCommands =>
  (program, run) => {
    const audit = program.command('audit').description('the audit trail')
    audit
      .command('verify')
      .description('walk every chain, and compare it with what another module was told of it; exit 1 when one is broken')
      .option('--json', 'one line of JSON')
      .action(({ json }) =>
        run(async (control) => {
          const reports = []
          const contradicted: Contradicted[] = []
          let witnessed = 0
          for (const name of modules) {
            const module = control.client(platformContract(name))
            reports.push(await module.verifyAudit({}))
            const witness = witnessOf(name, authority, modules)
            if (witness === undefined) continue
            const compared = await compareWithWitness(name, module, control.client(platformContract(witness)))
            witnessed += compared.witnessed
            contradicted.push(...compared.contradicted)
          }
          const broken = reports.flatMap((report) => report.broken.map((entry) => ({ module: report.module, ...entry })))
          const entries = reports.reduce((sum, report) => sum + report.entries, 0)
          const chains = reports.reduce((sum, report) => sum + report.organizations, 0)
          const wrong = broken.length + contradicted.filter(({ reason }) => reason !== 'set-back').length
          answer(json, { entries, broken, chains, witnessed, contradicted }, [
            ...broken.map((entry) => `${entry.module}: entry ${entry.sequence} of ${entry.organizationId} is ${entry.reason}`),
            ...contradicted.map(({ module, sequence, organizationId, reason }) => `${module}: entry ${sequence} of ${organizationId} ${sentences[reason]}`),
            wrong === 0 ? `${entries} entries, every chain is whole; ${witnessed} of ${chains} are witnessed.` : `${wrong} chains are broken.`,
          ])
          if (wrong > 0) process.exitCode = 1
        }),
      )
    audit
      .command('restored <module>')
      .description('write down that the database of a module was put back by other means than vellum restore')
      .requiredOption('--reason <text>', 'why, without names; it stays in the audit trail')
      .option('--json', 'one line of JSON')
      .action((module: string, { reason, json }) =>
        run(async (control) => {
          if (!modules.includes(module)) throw new Problem('not-found', `There is no module ${module}; choose from ${modules.join(', ')}.`)
          await control.client(platformContract(module)).noteRestoration({ reason })
          answer(json, { module, reason }, [`It is written down; what was witnessed of ${module} gives way once, and that is written down too.`])
        }),
      )
  }
