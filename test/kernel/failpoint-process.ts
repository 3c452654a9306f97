/** A process that passes a failpoint as often as its argument tells, and says so each time. Its environment is that of a server. */
import { readSettings } from '#platform/config.ts'
import { armFailpoint, failpoint } from '#platform/failpoints.ts'

armFailpoint(readSettings(process.env, {}).settings.FAILPOINT)
for (let pass = 1; pass <= Number(process.argv[2]); pass++) {
  failpoint('before-commit')
  failpoint('after-commit')
  process.stdout.write(`${pass}\n`)
  // What was said has left the process before it dies.
  await new Promise((resolve) => setTimeout(resolve, 20))
}
