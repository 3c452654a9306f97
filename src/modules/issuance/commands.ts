import { randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import { extname } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { type AddCommands, answer, problemOfResponse } from '#platform/cli/command.ts'
import type { Control } from '#platform/cli/control.ts'
import { Problem } from '#platform/problem.ts'
import { identity } from '#modules/identity/index.ts'
import type { BatchView } from './batch/batches.ts'
import type { DryRun } from './batch/dry-run.ts'
import { workbookType } from './batch/file-format.ts'

/** By what a file is called; of another the content alone tells. */
const mediaTypes: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.ndjson': 'application/x-ndjson',
  '.jsonl': 'application/jsonl',
  '.xlsx': workbookType,
}

export const mediaTypeOf = (path: string): string => mediaTypes[extname(path).toLowerCase()] ?? 'application/octet-stream'

async function json<T>(response: Response): Promise<T> {
  if (!response.ok) throw await problemOfResponse(response)
  return (await response.json()) as T
}

/** Nothing is asked of the modules before it is sure that there is a file. */
async function openFile(path: string): Promise<ReadableStream<Uint8Array>> {
  const handle = await open(path).catch(() => undefined)
  if (handle && (await handle.stat()).isFile()) return Readable.toWeb(handle.createReadStream()) as ReadableStream<Uint8Array>
  await handle?.close()
  throw new Problem('not-found', `${path} cannot be read; name a file that exists.`)
}

const ends: readonly BatchView['state'][] = ['finished', 'failed', 'cancelled']

/** Tells how far a batch is, until nothing more becomes of it. */
export async function follow(control: Pick<Control, 'fetch'>, path: string, headers: Record<string, string>): Promise<BatchView> {
  for (;;) {
    const batch = await json<BatchView>(await control.fetch(path, { headers }))
    process.stderr.write(`\r${batch.summary} ${batch.progress.issued ?? 0} issued.   `)
    if (ends.includes(batch.state)) {
      process.stderr.write('\n')
      return batch
    }
    await delay(500)
  }
}

type Fault = { readonly line: number; readonly column: string | null; readonly message: string }
const faultLine = ({ line, column, message }: Fault): string => `line ${line}${column === null ? '' : `, ${column}`}: ${message}`

function dryRunLines({ rows, created, existing, refused, failure, errors }: DryRun): string[] {
  const would = `Of ${rows} records ${created} would be new, ${existing} are there already, ${refused} would be refused. Nothing was written.`
  return [would, ...(failure === null ? [] : [failure]), ...errors.map(faultLine)]
}

/** `vellum issue FILE`. */
export const issuanceCommands: AddCommands = (program, run) => {
  program
    .command('issue <file>')
    .description('issue to everyone in a file (.csv, .ndjson, .jsonl, .xlsx); the same file again issues nothing twice')
    .requiredOption('--organization <slug>')
    .option('--template <slug>', 'slug or id of a template', 'certificate-classic')
    .option('--achievement <name>', 'for a file without a column for it')
    .option('--sheet <name>', 'of a workbook; its first unless told')
    .option('--dry-run', 'read the file, write nothing, and say what would happen')
    .option('--no-notify', 'tell nobody by e-mail')
    .option('--no-wait', 'return as soon as the file is stored')
    .option('--json', 'one line of JSON')
    .action((file, { organization: slug, template, achievement, sheet, dryRun, notify, wait, json: asJson }) =>
      run(async (control) => {
        const body = await openFile(file)
        const client = control.client(identity)
        const { id: organizationId } = await client.organization({ slug })
        const { accessToken } = await client.mintAccessToken({
          organizationId,
          scopes: ['credentials:write', 'credentials:read'],
          actor: 'cli',
        })
        const headers = { authorization: `Bearer ${accessToken}` }
        const query = new URLSearchParams({
          template,
          notify: String(notify),
          ...(achievement && { achievement }),
          ...(sheet && { sheet }),
          ...(dryRun && { dryRun: 'true' }),
        })
        const response = await control.fetch(`/v1/batches?${query}`, {
          method: 'POST',
          headers: { ...headers, 'content-type': mediaTypeOf(file), 'idempotency-key': randomUUID() },
          body,
          duplex: 'half',
        })
        if (dryRun) {
          const would = await json<DryRun>(response)
          answer(asJson, would, dryRunLines(would))
          return
        }
        const { id } = await json<{ id: string }>(response)
        const path = `/v1/batches/${id}`
        // Without a running process nobody would do the work that is waited for.
        if (!wait || !control.running) {
          const batch = await json<BatchView>(await control.fetch(path, { headers }))
          const next = control.running ? 'The running process issues it now.' : 'Start Vellum, and it is issued.'
          answer(asJson, batch, [`The file is stored as batch ${id}. ${next}`])
          return
        }
        const batch = await follow(control, path, headers)
        const { errors } = await json<{ errors: Fault[] }>(
          await control.fetch(`${path}/errors?limit=1000`, { headers }),
        )
        answer(asJson, { ...batch, errors }, [batch.summary, ...errors.map(faultLine)])
      }),
    )
}
