import type { PublicApp } from '#platform/module.ts'
import { credentialRoutes } from './credential/credential-routes.ts'
import { createDescriber } from './credential/describe.ts'
import { fileRoutes } from './credential/file-routes.ts'
import { issuerRoutes } from './issuer/issuer-routes.ts'
import { createIssuers } from './issuer/issuers.ts'
import { createRecordReader } from './issuer/public-record.ts'
import type { LogKey } from './log/log-key.ts'
import { logRoutes } from './log/log-routes.ts'
import { createForPeople } from './page/for-people.ts'
import { styleRoute } from './page/style.ts'
import type { Checks } from './vc-api/checks.ts'
import { vcApiRoutes } from './vc-api/vc-api-routes.ts'
import type { VerificationContext } from './verification-context.ts'
import { verifyRoutes } from './verify/verify-routes.ts'
import type { Verifier } from './verify/verify.ts'

/** All public routes of verification. None needs a token. */
export function verificationRoutes(app: PublicApp, context: VerificationContext, parts: { verifier: Verifier; logKey: LogKey; checks: Checks }): void {
  const issuers = createIssuers(context)
  const forPeople = createForPeople(context.log)
  styleRoute(app)
  credentialRoutes(app, context, { describe: createDescriber(context, parts.verifier, issuers), forPeople })
  fileRoutes(app, context, forPeople)
  issuerRoutes(app, context, { issuers, readRecord: createRecordReader(context), forPeople })
  logRoutes(app, context, parts.logKey)
  verifyRoutes(app, parts.verifier)
  vcApiRoutes(app, context, parts.checks)
}
