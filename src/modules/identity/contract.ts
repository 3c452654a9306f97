import { z } from 'zod'
import { authorityOperations } from '#platform/authority-operations.ts'
import { contract, operation } from '#platform/contract.ts'
import { oneLine } from '#platform/typed-text.ts'

/** What an access token can permit, each with the sentence that people read when they choose. */
export const scopes = {
  'credentials:read': 'See credentials, batches and their documents.',
  'credentials:write': 'Issue, revoke, suspend and renew credentials, one by one or in batches.',
  'templates:read': 'See templates and achievements.',
  'templates:write': 'Make and change templates and achievements.',
  'organization:read': 'See the organization.',
  'organization:write': 'Change the organization.',
  'clients:manage': 'Make, list and disable API clients and API keys.',
  'recipients:erase': 'Erase a recipient for good, and decide who asked for it.',
  'recipients:export': 'Take out all that is held about a recipient.',
  'organization:export': 'Take out everything of the organization.',
  'audit:read': 'Read the audit trail.',
  'notifications:read': 'See what was sent to whom, and what became of it.',
  'notifications:write': 'Send again, and manage webhooks.',
  'members:read': 'See members, their roles, and invitations.',
  'members:manage': 'Invite members, change their roles, and remove them.',
  'sign-in:manage': 'Set how members sign in by a provider of the organization.',
} as const

/** What a member of an organization is, the most powerful first; what each may do: `membership/roles.ts`. */
export const roles = ['owner', 'admin', 'issuer', 'reviewer', 'viewer'] as const
export type Role = (typeof roles)[number]

export type Scope = keyof typeof scopes
export const allScopes = Object.keys(scopes) as [Scope, ...Scope[]]

const Id = z.string().min(1).max(64)

export const Scope = z.enum(allScopes)
export const Role = z.enum(roles)
export const EmailAddress = z.email().max(254)
export const Slug = z
  .string()
  .min(2)
  .max(50)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'Use small letters, digits and single hyphens between them.')

export const Locale = z
  .string()
  .max(35)
  .regex(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$/, 'Use a language tag such as en or pt-BR.')

export const Organization = z.object({
  id: Id,
  /** Part of every address of the organization; frozen after its first issue. */
  slug: Slug,
  name: z.string(),
  url: z.string().optional(),
  /** Where recipients may turn to. */
  contactEmail: z.string().optional(),
  /** BCP 47: the language of what is sent where a recipient's is not known. */
  defaultLocale: z.string(),
  /** Members get access tokens only in a session that showed a second factor. Absent where it was never said. */
  requiresSecondFactor: z.boolean().optional(),
  /** ISO 8601. Absent until the first issue; from then on the slug never changes. */
  frozenAt: z.string().optional(),
  createdAt: z.string(),
})
export type Organization = z.infer<typeof Organization>

export const NewOrganization = z.object({
  slug: Slug,
  name: oneLine(200),
  url: z.url({ protocol: /^https?$/ }).max(500).optional(),
  contactEmail: z.email().max(254).optional(),
  defaultLocale: Locale.default('en'),
})
export type NewOrganization = z.output<typeof NewOrganization>

export const mailKinds = ['invitation', 'sign-in-link', 'password-reset', 'security-change'] as const
export type MailKind = (typeof mailKinds)[number]

/** What about how a person signs in is told them by mail; in the audit it is `person.{change}`, or of a passkey `passkey.{…}`. */
export const securityChanges = [
  'password-changed', 'passkey-added', 'passkey-removed', 'second-factor-set', 'second-factor-removed', 'recovery-codes-renewed', 'second-factor-reset', 'account-deleted',
] as const
export type SecurityChange = (typeof securityChanges)[number]

/** What a mail to a person who signs in says. */
export const AccountMail = z.object({
  kind: z.enum(mailKinds),
  email: z.string(),
  /** Absent for who has no account yet. */
  name: z.string().optional(),
  locale: Locale,
  /** Except of a change, it opens something: whoever has it may use it until it expires. Absent where there is nothing left to look at. */
  link: z.string().optional(),
  expiresAt: z.iso.datetime(),
  organizationName: z.string().optional(),
  role: Role.optional(),
  /** Of `security-change`, with when it was. */
  change: z.enum(securityChanges).optional(),
  changedAt: z.iso.datetime().optional(),
})
export type AccountMail = z.infer<typeof AccountMail>

/** A key of access tokens, without the key. */
export const TokenKey = z.object({
  kid: z.string(),
  /** Published and not signing yet; signing; replaced and still published for a day; void with all its tokens. */
  state: z.enum(['waiting', 'signing', 'retired', 'withdrawn']),
  createdAt: z.string(),
  activeFrom: z.string(),
  retiredAt: z.string().optional(),
  withdrawnAt: z.string().optional(),
})
export type TokenKey = z.infer<typeof TokenKey>
/** Whose data keys: of the installation, of one organization, or of both kinds. A recipient's is never rotated, it is erased. */
export const KeyScope = z.union([z.object({ of: z.enum(['installation', 'all']) }), z.object({ organizationId: Id })])
export type KeyScope = z.output<typeof KeyScope>

/** A rotation of data keys whose older versions are still there. */
export const RotationState = z.object({
  rotation: z.string(),
  at: z.string(),
  subjects: z.array(z.object({ subject: z.string(), version: z.number().int() })),
  /** Every module of the program. `left`: what it counted last under older versions; absent before it has. */
  modules: z.array(z.object({ module: z.string(), done: z.boolean(), left: z.number().int().optional() })),
})
export type RotationState = z.output<typeof RotationState>

/** What other modules may ask of `identity`; among it what the platform needs of it: data keys, token keys, revocations. */
export const identity = contract('identity', {
  ...authorityOperations,

  /**
   * Mints recipients with data keys ahead of need, so that accepting a credential calls nobody. The same reservation gets the
   * same ids, however often it is sent; the caller keeps which e-mail belongs to which.
   */
  reserveRecipients: operation({
    effect: 'write',
    timeoutMs: 10_000,
    input: z.object({
      organizationId: Id,
      /** The caller's business key, unique in the organization. */
      reservationId: z.string().min(1).max(200),
      count: z.number().int().min(1).max(500),
    }),
    output: z.object({ recipientIds: z.array(Id) }),
  }),

  /** Destroys a recipient's data key and publishes `recipient.erased`. Erased already: the same answer. */
  eraseRecipient: operation({
    effect: 'write',
    timeoutMs: 10_000,
    input: z.object({ organizationId: Id, recipientId: Id }),
    output: z.object({ erasedAt: z.string() }),
  }),

  /** The same slug with the same name is the same organization; with another name it is refused as `already-exists`. */
  createOrganization: operation({
    effect: 'write',
    timeoutMs: 10_000,
    input: NewOrganization,
    output: Organization,
  }),

  /** By id or by slug; unknown: `not-found`. */
  organization: operation({
    effect: 'read',
    timeoutMs: 2_000,
    input: z.union([z.object({ id: Id }), z.object({ slug: Slug })]),
    output: Organization,
  }),

  /** In the order of their making; `after` is the last id of the page before. */
  organizations: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({ after: Id.optional(), limit: z.number().int().min(1).max(500).default(100) }),
    output: z.object({ organizations: z.array(Organization) }),
  }),

  /** Called before the first credential is signed: from now on the slug stands in addresses that last. */
  freezeOrganization: operation({
    effect: 'write',
    timeoutMs: 5_000,
    input: z.object({ id: Id }),
    output: Organization,
  }),

  /** Sets what is told, takes away what is null, and leaves the rest; answers what holds now. */
  limitOrganization: operation({
    effect: 'write',
    timeoutMs: 5_000,
    input: z.object({
      organizationId: Id,
      requestsPerMinute: z.number().int().min(1).max(10_000_000).nullish(),
      credentialsPerMonth: z.number().int().min(0).max(1_000_000_000).nullish(),
    }),
    output: authorityOperations.organizationLimits.output,
  }),

  /**
   * Makes an API client. The secret is in this answer and nowhere else. The same `requestId` gets the same client and secret
   * for a day; after that it is refused as `already-exists`.
   */
  createClient: operation({
    effect: 'write',
    timeoutMs: 5_000,
    input: z.object({
      organizationId: Id,
      /** The caller's own, unique in the organization: a UUID. */
      requestId: z.string().min(1).max(200),
      name: oneLine(100),
      scopes: z.array(Scope).min(1),
      expiresAt: z.iso.datetime().optional(),
    }),
    output: z.object({ clientId: Id, clientSecret: z.string(), scopes: z.array(Scope) }),
  }),

  disableClient: operation({
    effect: 'write',
    timeoutMs: 5_000,
    input: z.object({ organizationId: Id, clientId: Id }),
    output: z.object({ disabledAt: z.string() }),
  }),

  tokenKeys: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({}),
    output: z.object({ keys: z.array(TokenKey) }),
  }),

  /** Makes the successor of the key that signs access tokens. While one waits to sign, it is that one. */
  rotateTokenKey: operation({ effect: 'write', timeoutMs: 10_000, input: z.object({}), output: TokenKey }),

  /** Voids a key and all tokens that it signed, at once; another signs from now on. Unknown: `not-found`. */
  withdrawTokenKey: operation({ effect: 'write', timeoutMs: 10_000, input: z.object({ kid: Id }), output: TokenKey }),

  /** An access token for a person at the command line; it lives as long as any other. Nothing is stored. */
  mintAccessToken: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({
      organizationId: Id,
      scopes: z.array(Scope).min(1),
      /** Who acts, for the audit: `cli`. */
      actor: z.string().min(1).max(100),
    }),
    output: z.object({ accessToken: z.string(), expiresInSeconds: z.number().int() }),
  }),

  /** What the mail of `mail.requested` says; `gone` once its link is used, revoked or too old. */
  accountMail: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({ mailId: Id }),
    output: AccountMail,
  }),

  /** Invites somebody as a member. An address that was invited for the same role, and has not answered, keeps that invitation. */
  inviteMember: operation({
    effect: 'write',
    timeoutMs: 10_000,
    input: z.object({ organizationId: Id, email: EmailAddress, role: Role, locale: Locale.optional() }),
    output: z.object({ invitationId: Id, link: z.string(), expiresAt: z.iso.datetime() }),
  }),

  /**
   * For who has lost their second factor: takes the app away, and the passkeys if that is said; ends their sessions, and mails them. Repeated, it
   * changes nothing. `passkeys`: how many they have now. Nobody of this address: `not-found`.
   */
  resetSecondFactor: operation({
    effect: 'write',
    timeoutMs: 10_000,
    input: z.object({ email: EmailAddress, passkeys: z.boolean(), locale: Locale.default('en') }),
    output: z.object({ personId: Id, passkeys: z.number().int() }),
  }),

  /** What wraps and seals, by ids that tell nothing about the keys. */
  keyStatus: operation({
    effect: 'read',
    timeoutMs: 30_000,
    input: z.object({}),
    output: z.object({
      /** `active`: wraps what is new. `configured`: this process has it. */
      masterKeys: z.array(z.object({ id: z.string(), active: z.boolean(), configured: z.boolean(), wraps: z.number().int() })),
      dataKeys: z.array(z.object({ kind: z.string(), subjects: z.number().int(), versions: z.number().int() })),
      /** Of those whose older versions are not retired. */
      rotations: z.array(RotationState),
    }),
  }),

  /** A new version of data keys, which is sealed with from now on; what is there is sealed anew in the background. Once for a rotation's id. */
  rotateDataKeys: operation({
    effect: 'write',
    timeoutMs: 120_000,
    input: z.object({ rotation: z.string().min(1).max(64), scope: KeyScope }),
    output: z.object({ subjects: z.number().int() }),
  }),

  /** Destroys older versions. `state-refused` while anything may be sealed with them: `left` tells how much, by module. */
  retireDataKeys: operation({ effect: 'write', timeoutMs: 120_000, input: z.object({ scope: KeyScope }), output: z.object({ retired: z.number().int() }) }),

  /** From now on the configured master key wraps; what the previous one wrapped is wrapped anew in the background. */
  rotateMasterKey: operation({
    effect: 'write',
    timeoutMs: 30_000,
    input: z.object({}),
    output: z.object({ active: z.string(), left: z.number().int() }),
  }),

  /** From now on a process with the previous master key alone is refused. `state-refused` while that wraps anything. */
  retireMasterKey: operation({ effect: 'write', timeoutMs: 30_000, input: z.object({}), output: z.object({ active: z.string() }) }),
})
