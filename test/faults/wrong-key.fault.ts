import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { createInstallation } from '../installation.ts'
import type { Fault } from './fault.ts'
import { fingerprint } from './files.ts'
import { openSite, type Site, untilQuiet } from './site.ts'

/** Starts another process on the same folder and waits for its end. It must refuse with 78 and leave every file as it is. */
async function expectRefusal({ installation }: Site, environment: Record<string, string>, sentence: RegExp): Promise<void> {
  const before = fingerprint(installation.dataDir)
  assert.ok(Object.keys(before).some((path) => path.endsWith('.sqlite')))
  const intruder = await createInstallation({
    directory: installation.directory,
    environment: { SERVICE_SECRET: installation.environment.SERVICE_SECRET as string, ...environment },
  })
  await intruder.start({ wait: false })
  const status = await Promise.race([intruder.exited, new Promise<string>((late) => setTimeout(late, 30_000, 'still running'))])
  await intruder.remove()
  assert.equal(status, 78, intruder.output())
  assert.match(intruder.output(), sentence)
  assert.deepEqual(fingerprint(installation.dataDir), before)
}

const otherKey = () => ({ MASTER_KEY: randomBytes(32).toString('base64') })

const wrongKey: Fault = {
  name: 'a wrong MASTER_KEY, or none beside data: exit 78, and no file changed, after a clean stop and after kill -9',
  async run() {
    const site = await openSite()
    const { installation, issuer } = site
    const keyFile = join(installation.dataDir, 'master.key')
    try {
      await issuer.issue()
      assert.equal(await installation.stop(), 0)
      await expectRefusal(site, otherKey(), /MASTER_KEY.*another master key/)

      await installation.start()
      const { id } = await issuer.accept({ email: issuer.email('second') })
      await installation.kill()
      await expectRefusal(site, otherKey(), /MASTER_KEY.*another master key/)
      renameSync(keyFile, `${keyFile}.away`)
      await expectRefusal(site, {}, /MASTER_KEY.*is missing/)
      await expectRefusal(site, { MASTER_KEY: 'too short' }, /MASTER_KEY: must be 32 bytes/)
      renameSync(`${keyFile}.away`, keyFile)

      // With the right key all goes on where it was.
      await installation.start()
      await untilQuiet(site)
      assert.equal((await issuer.issued(id)).state, 'issued')
    } finally {
      await site.stop()
    }
  },
}

export default [wrongKey]
