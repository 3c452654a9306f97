import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMasterKey } from '#platform/crypto/master-key.ts'

/** The secret of service tokens that follows from a master key, as the process itself derives it. */
export function serviceSecretOf(masterKey: string): Uint8Array {
  const dataDir = mkdtempSync(join(tmpdir(), 'vellum-key-'))
  try {
    return new TextEncoder().encode(openMasterKey({ dataDir, env: { MASTER_KEY: masterKey.trim() }, mayCreate: false }).serviceSecret)
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}
