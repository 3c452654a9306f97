import ipaddr from 'ipaddr.js'

/** Public by range, yet answered inside a cloud: Azure's wire server. */
const metadata = new Set(['168.63.129.16'])

/**
 * Whether an address belongs to somebody on the public internet. Everything with a special purpose (IANA registries, RFC 6890)
 * does not: loopback, private, link-local, CGNAT, multicast, documentation, benchmarking, unspecified, … An IPv6 address
 * that carries an IPv4 one is judged by that, and tunnels (6to4, Teredo) are refused: nobody answers there but tricks.
 * @param address one IP address, without brackets; a zone or anything unparsable is not public
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const ip = ipaddr.parse(address)
  if (ip instanceof ipaddr.IPv4) return ip.range() === 'unicast' && !metadata.has(ip.toString())
  if (ip.zoneId) return false
  const range = ip.range()
  if (range === 'ipv4Mapped' || range === 'rfc6145') return isPublicAddress(embeddedIPv4(ip))
  // The well-known NAT64 prefix is how a network with IPv6 alone reaches IPv4; its local-use twin 64:ff9b:1::/48 is not.
  if (range === 'rfc6052') return ip.parts[2] === 0 && isPublicAddress(embeddedIPv4(ip))
  const globalUnicast = (ip.parts[0]! & 0xe000) === 0x2000
  return range === 'unicast' && globalUnicast && !isIsatap(ip)
}

const embeddedIPv4 = ({ parts }: ipaddr.IPv6): string =>
  [parts[6]! >> 8, parts[6]! & 255, parts[7]! >> 8, parts[7]! & 255].join('.')

/** RFC 5214: an interface id ::0:5efe:a.b.c.d or ::200:5efe:a.b.c.d leads into a tunnel to that IPv4 address. */
const isIsatap = ({ parts }: ipaddr.IPv6): boolean => (parts[4]! & ~0x200) === 0 && parts[5] === 0x5efe
