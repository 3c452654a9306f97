import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { compareWithWitness } from '#platform/audit/compare-witness.ts'
import { witnessOf } from '#platform/audit/witness-rule.ts'
import { platformContract } from '#platform/platform-operations.ts'
import { verification } from '#modules/verification/index.ts'
import { program } from '../../src/modules.ts'
import { moduleNames } from '../module-names.ts'
import { readCheckpoint, readEntries, rootOf } from './reference-log.ts'
import { everyBoundary, scenario } from './scenario.ts'
import { until } from './until.ts'

/** Runs after all others, over what they left behind. */
export default [
  scenario('once quiet, nothing is stuck, parked or broken, and the log is one', async ({ client, ask, installation }) => {
    for (const name of moduleNames) {
      const platform = client(platformContract(name))
      await until(`the steps of ${name} to be done`, async () => {
        const open = await Promise.all([platform.steps({ state: 'ready' }), platform.steps({ state: 'leased' })])
        // What watches the chain is always due again; what tidies up waits a day.
        const soon = Date.now() + 3_600_000
        return open.every(({ steps }) => steps.every(({ kind, dueAt }) => kind.includes('anchor') || Date.parse(dueAt) > soon))
      })
      assert.deepEqual((await platform.steps({ state: 'dead' })).steps, [], `${name} has dead steps`)
      assert.deepEqual((await platform.parkedKeys({})).parked, [], `${name} has parked keys`)
      const audit = await platform.verifyAudit({})
      assert.deepEqual(audit.broken, [], `The audit of ${name} is broken`)
      if (name === 'identity' || name === 'issuance') assert.ok(audit.entries > 0)
    }
    for (const name of moduleNames) {
      const witness = client(platformContract(witnessOf(name, program.authority, moduleNames)!))
      await until(`the ends of the audit of ${name} to be witnessed`, async () => {
        const { heads } = await client(platformContract(name)).auditHeads({ limit: 500 })
        const { contradicted } = await compareWithWitness(name, client(platformContract(name)), witness)
        assert.deepEqual(contradicted, [])
        const held = await witness.witnessedHeads({ module: name, limit: 500 })
        return heads.every(({ organizationId, hash }) => held.heads.find((one) => one.organizationId === organizationId)?.hash === hash)
      })
      assert.deepEqual((await witness.contradictedChains({})).chains, [])
    }
    const { size, root } = await readCheckpoint(ask)
    const entries = await readEntries(ask, size)
    assert.ok(rootOf(entries).equals(root))
    assert.equal(new Set(entries.map((entry) => entry.toString('hex'))).size, size, 'A leaf stands in the log twice.')
    const state = await client(verification).logState({})
    assert.deepEqual([state.size, state.root], [size, root.toString('base64')])
    assert.deepEqual(readdirSync(installation.mailDir).filter((name) => !name.endsWith('.eml')), [])
  }, everyBoundary),

  scenario('nothing unexpected was logged, and no name and no secret', async ({ installation }) => {
    const lines = installation.output().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>)
    const errors = lines.filter(({ level }) => level === 'error' || level === 'fatal')
    assert.deepEqual(errors, [])
    assert.doesNotMatch(installation.output(), /Lovelace|Quackenbush|@example\.org|vls_/)
  }, everyBoundary),
]
