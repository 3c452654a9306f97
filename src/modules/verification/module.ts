import { defineModule, runStep, subscribe } from '#platform/module.ts'
import { createSafeFetch } from '#platform/outbound/safe-fetch.ts'
import { identity, recipientErased } from '#modules/identity/index.ts'
import { credentialIssued, credentialReinstated, credentialRevoked, credentialSuspended, issuance } from '#modules/issuance/index.ts'
import { createAnchorMeasures } from './anchor/anchor-measures.ts'
import { anchoredSize, newestAnchor } from './anchor/anchor-store.ts'
import { createAnchorRunner } from './anchor/anchor-step.ts'
import { announceAnchor, createAnnounceRunner, createPublishRunner, publishAnchored } from './anchor/announce-step.ts'
import { anchorStep, createNotice, prepareRounds } from './anchor/rounds.ts'
import { verificationChecks } from './checks.ts'
import { verificationConfig } from './config.ts'
import { verification } from './contract.ts'
import { checkCredentials } from './credential/check-credentials.ts'
import { createCredentialHistory } from './credential/credential-history.ts'
import { createExports } from './credential/export.ts'
import { createEraser, createIssuedHandler, createStatusHandler } from './credential/projection.ts'
import { credentialAnchored } from './events.ts'
import { createAppender } from './log/appender.ts'
import { checkLog } from './log/check-log.ts'
import { openCheckpoint } from './log/checkpoint.ts'
import { createHistory } from './log/history.ts'
import { lateLeaves } from './log/late-leaves.ts'
import { createLogKey } from './log/log-key.ts'
import { newestCheckpoint, prepareLog } from './log/log-store.ts'
import { keepRecovered } from './log/recovery.ts'
import { emptyRoot, hashText } from './log/merkle-hash.ts'
import { fileWitness } from './log/witness.ts'
import { verificationRoutes } from './routes.ts'
import { schema } from './tables.ts'
import { createChecks } from './vc-api/checks.ts'
import { createVerifier } from './verify/verify.ts'

/** Verification: public pages, the verify API, the append-only log, and its anchors on a chain. */
export default defineModule({
  contract: verification,
  uses: { identity, issuance },
  publishes: [credentialAnchored],
  subscribes: { issuance: ['credential'], identity: ['recipient', 'data-key'] },
  schema,
  config: verificationConfig,
  checks: verificationChecks,
  start(context) {
    const { database } = context
    const fetch = createSafeFetch()
    const logKey = createLogKey(context)
    const witness = fileWitness(context.config)
    const history = createHistory(context, logKey, witness)
    const appender = createAppender(context, { key: logKey, witness, history, noticeCheckpoint: createNotice(context) })
    const verifier = createVerifier(context, fetch)

    return {
      handlers: {
        async logState() {
          const [newest, anchor] = await Promise.all([newestCheckpoint(database), newestAnchor(database)])
          return {
            size: newest?.size ?? 0,
            root: hashText(newest?.root ?? emptyRoot()),
            anchoredSize: anchor?.size ?? 0,
            ...(anchor && { contractAddress: anchor.contractAddress }),
          }
        },
        async recoverLog({ note, from, leaves }) {
          const checkpoint = openCheckpoint(note, logKey.origin, [await logKey.verifier()])
          await keepRecovered(database, { ...checkpoint, note }, from, leaves.map((leaf) => Buffer.from(leaf, 'base64')))
          return { size: checkpoint.size }
        },
      },
      routes: (app) => verificationRoutes(app, context, { verifier, logKey, checks: createChecks(verifier, fetch) }),
      subscriptions: [
        subscribe('issuance', credentialIssued, createIssuedHandler(context, appender)),
        subscribe('issuance', credentialRevoked, createStatusHandler('revoked')),
        subscribe('issuance', credentialSuspended, createStatusHandler('suspended')),
        subscribe('issuance', credentialReinstated, createStatusHandler('active')),
        subscribe('identity', recipientErased, createEraser(context)),
      ],
      steps: [
        runStep(anchorStep, createAnchorRunner(context, history)),
        runStep(announceAnchor, createAnnounceRunner(context)),
        runStep(publishAnchored, createPublishRunner(context)),
      ],
      measures: createAnchorMeasures(context),
      exports: createExports(context),
      history: createCredentialHistory(context),
      async prepare() {
        await prepareLog(database)
        const anchored = await anchoredSize(database.read, database.tables)
        await database.transaction((tx) => prepareRounds(context, tx, anchored))
        appender.start()
      },
      late: (since) => lateLeaves(context, since),
      async checkStored(after) {
        if (after !== undefined) return checkCredentials(context, verifier, after)
        return { ...(await checkLog(context)), next: '' }
      },
      async stop() {
        await appender.stop()
        await fetch.close()
      },
    }
  },
})
