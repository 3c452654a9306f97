import { randomUUID } from 'node:crypto'
import { Option } from 'commander'
import { type AddCommands, answer } from '#platform/cli/command.ts'
import { allScopes, identity, roles, type Scope } from './contract.ts'

/** `vellum organization …`, `vellum client …`, `vellum member …`, `vellum person …` and `vellum token-keys …`. */
export const identityCommands: AddCommands = (program, run) => {
  const organization = program.command('organization').description('organizations that issue')
  organization
    .command('create <slug>')
    .description('make an organization; the slug stands in its addresses')
    .requiredOption('--name <name>', 'as it stands on certificates')
    .option('--url <url>')
    .option('--contact <email>', 'where recipients may turn to')
    .option('--locale <tag>', 'language where a recipient’s is not known', 'en')
    .option('--json', 'one line of JSON')
    .action((slug, { name, url, contact, locale, json }) =>
      run(async (control) => {
        const made = await control
          .client(identity)
          .createOrganization({ slug, name, url, contactEmail: contact, defaultLocale: locale })
        answer(json, made, [`${made.name} is organization ${made.slug} (${made.id}).`])
      }),
    )
  organization
    .command('list')
    .option('--json', 'one line of JSON')
    .action(({ json }) =>
      run(async (control) => {
        const { organizations } = await control.client(identity).organizations({ limit: 500 })
        const lines = organizations.map(({ id, slug, name }) => `${slug}  ${id}  ${name}`)
        answer(json, { organizations }, lines.length > 0 ? lines : ['No organization yet; make one with: vellum organization create'])
      }),
    )

  organization
    .command('limit <slug>')
    .description('what it may use; without an option, what it may now')
    .option('--requests-per-minute <number>', 'of all its programs together; none: as the installation has it')
    .option('--credentials-per-month <number>', 'in a month of the calendar, in UTC; none: without a limit')
    .option('--json', 'one line of JSON')
    .action((slug, { requestsPerMinute, credentialsPerMonth, json }) =>
      run(async (control) => {
        const client = control.client(identity)
        const { id: organizationId } = await client.organization({ slug })
        const change = { requestsPerMinute: limitOf(requestsPerMinute), credentialsPerMonth: limitOf(credentialsPerMonth) }
        const limits = await client.limitOrganization({ organizationId, ...change })
        answer(json, limits, [
          `requests a minute    ${limits.requestsPerMinute ?? 'as the installation has it'}`,
          `credentials a month  ${limits.credentialsPerMonth ?? 'without a limit'}`,
        ])
      }),
    )

  program
    .command('client')
    .description('programs that call the API')
    .command('create')
    .description('make an API client; its secret is shown this once')
    .requiredOption('--organization <slug>')
    .option('--scope <scope...>', `what it may do (default: everything): ${allScopes.join(' ')}`)
    .option('--name <name>', 'to recognise it by', 'Command line')
    .option('--json', 'one line of JSON')
    .action(({ organization: slug, scope, name, json }) =>
      run(async (control) => {
        const client = control.client(identity)
        const { id } = await client.organization({ slug })
        const scopes = ((scope as string[] | undefined) ?? [...allScopes]).flatMap((one) => one.split(/[\s,]+/)) as Scope[]
        const made = await client.createClient({ organizationId: id, requestId: randomUUID(), name, scopes })
        answer(json, { client_id: made.clientId, client_secret: made.clientSecret }, [
          `client_id      ${made.clientId}`,
          `client_secret  ${made.clientSecret}`,
          'The secret is not shown again.',
        ])
      }),
    )

  program
    .command('member')
    .description('people who act for an organization')
    .command('invite <email>')
    .description('invite somebody as a member; the link is mailed, and shown')
    .requiredOption('--organization <slug>')
    .addOption(new Option('--role <role>', 'what they may do').choices(roles).default('owner'))
    .option('--locale <tag>', 'language of the mail')
    .option('--json', 'one line of JSON')
    .action((email, { organization: slug, role, locale, json }) =>
      run(async (control) => {
        const client = control.client(identity)
        const { id } = await client.organization({ slug })
        const { link, ...made } = await client.inviteMember({ organizationId: id, email, role, locale })
        answer(json, { invitation_id: made.invitationId, link, expires_at: made.expiresAt }, [
          `${email} may become ${role} of ${slug} until ${made.expiresAt}, by this link, once:`,
          link,
        ])
      }),
    )

  program
    .command('person')
    .description('people who sign in')
    .command('reset-second-factor <email>')
    .description('take away the app of who has lost it; ends their sessions, and mails them')
    .option('--passkeys', 'their passkeys too')
    .option('--locale <tag>', 'language of the mail', 'en')
    .option('--json', 'one line of JSON')
    .action((email, { passkeys = false, locale, json }) =>
      run(async (control) => {
        const now = await control.client(identity).resetSecondFactor({ email, passkeys, locale })
        answer(json, { person_id: now.personId, passkeys: now.passkeys }, [
          `${email} has no app, and ${now.passkeys === 0 ? 'no passkey' : now.passkeys === 1 ? 'one passkey' : `${now.passkeys} passkeys`}. They sign in by password or by a link in a mail.`,
        ])
      }),
    )

  const tokenKeys = program.command('token-keys').description('keys that sign access tokens')
  tokenKeys
    .command('list')
    .option('--json', 'one line of JSON')
    .action(({ json }) =>
      run(async (control) => {
        const { keys } = await control.client(identity).tokenKeys({})
        answer(json, { keys }, keys.map(({ kid, state, activeFrom }) => `${kid}  ${state.padEnd(9)}  signs from ${activeFrom}`))
      }),
    )
  tokenKeys
    .command('rotate')
    .description('make a new one; it signs once verifiers have had time to fetch it')
    .option('--json', 'one line of JSON')
    .action(({ json }) =>
      run(async (control) => {
        const key = await control.client(identity).rotateTokenKey({})
        answer(json, key, [`${key.kid} signs from ${key.activeFrom} on. Tokens of the key before it stay good.`])
      }),
    )
  tokenKeys
    .command('withdraw <kid>')
    .description('void one that leaked, and all tokens that it signed')
    .option('--json', 'one line of JSON')
    .action((kid, { json }) =>
      run(async (control) => {
        const key = await control.client(identity).withdrawTokenKey({ kid })
        answer(json, key, [`${key.kid} is void since ${key.withdrawnAt}. Programs get new tokens from /oauth/token.`])
      }),
    )
}

/** Not told: undefined, which changes nothing; `none`: null, which takes the limit away. */
const limitOf = (text: string | undefined): number | null | undefined => (text === undefined ? undefined : text === 'none' ? null : Number(text))
