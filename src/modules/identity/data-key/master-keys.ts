import { ConfigurationError } from '#platform/config.ts'
import { EnvelopeError, sealedSubject } from '#platform/crypto/envelope.ts'
import { openMasterKey, readMasterKeys, wrongMasterKey } from '#platform/crypto/master-key.ts'
import { type DataKeyName, masterKeyId, unwrapDataKey, wrapDataKey } from './data-key-wrapping.ts'

/**
 * The master keys that are configured: one, or while it is being replaced two. Which of them wraps is the database's to say, so
 * that all processes agree: decision 0210.
 */
export interface MasterKeys {
  /** In the order of preference: the configured one, then the previous. */
  ids(): string[]
  key(id: string): Uint8Array | undefined
  /** @param id which wraps; undefined: the first run, the configured one */
  wrap(id: string | undefined, name: DataKeyName, key: Uint8Array): Uint8Array
  /** @throws {EnvelopeError} for another master key, or another row than the one that it was wrapped for */
  unwrap(name: DataKeyName, wrapped: Uint8Array): Uint8Array
  /** Reads files anew that were changed since. */
  reread(): void
}

export interface MasterKeySettings {
  readonly DATA_DIR: string
  readonly MASTER_KEY?: string | undefined
  readonly MASTER_KEY_FILE?: string | undefined
  readonly MASTER_KEY_PREVIOUS?: string | undefined
  readonly MASTER_KEY_PREVIOUS_FILE?: string | undefined
}

const rereadMs = 1_000

/** Opened at the first use, because composing has no effect. */
export function createMasterKeys({ DATA_DIR: dataDir, ...settings }: MasterKeySettings): MasterKeys {
  let held: Map<string, Uint8Array> | undefined
  let readAt = -Infinity

  const keep = (keys: readonly (Uint8Array | undefined)[]) => {
    held = new Map(keys.filter((key) => key !== undefined).map((key) => [masterKeyId(key), key]))
  }
  function all(): Map<string, Uint8Array> {
    if (!held) {
      const { masterKey, previousMasterKey } = openMasterKey({ dataDir, env: settings })
      keep([masterKey, previousMasterKey])
    }
    return held!
  }
  function reread(): void {
    readAt = performance.now()
    // What came from a file stands in the settings too, as it was at the start.
    const env = {
      ...settings,
      ...(settings.MASTER_KEY_FILE !== undefined && { MASTER_KEY: undefined }),
      ...(settings.MASTER_KEY_PREVIOUS_FILE !== undefined && { MASTER_KEY_PREVIOUS: undefined }),
    }
    const known = all()
    const { current, previous } = readMasterKeys({ dataDir, env })
    keep([current, previous])
    // A file that was taken away too early takes nothing from a process that runs.
    for (const [id, key] of known) if (!held!.has(id)) held!.set(id, key)
  }
  /** Another process may have begun with a key that this one has not read yet. */
  function find(id: string): Uint8Array | undefined {
    const known = all().get(id)
    if (known || performance.now() - readAt < rereadMs) return known
    try {
      reread()
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
    }
    return all().get(id)
  }

  return {
    ids: () => [...all().keys()],
    key: find,
    reread,
    wrap(id, name, key) {
      const master = id === undefined ? [...all().values()][0] : find(id)
      if (!master) throw new EnvelopeError('The master key that wraps data keys is not configured here.')
      return wrapDataKey(master, name, key)
    },
    unwrap(name, wrapped) {
      const master = find(masterIdOf(wrapped))
      if (!master) throw new EnvelopeError('This data key is wrapped with another master key.')
      return unwrapDataKey(master, name, wrapped)
    },
  }
}

/** Of the master key that wrapped it. */
export const masterIdOf = (wrapped: Uint8Array): string => sealedSubject(wrapped).subject.replace(/^master:/, '')

export function refuseMasterKey(error: unknown): never {
  if (!(error instanceof EnvelopeError)) throw error
  throw new ConfigurationError([wrongMasterKey('the keys in the database of identity')])
}
