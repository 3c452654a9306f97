import { asc, eq } from 'drizzle-orm'
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Transaction } from '#platform/database/database.ts'
import { installation } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { TokenKey } from '../contract.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { IdentityTables, PublicJwk } from '../tables.ts'
import { publishedKeys, type SigningKeyDates, signingKeyOf, stateOf, successorIsDue } from './signing-key-rules.ts'

export interface SigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
}

/** The installation's Ed25519 keys for access tokens, kept sealed: docs/decisions/0201. */
export interface SigningKeys {
  /** Makes the first key where there is none. The installation's key must exist. */
  prepare(): Promise<void>
  /** The one that signs now; looked up every few seconds. Makes its successor when it has grown old. */
  current(): Promise<SigningKey>
  /** What verifiers need: keys that are about to sign, and retired ones for as long as a token of theirs may live. */
  published(): Promise<PublicJwk[]>
  /** `kid` of all that were withdrawn: tokens of theirs are void. */
  withdrawn(): Promise<string[]>
  list(): Promise<TokenKey[]>
  /** Makes a successor that signs in a while; while one waits, answers that one. */
  rotate(): Promise<TokenKey>
  /** Voids a key and all its tokens. Another signs from now on. Throws `not-found`. */
  withdraw(kid: string): Promise<TokenKey>
}

type Row = IdentityTables['signingKeys']['$inferSelect']
type Tx = Transaction<IdentityTables>

/** How long another process may go on with the key that it knows. */
const heldMs = 5_000

export function createSigningKeys({ database, keys, config, now }: Pick<IdentityContext, 'database' | 'keys' | 'config' | 'now'>): SigningKeys {
  const { signingKeys } = database.tables
  const leadMs = config.TOKEN_KEY_LEAD_SECONDS * 1_000
  let held: { key: SigningKey; until: number } | undefined

  const all = async (): Promise<Row[]> => database.read.select().from(signingKeys).orderBy(asc(signingKeys.createdAt), asc(signingKeys.kid))
  const datesOf = (row: Row): SigningKeyDates => ({ ...row, activeFrom: row.activeFrom ?? row.createdAt })
  const present = (row: Row): TokenKey => {
    const dates = datesOf(row)
    return {
      kid: row.kid,
      state: stateOf(dates, now()),
      createdAt: row.createdAt.toISOString(),
      activeFrom: dates.activeFrom.toISOString(),
      ...(row.retiredAt && { retiredAt: row.retiredAt.toISOString() }),
      ...(row.withdrawnAt && { withdrawnAt: row.withdrawnAt.toISOString() }),
    }
  }
  const signerAmong = (rows: readonly Row[]) => signingKeyOf(rows.map((row) => ({ ...datesOf(row), row })), now())?.row
  const waitingAmong = (rows: readonly Row[]) => rows.find((row) => stateOf(datesOf(row), now()) === 'waiting')

  /** A new key; of several that are made to follow the same one, at once or twice, the first is. */
  async function make(activeFrom: Date, replaces: string | null) {
    await keys.load([installation])
    const { kid, jwk, privateKey } = newSigningKey()
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
    const row = {
      kid,
      publicKey: { kty: 'OKP', crv: 'Ed25519', x: jwk.x, kid, alg: 'EdDSA', use: 'sig' },
      privateKey: keys.seal(installation, placeOf(kid), pkcs8),
      createdAt: now(),
      activeFrom,
      replaces,
    }
    return async (tx: Tx): Promise<void> => {
      const inserted = await tx.insert(signingKeys).values(row).onConflictDoNothing({ target: signingKeys.replaces }).returning({ kid: signingKeys.kid })
      if (inserted.length === 0) return
      await tx.audit({ organizationId: installation, action: 'signing-key.created', target: kid })
      if (replaces !== null) await tx.update(signingKeys).set({ retiredAt: activeFrom }).where(eq(signingKeys.kid, replaces))
    }
  }

  async function makeSuccessor(of: Row): Promise<Row> {
    await database.transaction(await make(new Date(now().getTime() + leadMs), of.kid))
    return (await all()).find(({ replaces }) => replaces === of.kid)!
  }

  return {
    async prepare() {
      // Two processes that start at once may both make one; both are published then, and the newest signs.
      if (!signerAmong(await all())) await database.transaction(await make(now(), null))
    },

    async current() {
      const at = now().getTime()
      if (held && at < held.until) return held.key
      const rows = await all()
      const row = signerAmong(rows)
      if (!row) throw new Error('There is no signing key: prepare() makes it at the start.')
      if (!waitingAmong(rows) && successorIsDue(datesOf(row), now(), config.TOKEN_KEY_DAYS)) await makeSuccessor(row)
      await keys.load([installation])
      const pkcs8 = Buffer.from(keys.open(placeOf(row.kid), row.privateKey))
      held = { key: { kid: row.kid, privateKey: createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }) }, until: at + Math.min(heldMs, leadMs / 4) }
      return held.key
    },

    published: async () => publishedKeys((await all()).map((row) => ({ ...datesOf(row), publicKey: row.publicKey })), now()).map(({ publicKey }) => publicKey),

    withdrawn: async () => (await all()).filter(({ withdrawnAt }) => withdrawnAt !== null).map(({ kid }) => kid),

    list: async () => (await all()).map(present),

    async rotate() {
      const rows = await all()
      return present(waitingAmong(rows) ?? (await makeSuccessor(signerAmong(rows)!)))
    },

    async withdraw(kid) {
      const rows = await all()
      const row = rows.find((one) => one.kid === kid)
      if (!row) throw new Problem('not-found', 'There is no such key; see vellum token-keys list.')
      if (row.withdrawnAt) return present(row)
      const at = now()
      const others = rows.filter((one) => one !== row)
      const waiting = waitingAmong(others)
      const isSigner = row === signerAmong(rows)
      const makeOther = isSigner && !waiting ? await make(at, null) : undefined
      await database.transaction(async (tx) => {
        // Whoever it was to follow goes on, and may get another successor.
        await tx.update(signingKeys).set({ withdrawnAt: at, replaces: null }).where(eq(signingKeys.kid, kid))
        if (row === waitingAmong(rows) && row.replaces !== null)
          await tx.update(signingKeys).set({ retiredAt: null }).where(eq(signingKeys.kid, row.replaces))
        // It signs sooner than was told: an unknown key for a moment is better than a void one.
        if (isSigner && waiting) await tx.update(signingKeys).set({ activeFrom: at }).where(eq(signingKeys.kid, waiting.kid))
        await makeOther?.(tx)
        await tx.audit({ organizationId: installation, action: 'signing-key.withdrawn', target: kid })
      })
      held = undefined
      return present({ ...row, withdrawnAt: at })
    },
  }
}

const placeOf = (kid: string) => ({
  organizationId: installation,
  table: 'signing_keys',
  column: 'private_key',
  row: kid,
})

/** Its `kid` is the thumbprint (RFC 7638), and begins with no hyphen: on a command line it would be an option. */
export function newSigningKey() {
  for (;;) {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const jwk = publicKey.export({ format: 'jwk' })
    const kid = jwkThumbprint(jwk)
    if (!kid.startsWith('-')) return { kid, jwk, privateKey }
  }
}

/** RFC 7638 with the members of RFC 8037: base64url of SHA-256. */
const jwkThumbprint = ({ crv, kty, x }: { crv?: string; kty?: string; x?: string }): string =>
  createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url')
