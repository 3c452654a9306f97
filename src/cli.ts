import { fail, runCommandLine } from '#platform/cli/run.ts'
import { commands, program } from './modules.ts'

await runCommandLine(program, await commands(), process.argv.slice(2), process.env).catch(fail)
