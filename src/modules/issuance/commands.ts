import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { type AddCommands, answer, problemOfResponse } from '#platform/cli/command.ts'
import type { Control } from '#platform/cli/control.ts'
import { identity } from '#modules/identity/index.ts'
import type { BatchView } from './batch/batches.ts'

async function json<T>(response: Response): Promise<T> {
  if (!response.ok) throw await problemOfResponse(response)
  return (await response.json()) as T
}

async function follow(control: Control, path: string, headers: Record<string, string>): Promise<BatchView> {
  for (;;) {
    const batch = await json<BatchView>(await control.fetch(path, { headers }))
    process.stderr.write(`\r${batch.summary} ${batch.progress.issued ?? 0} issued.   `)
    if (batch.state === 'finished' || batch.state === 'failed') {
      process.stderr.write('\n')
      return batch
    }
    await delay(500)
  }
}

/** `vellum issue FILE`. */
export const issuanceCommands: AddCommands = (program, run) => {
  program
    .command('issue <file>')
    .description('issue to everyone in a CSV file; the same file again issues nothing twice')
    .requiredOption('--organization <slug>')
    .option('--template <slug>', 'slug or id of a template', 'certificate-classic')
    .option('--achievement <name>', 'for a file without a column for it')
    .option('--no-notify', 'tell nobody by e-mail')
    .option('--no-wait', 'return as soon as the file is stored')
    .option('--json', 'one line of JSON')
    .action((file, { organization: slug, template, achievement, notify, wait, json: asJson }) =>
      run(async (control) => {
        const client = control.client(identity)
        const { id: organizationId } = await client.organization({ slug })
        const { accessToken } = await client.mintAccessToken({
          organizationId,
          scopes: ['credentials:write', 'credentials:read'],
          actor: 'cli',
        })
        const headers = { authorization: `Bearer ${accessToken}` }
        const query = new URLSearchParams({ template, notify: String(notify), ...(achievement && { achievement }) })
        const { id } = await json<{ id: string }>(
          await control.fetch(`/v1/batches?${query}`, {
            method: 'POST',
            headers: { ...headers, 'content-type': 'text/csv', 'idempotency-key': randomUUID() },
            body: Readable.toWeb(createReadStream(file)) as ReadableStream,
            duplex: 'half',
          }),
        )
        const path = `/v1/batches/${id}`
        // Without a running process nobody would do the work that is waited for.
        if (!wait || !control.running) {
          const batch = await json<BatchView>(await control.fetch(path, { headers }))
          answer(asJson, batch, [`The file is stored as batch ${id}; it is issued by the running process.`])
          return
        }
        const batch = await follow(control, path, headers)
        const { errors } = await json<{ errors: { line: number; column: string | null; message: string }[] }>(
          await control.fetch(`${path}/errors?limit=1000`, { headers }),
        )
        const lines = errors.map((error) => `line ${error.line}${error.column ? `, ${error.column}` : ''}: ${error.message}`)
        answer(asJson, { ...batch, errors }, [batch.summary, ...lines])
      }),
    )
}
