import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from '#platform/call/client.ts'
import { createServiceTokens } from '#platform/call/service-token.ts'
import { createAddresses } from '#platform/call/addresses.ts'
import { httpTransport } from '#platform/call/transport.ts'
import { platformContract } from '#platform/platform-operations.ts'
import { createInstallation, type Installation } from '../installation.ts'
import { moduleNames } from '../module-names.ts'
import type { Placed } from '../placements.ts'
import type { Share } from '../processes.ts'
import { type Ask, createAsk } from '../scenarios/ask.ts'
import { createIssuer, type Issuer } from '../scenarios/issuer.ts'
import { until } from '../scenarios/until.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { startSmtp, type Smtp, type SmtpOptions } from '../servers/smtp.ts'

/** An installation with a mail server of its own that outlives the installation's processes. */
export interface Site {
  readonly installation: Installation
  readonly smtp: Smtp
  readonly ask: Ask
  readonly client: Placed['client']
  readonly issuer: Issuer
  stop(): Promise<void>
}

/** Calls a module's contract through the internal listener, as the command line does. */
export function clientOf({ addressesOf, environment }: Pick<Installation, 'addressesOf' | 'environment'>): Site['client'] {
  const caller = { module: 'cli', tokens: createServiceTokens(new TextEncoder().encode(environment.SERVICE_SECRET)) }
  return (contract) => createClient(contract, httpTransport(createAddresses(addressesOf(contract.module))), caller)
}

export interface SiteOptions {
  readonly environment?: Record<string, string>
  readonly fail?: SmtpOptions['fail']
  /** False: the mail server keeps of each mail only what `envelopes` tells. */
  readonly keepBodies?: boolean
  /** What runs where. Default: everything in one process. */
  readonly shares?: readonly Share[]
  /** Default: what a person types. */
  readonly command?: string[]
  /** Gives what stands between the installation and the mail server an address. Default: nothing does. */
  readonly smtpThrough?: (url: string) => Promise<string>
}

/** Starts one, with short waits, ready to issue. */
export async function openSite({ environment, fail, keepBodies = true, shares, command, smtpThrough = async (url) => url }: SiteOptions = {}): Promise<Site> {
  const smtp = await startSmtp({ keepBodies, ...(fail && { fail }) })
  const installation = await createInstallation({
    ...(shares && { shares }),
    ...(command && { command }),
    environment: {
      STEP_RETRY_BASE_MS: '200',
      SWEEP_INTERVAL_MS: '200',
      CHECKPOINT_INTERVAL_MS: '50',
      RENDER_WORKERS: '1',
      LOG_LEVEL: 'warn',
      // One address asks for a whole crowd.
      RATE_LIMIT_ADDRESS: '0',
      SMTP_URL: await smtpThrough(smtp.url),
      SERVICE_SECRET: randomBytes(32).toString('base64url'),
      ...environment,
    },
  })
  const stop = async () => {
    await installation.remove()
    await smtp.stop()
  }
  try {
    await installation.start()
    const client = clientOf(installation)
    const ask = createAsk(installation)
    return { installation, smtp, ask, client, issuer: await createIssuer({ client }, ask), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Starts one in several processes over a Postgres and a Redis of its own, which end with it. */
export async function openSplit({ environment, ...options }: SiteOptions & Required<Pick<SiteOptions, 'shares'>>): Promise<Site> {
  const postgres = await startPostgres()
  const redis = await startRedis()
  const stopServers = async () => {
    await redis.stop()
    await postgres.stop()
  }
  try {
    const site = await openSite({
      ...options,
      environment: {
        DATABASE_URL: await postgres.createDatabase(), REDIS_URL: redis.url, MASTER_KEY: randomBytes(32).toString('base64'), ...environment,
      },
    })
    return { ...site, stop: () => site.stop().finally(stopServers) }
  } catch (error) {
    await stopServers()
    throw error
  }
}

/** Waits until no step is due or under way in any module. Throws when one is dead or a key is parked. */
export async function untilQuiet({ client }: Pick<Site, 'client'>): Promise<void> {
  // A module may be done because another has not told it yet: quiet is twice in a row.
  for (let quiet = 0; quiet < 2; quiet++) {
    let open: unknown[] = []
    await until('all work to be done', async () => {
      const pages = await Promise.all(moduleNames.flatMap((module) => (['ready', 'leased'] as const).map((state) =>
        client(platformContract(module)).steps({ state, limit: 1_000 }))))
      // What is due in a minute or a day waits for its time, not for anybody.
      open = pages.flatMap(({ steps }) => steps.filter(({ dueAt }) => Date.parse(dueAt) < Date.now() + 60_000))
      return open.length === 0
    }).catch((error: unknown) => {
      throw new Error(`Some work is not done: ${JSON.stringify(open)}`, { cause: error })
    })
    await delay(400)
  }
  for (const module of moduleNames) {
    const platform = client(platformContract(module))
    const { steps } = await platform.steps({ state: 'dead' })
    if (steps.length > 0) throw new Error(`${module} has dead steps: ${JSON.stringify(steps.slice(0, 3))}`)
    const { parked } = await platform.parkedKeys({})
    if (parked.length > 0) throw new Error(`${module} has parked keys: ${JSON.stringify(parked.slice(0, 3))}`)
  }
}
