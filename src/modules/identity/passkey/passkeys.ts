import { and, asc, eq } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import { Problem } from '#platform/problem.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { SecurityMails } from '../mail/security-mails.ts'
import { lookupDigest, openRecord, personKey, sealRecord } from '../person/sealed-record.ts'
import type { Sessions } from '../session/sessions.ts'
import type { SignedIn } from '../session/signed-in.ts'
import type { IdentityTables } from '../tables.ts'
import { type Challenges, challengeMs } from './challenges.ts'

type Row = IdentityTables['personPasskeys']['$inferSelect']

/** What `sealed` holds. */
interface Record {
  readonly credentialId: string
  /** COSE, base64url. */
  readonly publicKey: string
  readonly transports: readonly string[]
  readonly name: string
  /** Of the authenticator's signatures; 0 where it does not count. */
  readonly counter: number
}

export interface Passkey {
  readonly id: string
  readonly name: string
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
}

/** For the browser, as WebAuthn's JSON forms: `PublicKeyCredentialCreationOptionsJSON` and `…RequestOptionsJSON`. */
export type PasskeyOptions = { readonly challenge: string; readonly [member: string]: unknown }

/** What an authenticator answers, all of it base64url: the members of WebAuthn's `AuthenticatorAttestationResponse`… */
export interface Attested {
  readonly id: string
  readonly clientDataJSON: string
  readonly attestationObject: string
  readonly transports: readonly string[]
}
/** …and of its `AuthenticatorAssertionResponse`. */
export interface Asserted {
  readonly id: string
  readonly clientDataJSON: string
  readonly authenticatorData: string
  readonly signature: string
  /** The person's id: an authenticator that was asked for any passkey always tells it. */
  readonly userHandle: string
}

/**
 * Passkeys (WebAuthn Level 3) of people who sign in: discoverable credentials with user verification, so that one stands for both
 * factors. What authenticators are is not asked (no attestation).
 */
export interface Passkeys {
  /** The oldest first. */
  list(personId: string): Promise<Passkey[]>
  /** @throws {Problem} `state-refused` for more than twenty */
  beginRegistration(signedIn: SignedIn): Promise<PasskeyOptions>
  /** Its session has shown both factors from now on. @throws {Problem} `validation-failed` for an answer to anything else than what this session was asked */
  register(signedIn: SignedIn, name: string, attested: Attested): Promise<Passkey>
  /** @throws {Problem} `not-found`, as for another person's */
  rename(personId: string, id: string, name: string): Promise<Passkey>
  /** @throws {Problem} `not-found`, as for another person's */
  remove(personId: string, id: string): Promise<Passkey>
  /** @param browser that asks, by what its cookie holds */
  beginSignIn(browser: string): Promise<PasskeyOptions>
  /** Whose passkey answered. @throws {Problem} `unauthenticated`, whatever is wrong */
  verify(browser: string, asserted: Asserted): Promise<string>
}

const mostPasskeys = 20

export function createPasskeys(
  { database, keys, publicUrl, now, log }: Pick<IdentityContext, 'database' | 'keys' | 'publicUrl' | 'now' | 'log'>,
  { challenges, sessions, securityMails }: { challenges: Challenges; sessions: Sessions; securityMails: SecurityMails },
): Passkeys {
  const { personPasskeys } = database.tables
  const { origin, hostname: rpID } = new URL(publicUrl)
  // Parsers of certificates and CBOR, which only who uses a passkey needs.
  const webAuthn = () => import('@simplewebauthn/server')

  const digestOf = (credentialId: string) => lookupDigest(keys, 'passkey.credential', credentialId)
  const seal = (id: string, record: Record) => sealRecord(keys, 'person_passkeys', id, record)
  const open = ({ id, sealed }: Pick<Row, 'id' | 'sealed'>) => openRecord(keys, 'person_passkeys', id, sealed) as unknown as Record
  const present = (row: Row): Passkey => ({ id: row.id, name: open(row).name, createdAt: row.createdAt, lastUsedAt: row.lastUsedAt })

  async function rowsOf(personId: string): Promise<Row[]> {
    await keys.load([personKey])
    return database.read.select().from(personPasskeys).where(eq(personPasskeys.userId, personId)).orderBy(asc(personPasskeys.id))
  }

  /** Why the library refused is for the log: it answers to whoever asks. */
  const orRefused = async <R>(verifying: Promise<R>): Promise<R | undefined> =>
    verifying.catch((error: unknown) => {
      log.info({ reason: (error as Error).message }, 'a passkey was refused')
      return undefined
    })

  const ofPerson = (personId: string, id: string) => and(eq(personPasskeys.id, id), eq(personPasskeys.userId, personId))

  return {
    list: async (personId) => (await rowsOf(personId)).map(present),

    async beginRegistration({ sessionId, personId, name, email }) {
      const own = (await rowsOf(personId)).map(open)
      if (own.length >= mostPasskeys) throw tooMany()
      const { generateRegistrationOptions } = await webAuthn()
      const options = await generateRegistrationOptions({
        rpName: 'Vellum',
        rpID,
        userID: new Uint8Array(Buffer.from(personId)),
        userName: email,
        userDisplayName: name,
        challenge: new Uint8Array(Buffer.from(await challenges.issue('register', sessionId), 'base64url')),
        timeout: challengeMs,
        attestationType: 'none',
        excludeCredentials: own.map(({ credentialId, transports }) => ({ id: credentialId, transports: [...transports] })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      })
      return { ...options }
    },

    async register({ sessionId, personId }, name, { id: rawId, transports, ...answered }) {
      const challenge = challengeOf(answered)
      if (challenge === undefined || !(await challenges.take('register', sessionId, challenge))) throw notWhatWasAsked()
      const { verifyRegistrationResponse } = await webAuthn()
      const verified = await orRefused(
        verifyRegistrationResponse({ response: credentialOf(rawId, answered), expectedChallenge: challenge, expectedOrigin: origin, expectedRPID: rpID, requireUserVerification: true }))
      if (!verified?.verified) throw notWhatWasAsked()
      const { id: credentialId, publicKey, counter } = verified.registrationInfo.credential
      await keys.load([personKey])
      const id = uuidv7()
      const record: Record = { credentialId, publicKey: Buffer.from(publicKey).toString('base64url'), transports, name, counter }
      const row: Row = { id, userId: personId, credentialDigest: digestOf(credentialId), sealed: seal(id, record), createdAt: now(), lastUsedAt: null }
      await database.transaction(async (tx) => {
        const own = await tx.$count(personPasskeys, eq(personPasskeys.userId, personId))
        if (own >= mostPasskeys) throw tooMany()
        const written = await tx.insert(personPasskeys).values(row).onConflictDoNothing({ target: personPasskeys.credentialDigest }).returning({ id: personPasskeys.id })
        if (written.length === 0) throw new Problem('already-exists', 'Use another authenticator: this passkey is registered.')
        await sessions.markBothFactors(tx, sessionId)
        await tx.audit({ organizationId: personKey, action: 'passkey.added', target: id, details: { person: personId } })
        await securityMails.write(tx, personId, 'passkey-added')
      })
      return present(row)
    },

    async rename(personId, id, name) {
      await keys.load([personKey])
      return database.transaction(async (tx) => {
        const [row] = await tx.select().from(personPasskeys).where(ofPerson(personId, id))
        if (!row) throw notFound()
        const sealed = seal(id, { ...open(row), name })
        await tx.update(personPasskeys).set({ sealed }).where(eq(personPasskeys.id, id))
        await tx.audit({ organizationId: personKey, action: 'passkey.renamed', target: id, details: { person: personId } })
        return present({ ...row, sealed })
      })
    },

    async remove(personId, id) {
      await keys.load([personKey])
      return database.transaction(async (tx) => {
        const [row] = await tx.delete(personPasskeys).where(ofPerson(personId, id)).returning()
        if (!row) throw notFound()
        await tx.audit({ organizationId: personKey, action: 'passkey.removed', target: id, details: { person: personId } })
        await securityMails.write(tx, personId, 'passkey-removed')
        return present(row)
      })
    },

    async beginSignIn(browser) {
      const { generateAuthenticationOptions } = await webAuthn()
      const challenge = new Uint8Array(Buffer.from(await challenges.issue('sign-in', browser), 'base64url'))
      return { ...(await generateAuthenticationOptions({ rpID, challenge, timeout: challengeMs, userVerification: 'required' })) }
    },

    async verify(browser, { id: rawId, ...answered }) {
      const challenge = challengeOf(answered)
      if (challenge === undefined || !(await challenges.take('sign-in', browser, challenge))) throw refused()
      await keys.load([personKey])
      const [row] = await database.read.select().from(personPasskeys).where(eq(personPasskeys.credentialDigest, digestOf(rawId)))
      // Whose passkey it is, the authenticator says too: Web Authentication, section 7.2, step 6.
      if (!row || Buffer.from(answered.userHandle, 'base64url').toString() !== row.userId) throw refused()
      const { credentialId, publicKey } = open(row)
      const { verifyAuthenticationResponse } = await webAuthn()
      const verified = await orRefused(verifyAuthenticationResponse({
        response: credentialOf(rawId, answered), expectedChallenge: challenge, expectedOrigin: origin, expectedRPID: rpID, requireUserVerification: true,
        // The counter is compared below, in the transaction that writes it.
        credential: { id: credentialId, publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')), counter: 0 },
      }))
      if (!verified?.verified) throw refused()
      const { newCounter } = verified.authenticationInfo
      const isUsed = await database.transaction(async (tx) => {
        const [current] = await tx.select().from(personPasskeys).where(eq(personPasskeys.id, row.id))
        if (!current) return false
        const record = open(current)
        // Section 6.1.1: one that counts always counts up; else there is a copy of it somewhere.
        if ((newCounter > 0 || record.counter > 0) && newCounter <= record.counter) {
          await tx.audit({ organizationId: personKey, action: 'passkey.counter-went-back', target: row.id, details: { person: row.userId } })
          return false
        }
        await tx.update(personPasskeys).set({ lastUsedAt: now(), sealed: seal(row.id, { ...record, counter: newCounter }) }).where(eq(personPasskeys.id, row.id))
        await tx.audit({ organizationId: personKey, action: 'passkey.used', target: row.id, details: { person: row.userId } })
        return true
      })
      if (!isUsed) throw refused()
      return row.userId
    },
  }
}

const credentialOf = <R>(id: string, response: R) => ({ id, rawId: id, type: 'public-key' as const, clientExtensionResults: {}, response })

/** What an authenticator says that it was asked. */
function challengeOf({ clientDataJSON }: { readonly clientDataJSON: string }): string | undefined {
  try {
    const { challenge } = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()) as { challenge?: unknown }
    return typeof challenge === 'string' ? challenge : undefined
  } catch {
    return undefined
  }
}

const notWhatWasAsked = () => new Problem('validation-failed', 'Begin again with POST /v1/passkeys/options: this does not answer what your session was asked.')
const refused = () => new Problem('unauthenticated', 'Try again, or sign in another way: this passkey was not accepted.')
const tooMany = () => new Problem('state-refused', `Remove a passkey first: ${mostPasskeys} are enough.`)
const notFound = () => new Problem('not-found', 'You have no passkey of this id.')
