import { carriedFile } from '#platform/executable.ts'
import { fail, runCommandLine, serve } from '#platform/cli/run.ts'
import type { AddCommands } from '#platform/cli/command.ts'
import { commands, program } from './modules.ts'

/** The entry of the single executable: the command line and, without an argument, the server. */
const licences: AddCommands = (command) => {
  command
    .command('licences')
    .description('print the licences of everything that this file contains')
    .action(() => void process.stdout.write(carriedFile('licences.txt')))
}

const given = process.argv.slice(2)
await (given.length === 0
  ? serve(program, process.env)
  : runCommandLine(program, [...(await commands()), licences], given, process.env)).catch(fail)
