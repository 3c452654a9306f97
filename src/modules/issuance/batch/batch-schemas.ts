import { z } from '@hono/zod-openapi'

/** Where a batch is. */
export const BatchStateName = z.enum(['importing', 'issuing', 'paused', 'finished', 'failed', 'cancelling', 'cancelled'])

const Columns = z.record(z.string(), z.string()).openapi({ description: 'The heading that each field is read from, guessed or chosen.' })

/** How far a batch is. */
export const Batch = z
  .object({
    id: z.string(),
    state: BatchStateName,
    columns: Columns,
    rows: z.number().int(),
    created: z.number().int(),
    existing: z.number().int(),
    refused: z.number().int(),
    progress: z.record(z.string(), z.number().int()),
    abandoned: z.number().int().openapi({ description: 'New credentials that could not be issued: given up after several failures, or erased.' }),
    stages: z
      .object({ read: z.number().int(), accepted: z.number().int(), issued: z.number().int() })
      .openapi({ description: 'How many records came how far; each stage counts those of the later ones too.' }),
    rate: z.number().nullable().openapi({ description: 'Credentials issued a second, over the last minute; null unless it is being read or issued.' }),
    remainingSeconds: z.number().int().nullable().openapi({ description: 'Until everything is issued, at that rate; null while it cannot be told.' }),
    summary: z.string(),
    failure: z.string().nullable(),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .openapi('Batch')

/** Why a record was refused. */
export const RowError = z
  .object({
    line: z.number().int().openapi({ description: 'First physical line of the record, from 1.' }),
    record: z.number().int().openapi({ description: 'Number of the record, from 1, without the header.' }),
    column: z.string().nullable(),
    code: z.string(),
    message: z.string(),
  })
  .openapi('RowError')

/** The answer to a file that was stored. */
export const AcceptedBatch = z
  .object({ id: z.string(), links: z.object({ self: z.string(), errors: z.string() }) })
  .openapi('AcceptedBatch')


/** The answer to a file that was only looked at. */
export const DryRun = z
  .object({
    rows: z.number().int(),
    created: z.number().int().openapi({ description: 'Records that would become new credentials.' }),
    existing: z.number().int().openapi({ description: 'Records whose credential is there already.' }),
    refused: z.number().int(),
    columns: Columns,
    unused: z.array(z.string()).openapi({ description: 'Headings that nothing is read from.' }),
    errors: z.array(RowError).openapi({ description: 'The first hundred.' }),
    examples: z.array(
      z.object({
        line: z.number().int(),
        outcome: z.enum(['new', 'existing']),
        name: z.string(),
        email: z.string(),
        achievement: z.string(),
        completedOn: z.string().optional(),
        externalId: z.string().optional(),
        occurrence: z.string(),
        locale: z.string(),
      }),
    ).openapi({ description: 'The first records that would be issued, as they would be.' }),
    failure: z.string().nullable().openapi({ description: 'Why the file cannot be read to its end.' }),
  })
  .openapi('BatchDryRun')
