import { fail, serve } from '#platform/cli/run.ts'
import { program } from './modules.ts'

await serve(program, process.env).catch(fail)
