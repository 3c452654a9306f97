import { createHash } from 'node:crypto'

/** What is kept of a random token that is shown once: SHA-256, base64url. */
export const tokenHash = (token: string): string => createHash('sha256').update(token).digest('base64url')
