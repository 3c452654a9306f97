import type { OrganizationId } from '../organization-id.ts'

/** Where a sealed value lives; authenticated with it, so that a ciphertext moved to another place does not open. */
export interface SealPlace {
  /** Whose row it is; of what is sealed with the installation's key: `installation`. */
  readonly organizationId: OrganizationId
  /** As the database calls them. */
  readonly table: string
  readonly column: string
  /**
   * The row's primary key; of several columns all but the organization, with "/" between them. A rotation re-seals by this rule
   * (decision 0210): what is sealed for another name is not found again.
   */
  readonly row: string
}

/**
 * The data keys that this process holds for a minute, fetched from `identity` in batches of up to 500 and never stored.
 * `load` before a transaction; everything else is synchronous, so that it may be used inside one.
 * A subject is an organization's id, a recipient's id, or `installation`.
 */
export interface KeyRing {
  /** Fetches what is not held. Erased subjects are remembered as erased; an unknown subject throws `Problem('not-found')`. */
  load(subjects: Iterable<string>): Promise<void>
  /** Throws if the key is not loaded or erased. */
  seal(subject: string, place: SealPlace, plaintext: string | Uint8Array): Uint8Array
  /** The subject and key version are read from the sealed value itself: see `sealedSubject`. Throws `KeyErased` or on any tampering. */
  open(place: SealPlace, sealed: Uint8Array): Uint8Array
  openText(place: SealPlace, sealed: Uint8Array): string
  isErased(subject: string): boolean
  /** HMAC-SHA-256 keyed by the organization, one purpose apart from another; base64url. The organization's key must be loaded. */
  digest(organizationId: OrganizationId, purpose: string, value: string): string
  /** Drops a key from memory, for `recipient.erased`. */
  forget(subject: string): void
  /** Has the next `load` fetch it anew, for a new version of it. What was loaded before stays usable. */
  renew(subject: string): void
}

/** The subject's key is gone: what remains is noise. */
export class KeyErased extends Error {
  readonly subject: string
  constructor(subject: string) {
    super('The data key of this subject was erased.')
    this.name = 'KeyErased'
    this.subject = subject
  }
}

/** Not held, or for too long: whoever takes longer than half of a key's time between loading and sealing begins again. */
export class KeyNotLoaded extends Error {
  constructor(subject: string) {
    super(`The data key of ${subject} is not loaded: call load() shortly before.`)
    this.name = 'KeyNotLoaded'
  }
}

/** Sealed with a version of the subject's key that is retired, or newer than what this process holds. */
export class KeyVersionUnknown extends Error {
  constructor(subject: string, version: number) {
    super(`Version ${version} of the data key of ${subject} is not known.`)
    this.name = 'KeyVersionUnknown'
  }
}
