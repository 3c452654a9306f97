import type { PublicApp } from '#platform/module.ts'
import { credentialRoutes } from './credential/credential-routes.ts'
import { createDescriber } from './credential/describe.ts'
import type { LogKey } from './log/log-key.ts'
import { logRoutes } from './log/log-routes.ts'
import type { Checks } from './vc-api/checks.ts'
import { vcApiRoutes } from './vc-api/vc-api-routes.ts'
import type { VerificationContext } from './verification-context.ts'
import { verifyRoutes } from './verify/verify-routes.ts'
import type { Verifier } from './verify/verify.ts'

/** All public routes of verification. None needs a token. */
export function verificationRoutes(app: PublicApp, context: VerificationContext, parts: { verifier: Verifier; logKey: LogKey; checks: Checks }): void {
  credentialRoutes(app, context, createDescriber(context, parts.verifier))
  logRoutes(app, context, parts.logKey)
  verifyRoutes(app, parts.verifier)
  vcApiRoutes(app, context, parts.checks)
}
