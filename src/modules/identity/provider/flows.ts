import { and, eq, gt, lt } from 'drizzle-orm'
import { randomBytes } from 'node:crypto'
import type { IdentityContext } from '../identity-context.ts'
import { openRecord, personKey, sealRecord } from '../person/sealed-record.ts'
import { tokenHash } from '../token-hash.ts'
import type { Secrets } from './openid.ts'

/** That somebody may take at their provider. */
export const flowSeconds = 600

/** Who is on the way to a provider and back: each way is good once, in the browser that began it, for ten minutes. */
export interface Flows {
  /** @returns what the browser must show when it comes back */
  begin(providerId: string, secrets: Secrets): Promise<string>
  /** Undefined for a state that is unknown, was used, is too old, or was begun in another browser. */
  take(state: string, browser: string): Promise<{ providerId: string; secrets: Secrets } | undefined>
}

export function createFlows({ database, keys, now }: Pick<IdentityContext, 'database' | 'keys' | 'now'>): Flows {
  const { signInFlows } = database.tables
  return {
    async begin(providerId, { state, ...secret }) {
      await keys.load([personKey])
      const browser = randomBytes(32).toString('base64url')
      const id = tokenHash(state)
      const sealed = sealRecord(keys, 'sign_in_flows', id, secret)
      await database.transaction(async (tx) => {
        await tx.delete(signInFlows).where(lt(signInFlows.expiresAt, now()))
        await tx.insert(signInFlows).values({ id, providerId, browserHash: tokenHash(browser), sealed, expiresAt: new Date(now().getTime() + flowSeconds * 1_000) })
      })
      return browser
    },

    async take(state, browser) {
      await keys.load([personKey])
      const [row] = await database.transaction((tx) =>
        tx
          .delete(signInFlows)
          .where(and(eq(signInFlows.id, tokenHash(state)), eq(signInFlows.browserHash, tokenHash(browser)), gt(signInFlows.expiresAt, now())))
          .returning())
      if (!row) return undefined
      const { nonce, verifier } = openRecord(keys, 'sign_in_flows', row.id, row.sealed) as { nonce: string; verifier: string }
      return { providerId: row.providerId, secrets: { state, nonce, verifier } }
    },
  }
}
