import { inContext } from '#platform/context.ts'
import { pause, whileExclusive } from '#platform/events/exclusive.ts'
import { bell } from '#platform/work/bell.ts'
import { describeFailure } from '#platform/work/retry-rules.ts'
import type { NoticeCheckpoint } from '../anchor/rounds.ts'
import type { VerificationContext } from '../verification-context.ts'
import { signCheckpoint } from './checkpoint.ts'
import type { History } from './history.ts'
import type { LogKey } from './log-key.ts'
import { APPEND_AT_MOST, appendWaiting, leavesWait, logSize, newestCheckpoint, nodeReader } from './log-store.ts'
import { rootAt } from './merkle-tree.ts'
import { placeRecovered } from './recovery.ts'
import type { Witness } from './witness.ts'

/** How long leaves gather for one commit: the one who rang has not committed yet. */
const gatherMs = 20
/** How often it looks without having been rung: for leaves that another process received. */
const sweepMs = 500
const retryMs = 500
const longestRetryMs = 8_000

export interface Appender {
  start(): void
  /** A leaf is about to be committed. */
  ring(): void
  stop(): Promise<void>
}

export interface AppenderParts {
  readonly key: LogKey
  readonly witness: Witness
  readonly history: History
  readonly noticeCheckpoint: NoticeCheckpoint
}

/**
 * Sequences the leaves that wait and signs checkpoints of what is committed. What there is to do stands in SQL alone, so a
 * kill at any point costs nothing; one appender runs per installation, which saves collisions and is not needed to be right.
 */
export function createAppender(
  { database, config, log, now }: VerificationContext,
  { key, witness, history, noticeCheckpoint }: AppenderParts,
): Appender {
  const stopped = new AbortController()
  const arrived = bell()
  let running: Promise<void> | undefined
  const readNodes = nodeReader(database.read, database.tables)

  async function appendArrived(signal: AbortSignal): Promise<void> {
    await placeRecovered(database)
    await history.expectOurs()
    let signAt = 0
    while (!signal.aborted) {
      const appended = (await leavesWait(database)) ? await appendWaiting(database) : 0
      if (performance.now() >= signAt && (await signNewest())) signAt = performance.now() + config.CHECKPOINT_INTERVAL_MS
      if (appended === APPEND_AT_MOST) continue
      await arrived.wait(Math.min(Math.max(signAt - performance.now(), appended > 0 ? gatherMs : sweepMs), sweepMs), signal)
      await pause(gatherMs, signal)
    }
  }

  /** Signs the committed tree unless that is done. @returns whether it signed */
  async function signNewest(): Promise<boolean> {
    const size = await logSize(database.read, database.tables)
    const newest = await newestCheckpoint(database)
    if (size <= (newest?.size ?? 0)) return false
    const [signer, root] = await Promise.all([key.signer(), rootAt(size, readNodes)])
    const note = signCheckpoint({ origin: key.origin, size, root }, [signer])
    await witness.remember(note)
    await database.transaction(async (tx) => {
      await tx.insert(tx.tables.checkpoints).values({ size, root, note, createdAt: now() }).onConflictDoNothing()
      await noticeCheckpoint(tx, size)
    })
    return true
  }

  async function run(signal: AbortSignal): Promise<void> {
    let pauseMs = retryMs
    while (!signal.aborted) {
      const begun = performance.now()
      try {
        await appendArrived(signal)
      } catch (error) {
        log.error({ error: describeFailure(error) }, 'the log could not be continued; it is tried again')
        pauseMs = performance.now() - begun > longestRetryMs ? retryMs : Math.min(pauseMs * 2, longestRetryMs)
        await pause(pauseMs, signal)
      }
    }
  }

  return {
    start() {
      running = inContext({}, () => whileExclusive(database, 'log-appender', stopped.signal, run))
    },
    ring: () => arrived.ring(),
    async stop() {
      stopped.abort()
      await running
    },
  }
}
