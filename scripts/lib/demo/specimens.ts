import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Smtp } from '../../../test/servers/smtp.ts'
import { pdfOf } from './check-credentials.ts'

/** A credential as the API lists it. */
export interface Listed {
  readonly id: string
  readonly publicUrl: string
  readonly recipient: { readonly name: string; readonly email: string; readonly locale: string } | null
}

/** A few that are worth looking at: some scripts, and the longest name. */
export function chooseSpecimens(issued: readonly Listed[]): Listed[] {
  const named = issued.filter(({ recipient }) => recipient !== null)
  const nameOf = ({ recipient }: Listed): string => recipient?.name ?? ''
  const chosen = [
    named.find(({ recipient }) => recipient?.locale === 'en'),
    ...['Arab', 'Deva', 'Hani'].map((script) => named.find((one) => new RegExp(`\\p{Script=${script}}`, 'u').test(nameOf(one)))),
    named.toSorted((a, b) => nameOf(b).length - nameOf(a).length)[0],
  ]
  return [...new Set(chosen.filter((one) => one !== undefined))]
}

/** Writes the PDFs that were mailed for these. @returns their paths, in the same order */
export async function writeSpecimens(specimens: readonly Listed[], smtp: Smtp, folder: string): Promise<string[]> {
  const mails = await smtp.messages()
  const paths: string[] = []
  for (const [at, { publicUrl }] of specimens.entries()) {
    const pdf = mails.find(({ text }) => text.includes(publicUrl))
    const bytes = pdf && pdfOf(pdf)
    if (!bytes) continue
    const path = join(folder, `certificate-${at + 1}.pdf`)
    await writeFile(path, bytes)
    paths.push(path)
  }
  return paths
}
