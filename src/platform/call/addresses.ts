/** How long an address that did not answer is passed over: at first, and at most, in milliseconds. */
const rest = { first: 1_000, most: 10_000 }

/**
 * Where a module is: one address, or one for each of its replicas. Everyone in this process who sends something to the
 * module shares it, so what one found out spares the others the attempt.
 */
export interface Addresses {
  /** Every address once, in the order in which to try them: those that answer, by turns; then those that did not. */
  inTurn(): readonly string[]
  answered(address: string): void
  /** Nothing came from there: the others come first for a while, which doubles each time. */
  silent(address: string): void
}

/** @param now milliseconds that only grow */
export function createAddresses(addresses: readonly string[], now: () => number = () => performance.now()): Addresses {
  const resting = new Map<string, { readonly ms: number; readonly until: number }>()
  let turn = 0
  return {
    inTurn() {
      if (addresses.length === 1) return addresses
      turn = (turn + 1) % addresses.length
      const turned = [...addresses.slice(turn), ...addresses.slice(0, turn)]
      if (resting.size === 0) return turned
      const at = now()
      const rests = (address: string) => (resting.get(address)?.until ?? at) > at
      return [...turned.filter((address) => !rests(address)), ...turned.filter(rests)]
    },
    answered: (address) => void resting.delete(address),
    silent(address) {
      const before = resting.get(address)?.ms
      const ms = before === undefined ? rest.first : Math.min(before * 2, rest.most)
      resting.set(address, { ms, until: now() + ms })
    },
  }
}
