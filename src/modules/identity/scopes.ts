/** What an access token can permit, each with the sentence that people read when they choose. */
export const scopes = {
  'credentials:read': 'See credentials, batches and their documents.',
  'credentials:write': 'Issue, revoke, suspend and renew credentials, one by one or in batches.',
  'templates:read': 'See templates and achievements.',
  'templates:write': 'Make and change templates and achievements.',
  'organization:read': 'See the organization.',
  'organization:write': 'Change the organization.',
  'clients:manage': 'Make, list and disable API clients.',
  'recipients:erase': 'Erase a recipient for good.',
  'audit:read': 'Read the audit trail.',
  'notifications:read': 'See what was sent to whom, and what became of it.',
  'notifications:write': 'Send again, and manage webhooks.',
} as const

export type Scope = keyof typeof scopes
export const allScopes = Object.keys(scopes) as [Scope, ...Scope[]]
