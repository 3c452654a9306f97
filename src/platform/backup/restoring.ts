import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const markOf = (dataDir: string): string => join(dataDir, 'restoring')

/** Stands in DATA_DIR for as long as a restore is under way: what was filled in part is never started. */
export function markRestoring(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  writeFileSync(markOf(dataDir), '', { mode: 0o600 })
}

export const isRestoring = (dataDir: string): boolean => existsSync(markOf(dataDir))

export const endRestoring = (dataDir: string): void => rmSync(markOf(dataDir), { force: true })

/** @throws one sentence where a restore was broken off */
export function refuseHalfRestored(dataDir: string): void {
  if (isRestoring(dataDir)) throw new Error(`A restore into ${dataDir} was broken off: run vellum restore again, which begins anew.`)
}
