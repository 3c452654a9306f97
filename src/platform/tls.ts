import { readFileSync } from 'node:fs'
import { ConfigurationError } from './config.ts'

/**
 * What every listener accepts and every connection offers where TLS is on: TLS 1.3 with AES-256 and nothing else. Node takes
 * suites of TLS 1.3 in the same list; Deno heeds the version alone.
 */
export const aes256Alone = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_256_GCM_SHA384' } as const

/** PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** What a process shows to the others, and whom it believes: whoever has a certificate of this authority. PEM. */
export interface InternalTls extends Certificate {
  readonly ca: string
}

interface Files {
  readonly TLS_CERT_FILE?: string | undefined
  readonly TLS_KEY_FILE?: string | undefined
  readonly INTERNAL_TLS_CERT_FILE?: string | undefined
  readonly INTERNAL_TLS_KEY_FILE?: string | undefined
  readonly INTERNAL_TLS_CA_FILE?: string | undefined
}

function pem(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new ConfigurationError([`${setting}: ${file} cannot be read; name a PEM file that exists.`])
  }
}

/** The public listener's certificate; undefined without TLS. Throws `ConfigurationError` when a file cannot be read. */
export const publicCertificate = ({ TLS_CERT_FILE: cert, TLS_KEY_FILE: key }: Files): Certificate | undefined =>
  cert === undefined || key === undefined ? undefined : { cert: pem('TLS_CERT_FILE', cert), key: pem('TLS_KEY_FILE', key) }

/** Undefined where processes talk in clear. Throws `ConfigurationError` when a file cannot be read. */
export function internalTls(files: Files): InternalTls | undefined {
  const { INTERNAL_TLS_CERT_FILE: cert, INTERNAL_TLS_KEY_FILE: key, INTERNAL_TLS_CA_FILE: ca } = files
  if (cert === undefined || key === undefined || ca === undefined) return undefined
  return {
    cert: pem('INTERNAL_TLS_CERT_FILE', cert),
    key: pem('INTERNAL_TLS_KEY_FILE', key),
    ca: pem('INTERNAL_TLS_CA_FILE', ca),
  }
}
