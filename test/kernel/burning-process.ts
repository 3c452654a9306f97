/**
 * Vellum as it is, with a planted fault: code of the module that the first argument names, imported from the file of the
 * second, holds the event loop for 250 of every 300 milliseconds.
 */
import { serve } from '#platform/cli/run.ts'
import type { Registry } from '#platform/module.ts'
import { program } from '../../src/modules.ts'

const [name, file] = process.argv.slice(2) as [string, string]
const { burn } = (await import(file)) as { burn: (ms: number) => void }
const entry = program.registry[name]!
const burning: Registry = {
  ...program.registry,
  [name]: {
    ...entry,
    async load() {
      const definition = await entry.load()
      return {
        ...definition,
        start(context) {
          const timer = setInterval(() => burn(250), 300)
          const parts = definition.start(context)
          return { ...parts, async stop() { clearInterval(timer); await parts.stop?.() } }
        },
      }
    },
  },
}
await serve({ ...program, registry: burning }, process.env)
