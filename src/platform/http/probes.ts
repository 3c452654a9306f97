import type { Hono } from 'hono'

/** Throws when its part is not ready; the message tells what is missing and holds no secret. */
export type ReadinessCheck = () => Promise<void> | void

export interface ProbesOptions {
  readonly version: string
  readonly modules: readonly string[]
  /** Databases, migrations, the key check, remotes: by name. */
  readonly checks: Readonly<Record<string, ReadinessCheck>>
  /** What the process can do without for a while: shown in `/health` alone. */
  readonly conditions?: Readonly<Record<string, ReadinessCheck>>
  /** True from the moment in which the process begins to stop. */
  readonly isStopping?: () => boolean
}

/** One check may take so long; a probe that hangs tells nobody anything. */
const checkTimeoutMs = 2_000

/**
 * `/livez` touches nothing: it says that the event loop turns. `/readyz` runs every check and answers 503 with the
 * ones that failed. `/health` sums up for a person and is 200 while the process runs.
 */
export function mountProbes(app: Hono<any, any, any>, options: ProbesOptions): void {
  const begun = Date.now()

  const outcomesOf = async (checks: ProbesOptions['checks']) => {
    const outcomes = Object.entries(checks).map(async ([name, check]) => [name, await outcome(check)] as const)
    return Object.fromEntries(await Promise.all(outcomes))
  }
  const allOk = (outcomes: Record<string, string>) => Object.values(outcomes).every((result) => result === 'ok')
  const readiness = async () => {
    const checks = await outcomesOf(options.checks)
    if (options.isStopping?.()) checks.process = 'is stopping'
    return { ready: allOk(checks), checks }
  }
  const noStore = { 'cache-control': 'no-store' }

  app.get('/livez', (c) => c.text('ok', 200, noStore))
  app.get('/readyz', async (c) => {
    const { ready, checks } = await readiness()
    return c.json({ status: ready ? 'ready' : 'not ready', checks }, ready ? 200 : 503, noStore)
  })
  app.get('/health', async (c) => {
    const [{ ready, checks: needed }, conditions] = await Promise.all([readiness(), outcomesOf(options.conditions ?? {})])
    const checks = { ...needed, ...conditions }
    const uptimeSeconds = Math.round((Date.now() - begun) / 1_000)
    const { version, modules } = options
    return c.json({ status: ready && allOk(conditions) ? 'ok' : 'degraded', version, modules, uptimeSeconds, checks }, 200, noStore)
  })
}

async function outcome(check: ReadinessCheck): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`does not answer within ${checkTimeoutMs / 1_000} s`)), checkTimeoutMs)
  })
  try {
    await Promise.race([check(), late])
    return 'ok'
  } catch (error) {
    return error instanceof Error ? error.message : 'failed'
  } finally {
    clearTimeout(timer)
  }
}
