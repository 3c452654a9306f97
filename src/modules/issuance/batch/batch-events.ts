import { createHash } from 'node:crypto'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { type BatchView, getBatch } from './batches.ts'

export const streamLimits = { ofOrganization: 20, ofProcess: 200 } as const

const LOOK_MS = 1_000
/** A look is made at most so rarely that it takes a twentieth of the time. */
const REST = 20
const HEARTBEAT_MS = 15_000
/** How long a browser waits before it comes again. */
const RETRY_MS = 2_000

export interface Follower {
  readonly organizationId: OrganizationId
  readonly batchId: string
  /** `Last-Event-ID`: what it was told last. */
  readonly lastEventId: string | undefined
  /** Asked at each heartbeat: whether whoever follows may still. */
  readonly mayStay: () => Promise<boolean>
}

/** Tells how batches get on, as server-sent events (HTML Living Standard, section 9.2), from the database alone. */
export interface BatchEvents {
  /**
   * Undefined when the last event is the end that was told before: 204, after which a browser does not come again. Throws
   * `Problem('not-found')`, and `rate-limited` or `unavailable` when too many follow.
   */
  follow(follower: Follower): Promise<ReadableStream<Uint8Array> | undefined>
}

const over: readonly BatchView['state'][] = ['finished', 'failed', 'cancelled']

/** The same for the same view, whichever process it comes from. */
const idOf = (data: string): string => createHash('sha256').update(data).digest('base64url').slice(0, 16)

export function createBatchEvents(context: IssuanceContext, { lookMs = LOOK_MS, heartbeatMs = HEARTBEAT_MS } = {}): BatchEvents {
  const following = new Map<() => void, OrganizationId>()
  const looks = new Map<string, { until: number; view: Promise<BatchView> }>()
  context.stopping.addEventListener('abort', () => {
    for (const end of following.keys()) end()
  })

  /** One look for all who follow the batch. */
  function look(organizationId: OrganizationId, batchId: string): Promise<BatchView> {
    const key = `${organizationId}/${batchId}`
    const begun = performance.now()
    const last = looks.get(key)
    if (last && begun < last.until) return last.view
    const next = { until: Number.POSITIVE_INFINITY, view: getBatch(context, organizationId, batchId) }
    looks.set(key, next)
    const made = () => {
      next.until = begun + Math.max(lookMs / 2, (performance.now() - begun) * REST)
      setTimeout(() => looks.get(key) === next && looks.delete(key), next.until - begun + 5 * lookMs).unref()
    }
    next.view.then(made, () => looks.delete(key))
    return next.view
  }

  function takePlace(organizationId: OrganizationId, end: () => void): void {
    const own = [...following.values()].filter((one) => one === organizationId).length
    if (own >= streamLimits.ofOrganization)
      throw new Problem('rate-limited', `Follow at most ${streamLimits.ofOrganization} batches at a time; close one, or ask GET /v1/batches/{id} again and again.`, {
        retryAfterSeconds: 15,
      })
    if (following.size >= streamLimits.ofProcess || context.stopping.aborted)
      throw new Problem('unavailable', 'Too many follow batches here; ask GET /v1/batches/{id} again and again.', { retryAfterSeconds: 15 })
    following.set(end, organizationId)
  }

  return {
    async follow({ organizationId, batchId, lastEventId, mayStay }) {
      const first = await look(organizationId, batchId)
      if (over.includes(first.state) && idOf(JSON.stringify(first)) === lastEventId) return undefined
      let told = lastEventId
      let quietSince = performance.now()
      let timer: ReturnType<typeof setTimeout> | undefined
      let out: ReadableStreamDefaultController<Uint8Array>
      const end = () => {
        clearTimeout(timer)
        if (following.delete(end)) out.close()
      }
      const write = (text: string) => {
        out.enqueue(Buffer.from(text))
        quietSince = performance.now()
      }
      const tell = (view: BatchView) => {
        const data = JSON.stringify(view)
        const id = idOf(data)
        const isOver = over.includes(view.state)
        // To whoever does not read nothing is added: the next view says all.
        if ((id !== told && (out.desiredSize ?? 0) > 0) || isOver) write(`event: ${isOver ? 'end' : 'batch'}\nid: ${id}\ndata: ${data}\n\n`)
        told = id
        if (isOver) end()
      }
      const turn = async () => {
        try {
          if (performance.now() - quietSince >= heartbeatMs) write(':\n\n')
          if (performance.now() - checked >= heartbeatMs) {
            checked = performance.now()
            if (!(await mayStay())) return end()
          }
          if (following.has(end)) tell(await look(organizationId, batchId))
        } catch (error) {
          context.log.warn({ err: error }, 'a batch was not looked at')
          end()
        }
        if (following.has(end)) timer = setTimeout(turn, lookMs)
      }
      let checked = performance.now()
      takePlace(organizationId, end)
      return new ReadableStream<Uint8Array>(
        {
          start(controller) {
            out = controller
            write(`retry: ${RETRY_MS}\n\n`)
            tell(first)
            if (following.has(end)) timer = setTimeout(turn, lookMs)
          },
          cancel() {
            clearTimeout(timer)
            following.delete(end)
          },
        },
        new ByteLengthQueuingStrategy({ highWaterMark: 16_384 }),
      )
    },
  }
}
