import { openMasterKey, recordKeyCheck } from '#platform/crypto/master-key.ts'
import { defineModule } from '#platform/module.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { createApiKeys } from './api-key/api-keys.ts'
import { createApiClients } from './client/clients.ts'
import { identityConfig } from './config.ts'
import { identity } from './contract.ts'
import { createDataKeys } from './data-key/data-keys.ts'
import { organizationChanged, organizationCreated, recipientErased } from './events.ts'
import { createOrganizations } from './organization/organizations.ts'
import { identityRoutes } from './routes.ts'
import { createSetup } from './setup/setup.ts'
import { schema } from './tables.ts'
import { createAccessTokens } from './token/access-tokens.ts'
import { createSigningKeys } from './token/signing-keys.ts'

/** Longer than any token lives, than an answer about an API key stands, and than clocks differ. */
const revocationsToldMs = 2 * 3_600_000

const branded = (id: string) => id as OrganizationId

/** Identity: organizations, API clients, access tokens, and everyone's data keys. It calls no other module. */
export default defineModule({
  contract: identity,
  uses: {},
  publishes: [organizationCreated, organizationChanged, recipientErased],
  subscribes: {},
  schema,
  keyTables: ['data_keys'],
  config: identityConfig,
  start(context) {
    const { config, publicUrl, now } = context
    const { DATA_DIR: dataDir, MASTER_KEY, MASTER_KEY_FILE } = config
    let held: Uint8Array | undefined
    const masterKey = () => (held ??= openMasterKey({ dataDir, env: { MASTER_KEY, MASTER_KEY_FILE } }).masterKey)
    const dataKeys = createDataKeys(context, masterKey)
    const organizations = createOrganizations(context, dataKeys)
    const apiClients = createApiClients(context)
    const apiKeys = createApiKeys(context)
    const signingKeys = createSigningKeys(context)
    const accessTokens = createAccessTokens(context, signingKeys)
    const setup = createSetup(context, { organizations, apiClients })

    return {
      handlers: {
        dataKeys: async ({ subjects }) => ({ keys: await dataKeys.fetch(subjects) }),
        reserveRecipients: async ({ organizationId, ...order }) => ({
          recipientIds: await dataKeys.reserveRecipients({ organizationId: branded(organizationId), ...order }),
        }),
        eraseRecipient: async ({ organizationId, recipientId }) => {
          const erasedAt = await dataKeys.eraseRecipient(branded(organizationId), recipientId)
          return { erasedAt: erasedAt.toISOString() }
        },
        createOrganization: (order) => organizations.create(order),
        organization: (by) => organizations.find(by),
        organizations: async ({ after, limit }) => ({ organizations: await organizations.list(after, limit) }),
        freezeOrganization: ({ id }) => organizations.freeze(branded(id)),
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
          const clients = [...(await apiClients.disabledSince(since)), ...(await apiKeys.revokedSince(since))]
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
      },
      routes: (app) =>
        identityRoutes(app, { publicUrl, organizations, apiClients, apiKeys, dataKeys, accessTokens, signingKeys, setup }),
      async prepare() {
        await dataKeys.prepareInstallation()
        recordKeyCheck(dataDir, masterKey())
        await signingKeys.prepare()
        const link = await setup.offerLink()
        // Not through the log, which may be shipped elsewhere: whoever has the link owns the installation.
        if (link) process.stderr.write(`\nSet up the first organization within a day: ${link}\n\n`)
      },
    }
  },
})
