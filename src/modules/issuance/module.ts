import type { OrganizationId } from '#platform/organization-id.ts'
import { createQuota } from './credential/quota.ts'
import { defineModule, runStep, subscribe } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { identity, recipientErased } from '#modules/identity/index.ts'
import { createAchievements } from './achievement/achievements.ts'
import { discardLeftBehind } from './batch/open-uploads.ts'
import { createFinishRunner, finishBatch } from './batch/finish-step.ts'
import { createImportRunner, failBatch, importBatch } from './batch/import-step.ts'
import { createForgetRunner, forgetRefused } from './batch/refused-cells.ts'
import { createSteerRunner, steerBatch } from './batch/steer-step.ts'
import { createWorkbooks } from './batch/workbooks.ts'
import { issuanceConfig } from './config.ts'
import { issuance } from './contract.ts'
import { createAcceptance } from './credential/accept.ts'
import { checkCredentials } from './credential/check-credentials.ts'
import { createCredentialHistory } from './credential/credential-history.ts'
import { createUsage } from './credential/usage.ts'
import { createCredentialImages } from './credential/credential-images.ts'
import { findFinal } from './credential/credential-row.ts'
import { createAbandon, createIssueRunner, issueCredential } from './credential/issue-step.ts'
import type { CredentialState } from './credential/state.ts'
import { batchFinished, credentialIssued, credentialReinstated, credentialRevoked, credentialSuspended, recipientMailRequested } from './events.ts'
import { createImageCleaner } from './image/image-cleaner.ts'
import { createImages } from './image/images.ts'
import { createOrganizationProfiles } from './organization-profiles.ts'
import { createEraser } from './recipient/erase.ts'
import { createExports } from './recipient/export.ts'
import { createRecipients } from './recipient/recipients.ts'
import { createErasureRequests, createRequestedEraser, eraseOnRequest } from './recipient-access/erasure-requests.ts'
import { createLinkRequests, createLinkRunner, sendRecipientLink } from './recipient-access/link-requests.ts'
import { createRecipientMails } from './recipient-access/recipient-mails.ts'
import { createRecipientSessions } from './recipient-access/recipient-sessions.ts'
import { createRenderPool } from './render/pool.ts'
import { issuanceRoutes } from './routes.ts'
import { createOrganizationKeys } from './signing/organization-keys.ts'
import { createDocumentSigner } from './signing/sign-document.ts'
import { createStatusLists } from './status-list/status-lists.ts'
import { schema } from './tables.ts'
import { createOwnDesigns } from './template/own-designs.ts'
import { createPreviews } from './template/previews.ts'

/** Issuance: templates, achievements, credentials and their life, batches, signing keys, status lists. */
export default defineModule({
  contract: issuance,
  uses: { identity },
  publishes: [credentialIssued, credentialRevoked, credentialSuspended, credentialReinstated, batchFinished, recipientMailRequested],
  subscribes: { identity: ['recipient', 'data-key'] },
  schema,
  config: issuanceConfig,
  start(context) {
    const { database, documents, config, log } = context
    const profiles = createOrganizationProfiles(context)
    const organizationKeys = createOrganizationKeys(context)
    const statusLists = createStatusLists(context, organizationKeys)
    const acceptance = createAcceptance(context, createRecipients(context), createAchievements(context), statusLists, createQuota(context))
    const pool = createRenderPool({ size: config.RENDER_WORKERS, log })
    const credentialImages = createCredentialImages(context, pool)
    const imageCleaner = createImageCleaner()
    const workbooks = createWorkbooks()
    const images = createImages(context, imageCleaner)
    const ownDesigns = createOwnDesigns(context, images)
    const previews = createPreviews(context, pool, profiles)
    const mails = createRecipientMails(context, profiles)
    const recipientSessions = createRecipientSessions(context)
    const erasureRequests = createErasureRequests(context, mails)

    async function issued(credentialId: string) {
      const row = await findFinal(database, credentialId)
      if (!row) throw new Problem('not-found', 'There is no issued credential with this id.')
      return row
    }

    return {
      handlers: {
        async credentialStatus({ credentialId }) {
          const { state, changedAt } = await issued(credentialId)
          const status = state === 'issued' ? 'active' : (state as Exclude<CredentialState, 'issued' | 'accepted' | 'cancelled'>)
          return { status, ...(changedAt && { changedAt: changedAt.toISOString() }) }
        },
        async certificate({ credentialId }) {
          const { organizationId, certificate } = await issued(credentialId)
          if (certificate === null) throw new Problem('not-found', 'This credential was revoked before it was printed.')
          return documents.link({
            blob: certificate,
            organizationId: organizationId as OrganizationId,
            mediaType: 'application/pdf',
            fileName: 'certificate.pdf',
          })
        },
        async image({ credentialId, form }) {
          const { organizationId } = await issued(credentialId)
          return credentialImages.link(credentialId, organizationId as OrganizationId, form)
        },
        statusList: async ({ statusListId }) => ({ document: await statusLists.document(statusListId) }),
        recipientMail: ({ mailId }) => mails.find(mailId),
        async recipientSession({ token }) {
          const session = await recipientSessions.find(token)
          if (session === 'erased') throw new Problem('gone', 'What was held about you here was erased for good.')
          if (!session) throw new Problem('unauthenticated', 'Ask for a mailed link on the page of a credential, and open it.')
          return session
        },
        signDocument: createDocumentSigner(context, organizationKeys),
        async didDocument({ slug }) {
          const { id } = await context.clients.identity.organization({ slug })
          return { document: JSON.stringify(await organizationKeys.didDocument(id as OrganizationId)) }
        },
      },
      routes: (app) => issuanceRoutes(app, context, {
        acceptance, profiles, statusLists, organizationKeys, imageCleaner, images, ownDesigns, previews, workbooks,
        requestLink: createLinkRequests(context), recipientSessions, erasureRequests,
      }),
      subscriptions: [subscribe('identity', recipientErased, createEraser(context))],
      steps: [
        runStep(issueCredential, createIssueRunner(context, profiles, organizationKeys, pool, ownDesigns), createAbandon(context)),
        runStep(importBatch, createImportRunner(context, acceptance, profiles), failBatch),
        runStep(steerBatch, createSteerRunner(context)),
        runStep(forgetRefused, createForgetRunner(context)),
        runStep(finishBatch, createFinishRunner(context)),
        runStep(sendRecipientLink, createLinkRunner(mails)),
        runStep(eraseOnRequest, createRequestedEraser(context)),
      ],
      exports: createExports(context),
      history: createCredentialHistory(context),
      usage: createUsage(context),
      checkStored: (after) => checkCredentials(context, after),
      async prepare() {
        await organizationKeys.checkPublicUrl()
        await discardLeftBehind(context)
      },
      async stop() {
        await Promise.all([pool.close(), imageCleaner.close(), workbooks.close()])
      },
    }
  },
})
