import assert from 'node:assert/strict'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expectStatus } from '../scenarios/expect.ts'
import { until } from '../scenarios/until.ts'
import type { Fault } from './fault.ts'
import { openSite, type Site, untilQuiet } from './site.ts'
import { expectWholeAudit, untilWitnessed } from './soundness.ts'

interface Verified {
  readonly broken: readonly unknown[]
  readonly contradicted: readonly { readonly module: string; readonly organizationId: string; readonly reason: string }[]
}

async function verify({ installation }: Pick<Site, 'installation'>, status: number): Promise<Verified> {
  const answer = await installation.cli('audit', 'verify', '--json')
  assert.equal(answer.status, status, answer.stdout + answer.stderr)
  return JSON.parse(answer.stdout) as Verified
}

/** Whoever owns the file takes away the guards, the newest entry of an organization, and the head with it. */
function cutLast(dataDir: string, module: string, organizationId: string): void {
  const database = new Sqlite(join(dataDir, `${module}.sqlite`))
  database.exec('drop trigger audit_refuses_delete')
  const last = database.prepare('select max(sequence) as at from audit where organization_id = ?').get(organizationId) as { at: number }
  assert.ok(last.at > 1)
  database.prepare('delete from audit where organization_id = ? and sequence = ?').run(organizationId, last.at)
  database
    .prepare('update audit_heads set sequence = ?, hash = (select hash from audit where organization_id = ? and sequence = ?) where organization_id = ?')
    .run(last.at - 1, organizationId, last.at - 1, organizationId)
  database.close()
}

const faults: readonly Fault[] = [
  {
    name: 'an audit chain that is cut together with its head is found by its witness, of every module, until whoever put the database back says so',
    async run({ say }) {
      const site = await openSite()
      const { installation, issuer } = site
      const doctor = async () => {
        const { stdout } = await installation.cli('doctor', '--json')
        return (JSON.parse(stdout) as { checks: { check: string; state: string; say: string }[] }).checks.filter(({ check, state }) => check.startsWith('audit as') && state === 'fail')
      }
      try {
        await issuer.issue()
        await issuer.issue({ email: issuer.email('second') })
        await untilQuiet(site)
        const { json: organization } = expectStatus(await issuer.ask('GET', '/v1/organization'), 200)
        await untilWitnessed(site)
        await expectWholeAudit(site)
        assert.deepEqual(await doctor(), [])
        for (const module of ['issuance', 'identity']) {
          await installation.kill()
          cutLast(installation.dataDir, module, organization.id)
          const found = await verify(site, 1)
          assert.deepEqual(found.broken, [], 'The module itself finds it: the cut was not done well.')
          assert.deepEqual(found.contradicted.map((one) => [one.module, one.organizationId, one.reason]), [[module, organization.id, 'cut']])
          await installation.start()
          await until('doctor to tell', async () => (await doctor()).length === 1)
          await until('the log to tell', async () => /contradicts what was witnessed/.test(installation.output()))
          // What is added afterwards does not hide it.
          await issuer.issue({ email: issuer.email(`after-${module}`) })
          await untilQuiet(site)
          await verify(site, 1)
          const witness = module === 'identity' ? 'issuance' : 'identity'
          const trail = async () => expectStatus(await issuer.ask('GET', `/v1/audit?action=audit&module=${witness}`), 200).json.entries as { action: string; target: string }[]
          assert.ok((await trail()).some(({ action, target }) => action === 'audit.contradicted' && target === module))

          const said = await installation.cli('audit', 'restored', module, '--reason', 'the disk was put back to Monday')
          assert.equal(said.status, 0, said.stderr)
          await until('doctor to be content', async () => (await doctor()).length === 0)
          assert.ok((await trail()).some(({ action, target }) => action === 'audit.set-back' && target === module))
          await expectWholeAudit(site)
          say(`${module}: found, told, and given way`)
        }
      } finally {
        await site.stop()
      }
    },
  },
]

export default faults
