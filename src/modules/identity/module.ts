import { defineModule, runStep } from '#platform/module.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { dataKeysRotated } from '#platform/reseal/data-keys-rotated.ts'
import { createApiClients } from './client/clients.ts'
import { identityConfig } from './config.ts'
import { identity } from './contract.ts'
import { createDataKeys } from './data-key/data-keys.ts'
import { createKeyRotation } from './data-key/key-rotation.ts'
import { createMasterKeys } from './data-key/master-keys.ts'
import { createMasterRotation, rewrapStep } from './data-key/master-rotation.ts'
import { createErasures } from './erasure/erasures.ts'
import { organizationChanged, organizationCreated, recipientErased } from './events.ts'
import { createOrganizations } from './organization/organizations.ts'
import { identityRoutes } from './routes.ts'
import { createSetup } from './setup/setup.ts'
import { schema } from './tables.ts'
import { createAccessTokens } from './token/access-tokens.ts'
import { createSigningKeys } from './token/signing-keys.ts'

/** Longer than any token lives, and than clocks differ. */
const disabledClientsToldMs = 2 * 3_600_000

const branded = (id: string) => id as OrganizationId

/** Identity: organizations, API clients, access tokens, and everyone's data keys. It calls no other module. */
export default defineModule({
  contract: identity,
  uses: {},
  publishes: [organizationCreated, organizationChanged, recipientErased, dataKeysRotated],
  subscribes: {},
  schema,
  keyTables: ['data_keys'],
  config: identityConfig,
  start(context) {
    const { config, publicUrl, now } = context
    const masterKeys = createMasterKeys(config)
    const dataKeys = createDataKeys(context, masterKeys)
    const keyRotation = createKeyRotation(context, masterKeys)
    const masterRotation = createMasterRotation(context, masterKeys)
    const organizations = createOrganizations(context, dataKeys)
    const apiClients = createApiClients(context)
    const signingKeys = createSigningKeys(context)
    const accessTokens = createAccessTokens(context, signingKeys)
    const erasures = createErasures(context, signingKeys)
    const setup = createSetup(context, { organizations, apiClients })

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
        revocations: async () => ({
          tokens: await accessTokens.revoked(),
          clients: await apiClients.disabledSince(new Date(now().getTime() - disabledClientsToldMs)),
        }),
        async mintAccessToken({ organizationId, scopes, actor }) {
          const { id } = await organizations.find({ id: organizationId })
          return accessTokens.mint({ organizationId: branded(id), clientId: actor, scopes })
        },
      },
      routes: (app) =>
        identityRoutes(app, { publicUrl, organizations, apiClients, erasures, accessTokens, signingKeys, setup }),
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
