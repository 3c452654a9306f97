import { withContext } from '#platform/context.ts'
import { defineModule, runStep } from '#platform/module.ts'
import { chooseLanguage } from '#platform/page/language.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { createApiKeys } from './api-key/api-keys.ts'
import { createSafeFetch } from '#platform/outbound/safe-fetch.ts'
import { dataKeysRotated } from '#platform/reseal/data-keys-rotated.ts'
import { createApiClients } from './client/clients.ts'
import { identityConfig } from './config.ts'
import { identity } from './contract.ts'
import { createDataKeys } from './data-key/data-keys.ts'
import { mailRequested, organizationChanged, organizationCreated, recipientErased } from './events.ts'
import { createAccountMails } from './mail/account-mails.ts'
import { createLinkSender } from './mail/link-sender.ts'
import { createSecurityMails } from './mail/security-mails.ts'
import { createInvitations } from './membership/invitations.ts'
import { createMembers } from './membership/members.ts'
import { createKeyRotation } from './data-key/key-rotation.ts'
import { createMasterKeys } from './data-key/master-keys.ts'
import { createMasterRotation, rewrapStep } from './data-key/master-rotation.ts'
import { createErasures } from './erasure/erasures.ts'
import { createExports } from './organization/export.ts'
import { createStoredLimits } from './organization/organization-limits.ts'
import { createOrganizations } from './organization/organizations.ts'
import { createChallenges } from './passkey/challenges.ts'
import { createPasskeys } from './passkey/passkeys.ts'
import { createAccountDeletion } from './person/account-deletion.ts'
import { createLostFactors } from './person/lost-factors.ts'
import { createPasswords } from './person/passwords.ts'
import { createPersons } from './person/persons.ts'
import { createAdmission } from './provider/admission.ts'
import { createFlows } from './provider/flows.ts'
import { createProviderSignIn } from './provider/provider-sign-in.ts'
import { createProviders } from './provider/providers.ts'
import type { SignIn } from './person/sign-in.ts'
import { identityRoutes } from './routes.ts'
import { normalizedEmail } from './person/sealed-record.ts'
import { createAttempts } from './session/attempts.ts'
import { createProofs } from './session/proofs.ts'
import { createSecondFactors } from './session/second-factors.ts'
import { createSessions } from './session/sessions.ts'
import { createSessionCookies } from './session/signed-in.ts'
import { createSetup } from './setup/setup.ts'
import { schema } from './tables.ts'
import { createSessionPowers } from './session/session-powers.ts'
import { createAccessTokens } from './token/access-tokens.ts'
import { createSigningKeys } from './token/signing-keys.ts'

/** Longer than any token lives, than an answer about an API key stands, and than clocks differ. */
const revocationsToldMs = 2 * 3_600_000

const branded = (id: string) => id as OrganizationId

/** Identity: organizations, their members, API clients, sessions, access tokens, and everyone's data keys. It calls no other module. */
export default defineModule({
  contract: identity,
  uses: {},
  publishes: [organizationCreated, organizationChanged, recipientErased, mailRequested, dataKeysRotated],
  subscribes: {},
  schema,
  keyTables: ['data_keys'],
  config: identityConfig,
  start(context) {
    const { config, publicUrl, log, now } = context
    const masterKeys = createMasterKeys(config)
    const dataKeys = createDataKeys(context, masterKeys)
    const keyRotation = createKeyRotation(context, masterKeys)
    const masterRotation = createMasterRotation(context, masterKeys)
    const organizations = createOrganizations(context, dataKeys)
    const limits = createStoredLimits(context)
    const apiClients = createApiClients(context)
    const apiKeys = createApiKeys(context)
    const signingKeys = createSigningKeys(context)
    const accessTokens = createAccessTokens(context, signingKeys)
    const sessions = createSessions(context)
    const persons = createPersons(context)
    const members = createMembers(context, { persons, sessions })
    const mails = createAccountMails(context)
    const securityMails = createSecurityMails(context, mails)
    const invitations = createInvitations(context, { organizations, persons, members, mails })
    let loaded: Promise<SignIn> | undefined
    // Only who signs in waits for it, and only a process that somebody signs in at.
    const signIn = () =>
      (loaded ??= import('./person/sign-in.ts')
        .then(({ createSignIn }) => createSignIn(context, { sessions, securityMails, sendLink: createLinkSender(context, mails) }))
        .catch((error: unknown) => {
          loaded = undefined
          throw error
        }))
    const hashPassword = async (password: string) => (await signIn()).hashPassword(password)
    const attempts = createAttempts(context)
    const privateHosts = config.SIGN_IN_PRIVATE_HOSTS ?? []
    const outbound = createSafeFetch({ allow: privateHosts })
    const providers = createProviders(context, { sessions, openId: { fetch: outbound, privateHosts } })
    const admission = createAdmission(context, { providers, persons, members, invitations })
    const providerSignIn = createProviderSignIn({ publicUrl, log }, { providers, flows: createFlows(context), admission })
    const markBothFactors = (sessionId: string) => context.database.transaction((tx) => sessions.markBothFactors(tx, sessionId))
    const sessionCookies = createSessionCookies({ publicUrl, attempts, persons, providers, markBothFactors, signIn })
    const secondFactors = createSecondFactors({ attempts, signIn, markBothFactors })
    const passkeys = createPasskeys(context, { challenges: createChallenges(context), sessions, securityMails })
    const proofs = createProofs({ attempts, passkeys, sessions, now, signIn })
    const passwords = createPasswords(context, {
      persons, sessions, mails, securityMails, hashPassword, forgiveAttempts: (email) => attempts.succeeded('account', normalizedEmail(email)),
    })
    const lostFactors = createLostFactors(context, { sessions, securityMails })
    const accountDeletion = createAccountDeletion(context, { sessions, members, invitations, mails, securityMails })
    const erasures = createErasures(context, signingKeys)
    const sessionPowers = createSessionPowers({ publicUrl, members, sessions, providers, proofs, accessTokens })
    const setup = createSetup(context, { organizations, apiClients, persons, members, hashPassword })

    return {
      handlers: {
        dataKeys: async ({ subjects }) => ({ keys: await dataKeys.fetch(subjects) }),
        async confirmErasure({ organizationId, ...part }, { caller }) {
          await erasures.confirm(caller, { organizationId: branded(organizationId), ...part })
          return {}
        },
        async reportResealed(report, { caller }) {
          await keyRotation.report(caller, report)
          return {}
        },
        keyStatus: async () => ({ ...(await masterRotation.status()), rotations: await keyRotation.open() }),
        rotateDataKeys: async ({ rotation, scope }) => ({ subjects: await keyRotation.rotate(rotation, scope) }),
        retireDataKeys: async ({ scope }) => ({ retired: await keyRotation.retire(scope) }),
        rotateMasterKey: () => masterRotation.rotate(),
        retireMasterKey: () => masterRotation.retire(),
        reserveRecipients: async ({ organizationId, ...order }) => ({
          recipientIds: await dataKeys.reserveRecipients({ organizationId: branded(organizationId), ...order }),
        }),
        eraseRecipient: async ({ organizationId, recipientId }) => {
          const erasedAt = await erasures.erase(branded(organizationId), recipientId)
          return { erasedAt: erasedAt.toISOString() }
        },
        createOrganization: (order) => organizations.create(order),
        organization: (by) => organizations.find(by),
        organizations: async ({ after, limit }) => ({ organizations: await organizations.list(after, limit) }),
        freezeOrganization: ({ id }) => organizations.freeze(branded(id)),
        organizationLimits: ({ organizationId }) => limits.of(branded(organizationId)),
        async limitOrganization({ organizationId, ...change }) {
          const { id } = await organizations.find({ id: organizationId })
          return limits.change(branded(id), change)
        },
        async createClient({ organizationId, expiresAt, ...order }) {
          const { id } = await organizations.find({ id: organizationId })
          const { client, clientSecret } = await apiClients.create({
            ...order,
            organizationId: branded(id),
            expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
          })
          return { clientId: client.id, clientSecret: clientSecret!, scopes: [...client.scopes] }
        },
        async disableClient({ organizationId, clientId }) {
          const disabledAt = await apiClients.disable(branded(organizationId), clientId)
          return { disabledAt: disabledAt.toISOString() }
        },
        verificationKeys: async () => ({ keys: await signingKeys.published() }),
        async revocations() {
          const since = new Date(now().getTime() - revocationsToldMs)
          const clients = [...(await apiClients.disabledSince(since)), ...(await apiKeys.revokedSince(since)), ...(await sessions.endedGrants())]
          return { tokens: await accessTokens.revoked(), clients, keys: await signingKeys.withdrawn() }
        },
        async apiKey({ hash }) {
          const key = await apiKeys.byHash(hash)
          if (!key) return {}
          const { id, organizationId, scopes, expiresAt } = key
          return { key: { id, organizationId, scopes: [...scopes], expiresAt: expiresAt.toISOString() } }
        },
        tokenKeys: async () => ({ keys: await signingKeys.list() }),
        rotateTokenKey: () => signingKeys.rotate(),
        withdrawTokenKey: ({ kid }) => signingKeys.withdraw(kid),
        async mintAccessToken({ organizationId, scopes, actor }) {
          const { id } = await organizations.find({ id: organizationId })
          return accessTokens.mint({ organizationId: branded(id), clientId: actor, scopes })
        },
        accountMail: ({ mailId }) => mails.find(mailId),
        resetSecondFactor: ({ email, passkeys: withPasskeys, locale }) =>
          withContext({ language: chooseLanguage(locale, undefined) }, () => lostFactors.reset(email, { passkeys: withPasskeys })),
        async inviteMember({ organizationId, ...order }) {
          const { id } = await organizations.find({ id: organizationId })
          const { invitation, link } = await invitations.invite({ organizationId: branded(id), ...order })
          return { invitationId: invitation.id, link, expiresAt: invitation.expiresAt.toISOString() }
        },
      },
      routes: (app) =>
        identityRoutes(app, {
          publicUrl, organizations, apiClients, apiKeys, erasures, accessTokens, signingKeys, setup,
          persons, members, invitations, sessions, sessionCookies, secondFactors, attempts, passkeys, passwords, accountDeletion, proofs, sessionPowers, hashPassword, providers,
          providerSignIn, usage: context.usage,
        }),
      stop: () => outbound.close(),
      exports: createExports(context, { organizations, members, invitations }),
      steps: [runStep(rewrapStep, masterRotation.runRewrap)],
      async prepare() {
        await dataKeys.prepareInstallation()
        await masterRotation.remember()
        await signingKeys.prepare()
        await erasures.repeatForgotten()
        const link = await setup.offerLink()
        // Not through the log, which may be shipped elsewhere: whoever has the link owns the installation.
        if (link) process.stderr.write(`\nSet up the first organization within a day: ${link}\n\n`)
      },
    }
  },
})
