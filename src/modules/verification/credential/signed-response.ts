import { uncached } from '../page/for-people.ts'

/** The signed credential, byte for byte. @param fileName given: to be saved under it */
export function signedResponse(document: string, type: string, fileName?: string): Response {
  const headers: Record<string, string> = { 'content-type': type, ...uncached, ...unindexed }
  if (fileName !== undefined) headers['content-disposition'] = `attachment; filename="${fileName}"`
  return new Response(document, { headers })
}

/** Who is named in a credential did not ask to be found by search engines: docs/decisions/0141. */
export const unindexed = { 'x-robots-tag': 'noindex, noarchive' }
