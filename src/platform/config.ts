import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { s3Address } from './blobs/s3-address.ts'
import { failpointText, isOwnMachine } from './failpoints.ts'
import { parseNetworks } from './gateway/caller-address.ts'

/** Every message is one sentence that says what to set; the process prints them all at once and exits with `exitCode`. */
export class ConfigurationError extends Error {
  /** `EX_CONFIG` of sysexits.h. */
  readonly exitCode = 78
  readonly messages: readonly string[]
  constructor(messages: readonly string[]) {
    super(messages.join('\n'))
    this.name = 'ConfigurationError'
    this.messages = messages
  }
}

export type Environment = Readonly<Record<string, string | undefined>>

const port = z.coerce.number().int().min(0).max(65_535)
const address = z.url({ protocol: /^https?$/ }).transform((value) => value.replace(/\/+$/, ''))
/** In the form in which browsers and did:web write it: small letters, no default port. */
const origin = z
  .url({ protocol: /^https?$/, abort: true })
  .refine((value) => {
    const { pathname, search, hash, username, password } = new URL(value)
    return /^\/+$/.test(pathname) && search + hash + username + password === ''
  }, 'must be scheme, host and port alone, such as https://credentials.example.org: pages and links begin at its root')
  .transform((value) => new URL(value).origin)
const networks = z.string().transform((text, context) => {
  try {
    return parseNetworks(text)
  } catch {
    context.addIssue('must be addresses or networks such as 10.0.0.0/8, separated by commas')
    return z.NEVER
  }
})
const count = z.coerce.number().int().min(1)

function isS3Address(value: string, check: z.RefinementCtx): void {
  try {
    s3Address(value)
  } catch (error) {
    check.addIssue({ code: 'custom', message: (error as Error).message })
  }
}

/** The platform's settings as they are read from the environment; a module's own are in its `config.ts`. */
export const platformSettings = z
  .object({
    /** `all`, `gateway`, or names separated by commas. */
    MODULES: z.string().default('all'),
    /** The public listener. */
    PORT: port.default(3000),
    /** The internal listener: `/internal/*`, probes. */
    INTERNAL_PORT: port.default(3001),
    HOST: z.string().default('0.0.0.0'),
    INTERNAL_HOST: z.string().default('127.0.0.1'),
    PUBLIC_URL: origin.optional(),
    DATA_DIR: z.string().default('./data'),
    /** Sealed files; the same for all processes that run a module, whose `DATA_DIR` is each one's own. */
    BLOBS_DIR: z.string().optional(),
    DATABASE_URL: z
      .string()
      .regex(/^(sqlite:|postgres(ql)?:\/\/)/, 'must begin with sqlite: or postgres://')
      .optional(),
    REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
    /** A bucket for sealed files, instead of `{DATA_DIR}/blobs`. */
    S3_URL: z.string().superRefine(isS3Address).optional(),
    OTLP_URL: address.optional(),
    TLS_CERT_FILE: z.string().optional(),
    TLS_KEY_FILE: z.string().optional(),
    /** PEM. All three: processes talk to each other by TLS only, each with a certificate of this authority. */
    INTERNAL_TLS_CERT_FILE: z.string().optional(),
    INTERNAL_TLS_KEY_FILE: z.string().optional(),
    INTERNAL_TLS_CA_FILE: z.string().optional(),
    /** A listener of its own for probes alone, in clear: whoever probes has no certificate. */
    PROBE_PORT: port.optional(),
    /** Milliseconds within which a revoked token, API key or client stops working everywhere. */
    REVOCATION_POLL_MS: z.coerce.number().int().min(50).max(60_000).default(10_000),
    /** Requests a minute of one API client; 0: no limit. */
    RATE_LIMIT_CLIENT: z.coerce.number().int().min(0).default(60_000),
    /** Requests a minute of all programs of an organization together, unless a limit was set for it; 0: no limit. */
    RATE_LIMIT_ORGANIZATION: z.coerce.number().int().min(0).default(120_000),
    /** Wrong secrets, tokens and keys a minute from one address; 0: no limit. */
    RATE_LIMIT_FAILURES: z.coerce.number().int().min(0).default(300),
    /** Requests a minute to `/v1/verify` without a good token from one address; 0: no limit. */
    RATE_LIMIT_VERIFICATION: z.coerce.number().int().min(0).default(1_200),
    /** Requests a minute without a good token from one address; 0: no limit. */
    RATE_LIMIT_ADDRESS: z.coerce.number().int().min(0).default(12_000),
    /** Proxies in front of the public listener whose `X-Forwarded-For` is believed. */
    TRUSTED_PROXIES: networks.optional(),
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    /** `true`: its modules run here once `vellum topology move` has brought them, and not before. */
    AWAIT_MOVE: z.stringbool().default(false),
    /** Milliseconds before a step's first retry; later ones grow from it. */
    STEP_RETRY_BASE_MS: count.default(60_000),
    /** Milliseconds between looks at the step and outbox tables when no doorbell rings. */
    SWEEP_INTERVAL_MS: count.default(1_000),
    /** Milliseconds that a stop waits for running requests and steps. */
    STOP_TIMEOUT_MS: count.default(10_000),
    /** Seconds that a data key may be held in memory: the same in all processes. */
    DATA_KEY_SECONDS: z.coerce.number().int().min(2).max(600).default(60),
    /** Milliseconds of one window of what a process measures of itself for `vellum advise`; 0 measures nothing. */
    LOAD_WINDOW_MS: z.coerce.number().int().min(0).default(5_000),
    /** `loopback`: calls between modules of one process travel over HTTP all the same. */
    INTERNAL_CALLS: z.enum(['direct', 'loopback']).default('direct'),
    /** `true`: every write call and every event arrives twice, to show that twice is once. */
    DELIVER_TWICE: z.stringbool().default(false),
    /** Where a process of a test kills itself. */
    FAILPOINT: failpointText.optional(),
    /** `true`: whoever set `FAILPOINT` meant it. */
    ALLOW_FAILPOINT: z.stringbool().default(false),
  })
  .refine((s) => s.FAILPOINT === undefined || (s.ALLOW_FAILPOINT && isOwnMachine(s.PUBLIC_URL)), {
    path: ['FAILPOINT'],
    error: 'kills the process and is for tests alone: remove it, or set ALLOW_FAILPOINT=true and a PUBLIC_URL of this machine alone, such as http://localhost:3000',
  })
  .refine((s) => (s.TLS_CERT_FILE === undefined) === (s.TLS_KEY_FILE === undefined), {
    path: ['TLS_CERT_FILE'],
    error: 'goes together with TLS_KEY_FILE: set both, or neither',
  })
  .refine((s) => new Set([s.INTERNAL_TLS_CERT_FILE, s.INTERNAL_TLS_KEY_FILE, s.INTERNAL_TLS_CA_FILE].map((file) => file === undefined)).size === 1, {
    path: ['INTERNAL_TLS_CERT_FILE'],
    error: 'goes together with INTERNAL_TLS_KEY_FILE and INTERNAL_TLS_CA_FILE: set all three, or none',
  })

/** The settings with their computed defaults. Names are those of the environment. */
export type Settings = Omit<z.output<typeof platformSettings>, 'PUBLIC_URL' | 'DATABASE_URL' | 'BLOBS_DIR'> & {
  /** Without a trailing slash. Frozen after the first issue: it is part of every credential's address. */
  readonly PUBLIC_URL: string
  readonly DATABASE_URL: string
  readonly BLOBS_DIR: string
}

/** One sentence per fault, each beginning with the variable's name. */
function faults(error: z.ZodError): string[] {
  return error.issues.map((issue) => `${issue.path.join('.') || 'Configuration'}: ${issue.message}`)
}

/** A variable may come from a file: `MASTER_KEY_FILE` for `MASTER_KEY`. An empty variable counts as absent. */
function withFiles(environment: Environment, messages: string[]): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) if (value !== undefined && value !== '') result[name] = value
  for (const name of ['MASTER_KEY', 'MASTER_KEY_PREVIOUS', 'SERVICE_SECRET', 'DATABASE_URL', 'REDIS_URL', 'S3_URL', 'SMTP_URL', 'ANCHOR_PRIVATE_KEY']) {
    const file = result[`${name}_FILE`]
    if (file === undefined || result[name] !== undefined) continue
    try {
      result[name] = readFileSync(file, 'utf8').trim()
    } catch {
      messages.push(`${name}_FILE: ${file} cannot be read; name a file that exists, or set ${name}.`)
    }
  }
  return result
}

/**
 * Reads the platform's settings and, with the same environment, those of each module schema given.
 * Throws one `ConfigurationError` with every fault of all of them.
 */
export function readSettings<K extends Record<string, z.ZodType>>(
  environment: Environment,
  modules: K,
): { settings: Settings; modules: { [N in keyof K]: z.output<K[N]> }; environment: Environment } {
  const messages: string[] = []
  const values = withFiles(environment, messages)
  const platform = platformSettings.safeParse(values)
  if (!platform.success) messages.push(...faults(platform.error))
  const parsed: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(modules)) {
    const result = schema.safeParse(values)
    if (result.success) parsed[name] = result.data
    else messages.push(...faults(result.error))
  }
  if (messages.length > 0 || !platform.success) throw new ConfigurationError([...new Set(messages)])
  const s = platform.data
  const scheme = s.TLS_CERT_FILE ? 'https' : 'http'
  return {
    settings: {
      ...s,
      PUBLIC_URL: s.PUBLIC_URL ?? `${scheme}://localhost:${s.PORT}`,
      DATABASE_URL: s.DATABASE_URL ?? `sqlite:${s.DATA_DIR}`,
      BLOBS_DIR: s.BLOBS_DIR ?? join(s.DATA_DIR, 'blobs'),
    },
    modules: parsed as { [N in keyof K]: z.output<K[N]> },
    environment: values,
  }
}
