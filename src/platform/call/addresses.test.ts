import { describe, expect, it } from 'vitest'
import { createAddresses } from './addresses.ts'

const three = ['http://a', 'http://b', 'http://c']

describe('the addresses of a module', () => {
  it('are all tried, and each comes first as often as the others', () => {
    const addresses = createAddresses(three)
    const firsts = Array.from({ length: 6 }, () => {
      const order = addresses.inTurn()
      expect(order.toSorted()).toEqual(three)
      return order[0]!
    })
    expect(firsts.toSorted()).toEqual(['http://a', 'http://a', 'http://b', 'http://b', 'http://c', 'http://c'])
  })

  it('come last while they rest, longer each time, and are never left out', () => {
    let at = 0
    const addresses = createAddresses(three, () => at)
    const lasts = () => new Set(Array.from({ length: 3 }, () => addresses.inTurn()[2]))
    addresses.silent('http://b')
    expect(lasts()).toEqual(new Set(['http://b']))
    at = 1_000
    expect(lasts().size).toBe(3)
    addresses.silent('http://b')
    at = 2_999
    expect(lasts()).toEqual(new Set(['http://b']))
    at = 3_000
    expect(lasts().size).toBe(3)
  })

  it('rest no longer than ten seconds, and not once they answered', () => {
    let at = 0
    const addresses = createAddresses(three, () => at)
    for (let time = 0; time < 10; time++) addresses.silent('http://b')
    at = 10_000
    expect(new Set(Array.from({ length: 3 }, () => addresses.inTurn()[2])).size).toBe(3)
    addresses.silent('http://c')
    addresses.answered('http://c')
    expect(new Set(Array.from({ length: 3 }, () => addresses.inTurn()[2])).size).toBe(3)
  })

  it('are the one there is', () => {
    const addresses = createAddresses(['http://a'])
    addresses.silent('http://a')
    expect(addresses.inTurn()).toEqual(['http://a'])
  })
})
