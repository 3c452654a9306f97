import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AddCommands, answer } from '#platform/cli/command.ts'
import { Problem } from '#platform/problem.ts'
import { verification } from './contract.ts'
import { readCheckpointText } from './log/checkpoint.ts'
import { entriesOf, TILE_WIDTH, tilePath } from './log/tile.ts'

/** Bundles of 256 entries that are handed over at once. */
const BUNDLES_AT_ONCE = 8

/** `vellum log recover`. */
export const verificationCommands: AddCommands = (program, run) => {
  program
    .command('log')
    .description('the transparency log')
    .command('recover <copy>')
    .description('take leaves back from a copy of the published log: its address, or a folder with checkpoint and tile/entries')
    .option('--json', 'one line of JSON')
    .action((copy, { json }) =>
      run(async (control) => {
        const client = control.client(verification)
        const note = Buffer.from(await readCopy(copy, 'checkpoint')).toString()
        const { size } = readCheckpointText(note)
        const { size: here } = await client.logState({})
        let leaves: string[] = []
        const first = Math.floor(here / TILE_WIDTH)
        for (let index = first; index * TILE_WIDTH < size; index++) {
          const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH)
          const bundle = await readCopy(copy, tilePath({ level: 'entries', index, width }))
          leaves.push(...entriesOf(bundle).map((entry) => Buffer.from(entry).toString('base64')))
          const isLast = (index + 1) * TILE_WIDTH >= size
          if (!isLast && leaves.length < BUNDLES_AT_ONCE * TILE_WIDTH) continue
          await client.recoverLog({ note, from: (index + 1) * TILE_WIDTH - TILE_WIDTH + width - leaves.length, leaves })
          leaves = []
        }
        answer(json, { size }, [`The leaves up to ${size} are here; the log goes on behind them in a moment.`])
      }),
    )
}

async function readCopy(copy: string, path: string): Promise<Uint8Array> {
  if (!/^https?:\/\//.test(copy)) {
    return readFile(join(copy, path)).catch(() => {
      throw new Problem('not-found', `The copy in ${copy} has no ${path}.`)
    })
  }
  const response = await fetch(`${copy.replace(/\/+$/, '')}/${path}`, { redirect: 'error' }).catch(() => undefined)
  if (!response?.ok) throw new Problem('not-found', `The copy at ${copy} has no ${path}.`)
  return response.bytes()
}
