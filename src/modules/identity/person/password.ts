import { z } from 'zod'

/** Shorter ones are refused. No rule about kinds of characters: NIST SP 800-63B, section 3.1.1. */
export const passwordLength = { min: 12, max: 128 } as const

export const NewPassword = z
  .string()
  .min(passwordLength.min, `Use at least ${passwordLength.min} characters.`)
  .max(passwordLength.max, `Use at most ${passwordLength.max} characters.`)
