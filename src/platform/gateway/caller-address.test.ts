import { describe, expect, it } from 'vitest'
import { callerAddress, parseNetworks } from './caller-address.ts'

const proxies = parseNetworks('10.0.0.0/8, fd00::1')

describe('who asks', () => {
  it.each([
    ['the peer', '203.0.113.7', undefined, '203.0.113.7'],
    ['the peer, whatever it says, unless it is a proxy of ours', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['whom our proxy heard', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['whom our proxy heard, and not what that one claims', '10.1.2.3', '192.0.2.9, 198.51.100.1', '198.51.100.1'],
    ['whom the first of our proxies heard', 'fd00::1', '192.0.2.9, 198.51.100.1, 10.9.9.9', '198.51.100.1'],
    ['our proxy, when it heard nothing that is an address', '10.1.2.3', 'unknown', '10.1.2.3'],
    ['an IPv4 address in either notation', '::ffff:203.0.113.7', undefined, '203.0.113.7'],
    ['a whole network of IPv6', '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2::/64'],
    ['nobody known', undefined, undefined, 'unknown'],
  ])('is %s', (_, peer, forwardedFor, caller) => {
    expect(callerAddress(peer, forwardedFor, proxies)).toBe(caller)
  })

  it('is not looked for in networks that are none', () => {
    expect(() => parseNetworks('10.0.0.0/8, proxy.example.org')).toThrow()
  })
})
