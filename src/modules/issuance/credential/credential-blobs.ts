import { randomBytes } from 'node:crypto'
import type { Blobs } from '#platform/blobs/blobs.ts'

/** The folder of a credential's pictures. */
export const credentialBlobs = (credentialId: string): string => `credentials/${credentialId}/`

/**
 * PDFs of credentials that were accepted within the same four seconds lie in one folder: what is printed together is made
 * durable together, and no folder grows beyond some ten thousand files. An id is a UUIDv7, so it begins with its time.
 */
const filesOf = (credentialId: string): string => {
  const hex = credentialId.replaceAll('-', '')
  return `certificates/${hex.slice(0, 6)}/${hex.slice(6, 9)}/${credentialId}.`
}

/**
 * A name that no other attempt has. Each attempt signs anew, and a PDF carries the document of its own attempt: the row
 * names the one that it was committed with.
 */
export const newCertificateBlob = (credentialId: string): string =>
  `${filesOf(credentialId)}${randomBytes(9).toString('base64url')}.pdf`

/** Deletes the PDFs of a credential, those too that an attempt without a commit left behind, and its pictures. @returns how many */
export async function deleteFiles(blobs: Blobs, credentialId: string): Promise<number> {
  const names = [...(await blobs.names(filesOf(credentialId))), ...(await blobs.names(credentialBlobs(credentialId)))]
  for (const name of names) await blobs.delete(name)
  await blobs.delete(credentialBlobs(credentialId))
  return names.length
}
