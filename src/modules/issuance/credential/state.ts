/**
 * Where a credential is in its life.
 *
 * - `accepted`: promised with a 202; nothing is signed yet.
 * - `issued`: signed and printed, final and published.
 * - `suspended`: not to be relied on for now; can be lifted.
 * - `superseded`: another version has taken its place.
 * - `expired`: its period of validity is over.
 * - `revoked`: not to be relied on, for ever.
 * - `cancelled`: taken back before it was issued, for ever: nobody was told of it, and it verifies nowhere.
 */
export type CredentialState = 'accepted' | 'issued' | 'suspended' | 'superseded' | 'expired' | 'revoked'
  | 'cancelled'

export type CredentialCommand = 'issue' | 'suspend' | 'reinstate' | 'supersede' | 'expire' | 'revoke' | 'cancel'

/** What others are told of a change. */
export type CredentialFact =
  | 'credential.issued' | 'credential.suspended' | 'credential.reinstated'
  | 'credential.superseded' | 'credential.expired' | 'credential.revoked'

/** Why a command is refused. The code names the fact that stands in the way. */
export type RefusalCode =
  | 'credential_not_issued' | 'credential_suspended'
  | 'credential_superseded' | 'credential_expired' | 'credential_revoked'
  | 'credential_issued' | 'credential_cancelled'

export type Transition =
  | { ok: true, state: CredentialState, events: readonly CredentialFact[] }
  | { ok: false, code: RefusalCode }

/**
 * The life of a credential, as a pure rule. A command whose effect is there already is granted and changes nothing,
 * tells nothing: every command may arrive twice. Nothing leaves `revoked` or `cancelled`.
 */
export function transition(state: CredentialState, command: CredentialCommand): Transition {
  return rules[command][state]
}

const same = (state: CredentialState): Transition => ({ ok: true, state, events: [] })
const to = (state: CredentialState, ...events: CredentialFact[]): Transition => ({ ok: true, state, events })
const no = (code: RefusalCode): Transition => ({ ok: false, code })

// Every command with every state: the type checker asks for each pair.
const rules: Record<CredentialCommand, Record<CredentialState, Transition>> = {
  issue: {
    accepted: to('issued', 'credential.issued'),
    issued: same('issued'),
    suspended: same('suspended'),
    superseded: same('superseded'),
    expired: same('expired'),
    revoked: no('credential_revoked'),
    cancelled: no('credential_cancelled'),
  },
  suspend: {
    accepted: no('credential_not_issued'),
    issued: to('suspended', 'credential.suspended'),
    suspended: same('suspended'),
    superseded: no('credential_superseded'),
    expired: no('credential_expired'),
    revoked: no('credential_revoked'),
    cancelled: no('credential_cancelled'),
  },
  reinstate: {
    accepted: no('credential_not_issued'),
    issued: same('issued'),
    suspended: to('issued', 'credential.reinstated'),
    superseded: no('credential_superseded'),
    expired: no('credential_expired'),
    revoked: no('credential_revoked'),
    cancelled: no('credential_cancelled'),
  },
  supersede: {
    accepted: no('credential_not_issued'),
    issued: to('superseded', 'credential.superseded'),
    suspended: no('credential_suspended'),
    superseded: same('superseded'),
    expired: to('superseded', 'credential.superseded'),
    revoked: no('credential_revoked'),
    cancelled: no('credential_cancelled'),
  },
  expire: {
    accepted: no('credential_not_issued'),
    issued: to('expired', 'credential.expired'),
    suspended: to('expired', 'credential.expired'),
    superseded: no('credential_superseded'),
    expired: same('expired'),
    revoked: no('credential_revoked'),
    cancelled: no('credential_cancelled'),
  },
  revoke: {
    accepted: to('revoked', 'credential.revoked'),
    issued: to('revoked', 'credential.revoked'),
    suspended: to('revoked', 'credential.revoked'),
    superseded: to('revoked', 'credential.revoked'),
    expired: to('revoked', 'credential.revoked'),
    revoked: same('revoked'),
    cancelled: no('credential_cancelled'),
  },
  cancel: {
    accepted: to('cancelled'),
    issued: no('credential_issued'),
    suspended: no('credential_issued'),
    superseded: no('credential_issued'),
    expired: no('credential_issued'),
    revoked: no('credential_revoked'),
    cancelled: same('cancelled'),
  },
}
