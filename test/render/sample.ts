import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { builtInDesigns } from '../../src/modules/issuance/render/designs/designs.ts'
import type { RenderInput } from '../../src/modules/issuance/render/input.ts'

export type SampleRow = { name: string; course: string; completed_on: string; external_id: string; locale: string }

/** The thousand recipients of test/data: eleven scripts, a very long name, one that is HTML, one that is a formula. */
export function sampleRows(): SampleRow[] {
  return parse(readFileSync(new URL('../data/recipients-1000.csv', import.meta.url)), { bom: true, columns: true })
}

export const DESIGNS = builtInDesigns.map(({ id }) => id)

/** A certificate's input, with whatever the test is about. */
export function sampleInput(change: Partial<RenderInput> & { name?: string; course?: string } = {}): RenderInput {
  const { name = 'Ada Lovelace', course = 'Distributed Systems', ...rest } = change
  return {
    design: 'certificate-classic',
    values: {
      recipientName: name,
      achievementName: course,
      issuerName: 'Northwind Institute',
      completedOn: '2026-03-07',
      issuedOn: '2026-11-23T10:00:00Z',
    },
    locale: 'en',
    verifyUrl: 'https://credentials.example.org/v/Zk3v9QmT2xW8sLrB5nPd4A',
    credentialJson: '{"type":["VerifiableCredential"],"name":"Zoë"}',
    documentId: 'urn:uuid:0198a1f0-0000-7000-8000-000000000001',
    title: `Certificate: ${course}`,
    ...rest,
  }
}
