import { boot } from '#platform/boot.ts'
import { ConfigurationError } from '#platform/config.ts'
import { program } from './modules.ts'

try {
  const running = await boot(program, { environment: process.env })
  const stop = (): void => {
    void running.stop().then(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error
  for (const message of error.messages) process.stderr.write(`${message}\n`)
  process.exit(error.exitCode)
}
