import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6
/** A network whose machines are believed when they say for whom they ask. */
export type TrustedNetwork = [Address, number]

/** Networks in CIDR notation, or single addresses, separated by commas. Throws on anything else. */
export const parseNetworks = (text: string): TrustedNetwork[] =>
  text.split(',').map((part) => part.trim()).filter((part) => part !== '').map((part) => {
    if (part.includes('/')) return ipaddr.parseCIDR(part)
    const address = ipaddr.process(part)
    return [address, address.kind() === 'ipv4' ? 32 : 128]
  })

const parse = (text: string): Address | undefined => (ipaddr.isValid(text) ? ipaddr.process(text) : undefined)

const isTrusted = (address: Address, trusted: readonly TrustedNetwork[]): boolean =>
  trusted.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))

/**
 * Who asks: the peer of the connection, or, where that is a trusted proxy, the last address of `X-Forwarded-For` that none
 * such added. Of an IPv6 address the network of 64 bits: one subscriber has all of it.
 */
export function callerAddress(peer: string | undefined, forwardedFor: string | undefined, trusted: readonly TrustedNetwork[]): string {
  const hops = [...(forwardedFor ?? '').split(','), peer ?? ''].map((hop) => hop.trim())
  let caller: Address | undefined
  for (const hop of hops.reverse()) {
    const address = parse(hop)
    // Beyond a word that is no address nothing can be believed.
    if (!address) break
    caller = address
    if (!isTrusted(address, trusted)) break
  }
  if (!caller) return 'unknown'
  return caller instanceof ipaddr.IPv6 ? `${caller.parts.slice(0, 4).map((part) => part.toString(16)).join(':')}::/64` : caller.toString()
}
