import { uuidv7 } from 'uuidv7'
import { installation } from '#platform/organization-id.ts'
import { Refused, type StepRunner } from '#platform/work/step.ts'
import type { History } from '../log/history.ts'
import { newestCheckpoint } from '../log/log-store.ts'
import { equalHashes } from '../log/merkle-hash.ts'
import type { VerificationTables } from '../tables.ts'
import type { VerificationContext } from '../verification-context.ts'
import { advance, type AnchorProgress, type AnchorRules, type Attempt, nextEffect } from './anchor-state.ts'
import { anchoredSize, anchorsOf, type AnchorRow, type ChainRow, chainRow, deploymentOf, finalAttempts, oldestUnanchored, saveAnchor, saveChain } from './anchor-store.ts'
import { announceAnchor } from './announce-step.ts'
import { ChainRefused, ChainUnavailable } from './chain-errors.ts'
import { type Chain, createChain } from './chain.ts'
import { type Fees, weiOf } from './fees.ts'
import { knownChains } from './known-chains.ts'
import { endRound, firstLookMs, passTurn, readRound, type anchorStep } from './rounds.ts'

const CONFIRMATIONS = 6
/** Until it is asked again whether the log has caught up with what was published. */
const LATER_MS = 5_000
/** After so long a node that keeps refusing a transaction is asked this seldom. */
const LONGEST_WAIT_MS = 900_000
/** While gas is dearer than it may be, the chain is asked this much less often. */
const DEAR_POLLS = 20

type Runner = StepRunner<(typeof anchorStep)['input']['_output'], VerificationTables>
type Effect = Awaited<ReturnType<Runner>>

interface OpenChain {
  readonly chain: Chain
  readonly chainId: number
}

/**
 * Makes one move of the anchor that is on its way, or begins one: the deployment of the contract first, where none is given.
 * A transaction is recorded with its nonce before it is broadcast, and broadcast again is harmless: docs/decisions/0030.
 */
export function createAnchorRunner(context: VerificationContext, history: Pick<History, 'isOurs'>): Runner {
  const { database, config, log, now } = context
  let opened: Promise<OpenChain> | undefined

  function openChain(): Promise<OpenChain> {
    opened ??= (async () => {
      const options = { rpcUrl: config.EVM_RPC_URL!, privateKey: config.ANCHOR_PRIVATE_KEY! }
      const chainId = await createChain({ ...options, confirmations: 1 }).chainId()
      const confirmations = config.ANCHOR_CONFIRMATIONS ?? (knownChains[chainId]?.kind === 'development' ? 1 : CONFIRMATIONS)
      return { chain: createChain({ ...options, confirmations, mostPerGas: weiOf(config.ANCHOR_MAX_FEE_GWEI) }), chainId }
    })()
    opened.catch(() => (opened = undefined))
    return opened
  }

  const later = (ms: number) => new Date(now().getTime() + ms)

  return async ({ input: { tick } }) => {
    if (config.EVM_RPC_URL === undefined) return undefined
    if ((await readRound({ select: database.read.select, tables: database.tables })).tick !== tick) return undefined
    const { chain, chainId } = await openChain()
    const account = await chainRow(database, chainId, chain.address)
    const { open, newest } = await anchorsOf(database, account.id)
    if (newest?.state === 'refused') throw refusedForGood(newest)
    const gatherMs = open ? 0 : await stillGathering()
    if (gatherMs > 0) return async (tx) => void (await passTurn(tx, tick, later(gatherMs)))
    // Nothing is signed for a log that the chain may know better.
    if (!open && !(await history.isOurs())) return async (tx) => void (await passTurn(tx, tick, later(LATER_MS)))
    const anchor = open ?? (await plan(account))
    if (!anchor) {
      const anchored = await anchoredSize(database.read, database.tables)
      return (tx) => endRound(tx, tick, anchored, now())
    }
    return move(tick, chain, account, anchor)
  }

  /** Milliseconds until the log was quiet for long enough, or the interval is over. */
  async function stillGathering(): Promise<number> {
    if (config.ANCHOR_QUIET_MS === undefined) return 0
    const [newest, oldest] = await Promise.all([newestCheckpoint(database), oldestUnanchored(database)])
    if (!newest || !oldest) return 0
    const quietAt = newest.createdAt.getTime() + config.ANCHOR_QUIET_MS
    return Math.min(quietAt, oldest.createdAt.getTime() + config.ANCHOR_INTERVAL_MS) - now().getTime()
  }

  /** What comes next when nothing is on its way. */
  async function plan(account: ChainRow): Promise<AnchorRow | undefined> {
    const contractAddress = config.ANCHOR_CONTRACT ?? account.contractAddress
    const blank = {
      id: uuidv7(), chain: account.id, state: 'planned' as const, progress: { state: 'planned' as const },
      firstLeaf: null, transactionHash: null, blockNumber: null, createdAt: now(), finalAt: null,
    }
    if (contractAddress === null) return { ...blank, kind: 'deployment', contractAddress: '', size: 0, root: new Uint8Array(0) }
    const newest = await newestCheckpoint(database)
    if (!newest || newest.size <= (await anchoredSize(database.read, database.tables))) return undefined
    return { ...blank, kind: 'checkpoint', contractAddress, size: newest.size, root: newest.root }
  }

  async function move(tick: number, chain: Chain, account: ChainRow, anchor: AnchorRow): Promise<Effect> {
    const rules: AnchorRules = { confirmations: chain.confirmations, replaceAfterMs: config.ANCHOR_REPLACE_AFTER_MS }
    const { progress } = anchor
    if (progress.state === 'final' || progress.state === 'refused') return undefined
    const effect = nextEffect(progress, now().getTime(), rules)
    if (effect === 'sign' || progress.state === 'planned') {
      const nonce = Math.max(account.nextNonce, await chain.nextNonce())
      // Nothing is taken or recorded yet, so that there is nothing to keep but the turn.
      return (await unlessTooDear(anchor, () => sign(tick, chain, account, anchor, { nonce })))
        ?? (async (tx) => void (await passTurn(tx, tick, later(config.ANCHOR_POLL_MS * DEAR_POLLS))))
    }
    const last = progress.attempts.at(-1)!
    // Where no higher offer is to be made, the last one is as good as any: it may still be mined.
    const replace = () => unlessTooDear(anchor, () => sign(tick, chain, account, anchor, { nonce: progress.nonce, replaces: last.fees }))
    if (effect === 'replace') {
      const replaced = await replace()
      if (replaced) return replaced
    }
    if (effect !== 'observe') {
      try {
        await chain.broadcast(last.raw)
      } catch (error) {
        if (!(error instanceof ChainRefused)) throw error
        log.warn({ anchor: anchor.id, reason: error.reason }, 'the chain refused a transaction; it is signed again')
        if (error.reason === 'underpriced') {
          return (await replace()) ?? observe(tick, chain, account, anchor, rules, config.ANCHOR_POLL_MS * DEAR_POLLS)
        }
        const waitMs = Math.min(config.ANCHOR_POLL_MS * 2 ** Math.min(progress.attempts.length, 20), LONGEST_WAIT_MS)
        return sign(tick, chain, account, anchor, { nonce: progress.nonce }, waitMs)
      }
    }
    return observe(tick, chain, account, anchor, rules)
  }

  /** What `work` answers; undefined when gas is too dear for it. */
  async function unlessTooDear(anchor: AnchorRow, work: () => Promise<Effect>): Promise<Effect> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof ChainRefused) || error.reason !== 'too-dear') throw error
      log.warn({ anchor: anchor.id, most: config.ANCHOR_MAX_FEE_GWEI, told: error.message }, 'gas is too dear; the anchor waits')
      return undefined
    }
  }

  /** Signs and records; the next move broadcasts. */
  async function sign(
    tick: number, chain: Chain, account: ChainRow, anchor: AnchorRow, terms: { nonce: number; replaces?: Fees }, waitMs = 0,
  ): Promise<Effect> {
    const { signed, contractAddress } = await prepare(chain, account, anchor, terms)
    const attempt: Attempt = { ...signed, signedAt: now().getTime() }
    // The rules matter to observations only.
    const progress = advance(anchor.progress, { fact: 'signed', attempt }, { confirmations: 1, replaceAfterMs: 0 })
    return async (tx) => {
      if (!(await passTurn(tx, tick, later(waitMs)))) return
      await saveAnchor(tx, { ...anchor, contractAddress, progress, state: progress.state, transactionHash: attempt.hash })
      await saveChain(tx, { ...account, nextNonce: Math.max(account.nextNonce, terms.nonce + 1) })
    }
  }

  async function prepare(chain: Chain, account: ChainRow, anchor: AnchorRow, terms: { nonce: number; replaces?: Fees }) {
    if (anchor.kind === 'deployment') {
      const { contractAddress, ...signed } = await chain.prepareDeployment(terms)
      return { signed, contractAddress }
    }
    const { contractAddress, root, size } = anchor
    try {
      return { signed: await chain.prepareAnchor({ contractAddress, root, size, ...terms }), contractAddress }
    } catch (error) {
      if (!(error instanceof ChainRefused)) throw error
      if (error.reason === 'another-root') {
        throw new Refused(
          `The chain holds another root for size ${size}: this log was restored to an older state, or its key belongs to another. ` +
            'Restore the newest backup, or set a new ANCHOR_PRIVATE_KEY.',
          { cause: error },
        )
      }
      if (error.reason === 'no-contract') await missingContract(chain, account)
      throw error
    }
  }

  /** A deep reorganisation took our deployment away: the same bytes bring it back. */
  async function missingContract(chain: Chain, account: ChainRow): Promise<never> {
    if (config.ANCHOR_CONTRACT !== undefined) {
      throw new Refused('There is no anchor contract at ANCHOR_CONTRACT on this chain; correct it or remove it, then retry this step.')
    }
    const deployment = await deploymentOf(database, account.id)
    const progress = deployment?.progress
    if (progress?.state === 'final') {
      for (const { raw } of progress.attempts) await chain.broadcast(raw).catch(() => {})
    }
    throw new ChainUnavailable('The anchor contract is not on the chain (any more); its deployment was sent again.')
  }

  async function observe(
    tick: number, chain: Chain, account: ChainRow, anchor: AnchorRow, rules: AnchorRules, pollMs = config.ANCHOR_POLL_MS,
  ): Promise<Effect> {
    if (anchor.progress.state !== 'submitted' && anchor.progress.state !== 'mined') return undefined
    const { nonce, attempts } = anchor.progress
    const observation = await chain.observe({ nonce, hashes: attempts.map(({ hash }) => hash) })
    const progress = advance(anchor.progress, { fact: 'observed', nonce, observation }, rules)
    if (progress.state === 'submitted') await closeGap(chain, account, nonce)
    if (progress.state !== 'final') {
      const waitMs = progress.state === 'planned' || progress.state === 'refused' ? 0 : pollMs
      return async (tx) => {
        if (await passTurn(tx, tick, later(waitMs))) await saveAnchor(tx, { ...anchor, progress, state: progress.state })
      }
    }
    if (anchor.kind === 'checkpoint') await confirmRecord(chain, anchor)
    return finish(tick, account, anchor, progress)
  }

  /**
   * A node that was set back, or a reorganisation deeper than what was waited for, took former transactions away, and nothing is
   * mined before them: the same bytes bring them back, under the hashes that were told.
   */
  async function closeGap(chain: Chain, account: ChainRow, nonce: number): Promise<void> {
    const mined = await chain.minedTransactions()
    if (mined >= nonce) return
    const lost = await finalAttempts(database, account.id, { from: mined, below: nonce })
    log.warn({ mined, nonce, lost: lost.length }, 'the chain lost transactions that were final; they are sent again')
    for (const { raw, hash } of lost) {
      try {
        await chain.broadcast(raw)
      } catch (error) {
        if (!(error instanceof ChainRefused)) throw error
        log.warn({ hash, reason: error.reason }, 'the chain does not take back a transaction that it lost')
      }
    }
  }

  async function confirmRecord(chain: Chain, { contractAddress, size, root }: AnchorRow): Promise<void> {
    const recorded = await chain.readAnchor({ contractAddress, size })
    if (!recorded || !equalHashes(recorded.root, root)) {
      throw new Error(`The contract does not hold the root of size ${size}, although the transaction succeeded.`)
    }
  }

  function finish(tick: number, account: ChainRow, anchor: AnchorRow, progress: AnchorProgress & { state: 'final' }): Effect {
    const { hash, blockNumber } = progress.mined
    const row = { ...anchor, progress, state: 'final' as const, transactionHash: hash, blockNumber, finalAt: now() }
    return async (tx) => {
      if (anchor.kind === 'deployment') {
        if (!(await passTurn(tx, tick, now()))) return
        await saveAnchor(tx, row)
        await saveChain(tx, { ...account, contractAddress: anchor.contractAddress })
        return
      }
      if ((await readRound(tx)).tick !== tick) return
      const firstLeaf = await anchoredSize(tx, tx.tables)
      await saveAnchor(tx, { ...row, firstLeaf })
      await tx.addStep(announceAnchor, installation, `${anchor.id}:`, { anchorId: anchor.id, after: '' })
      // Counted from the beginning of this anchor: leaves that came meanwhile have waited for part of the interval already.
      await endRound(tx, tick, anchor.size, new Date(Math.max(now().getTime(), anchor.createdAt.getTime() + firstLookMs(config))))
    }
  }
}

const refusedForGood = ({ size, progress }: AnchorRow): Refused =>
  new Refused(
    `The contract refused the root of size ${size}${progress.state === 'refused' ? ` (${progress.reason})` : ''}. ` +
      'Nothing more is anchored with this key; set a new ANCHOR_PRIVATE_KEY and restart.',
  )
