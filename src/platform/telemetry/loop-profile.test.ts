import { describe, expect, it } from 'vitest'
import { type Profile, useOf } from './loop-profile.ts'

const at = (id: number, url: string, children: number[] = [], functionName = 'f') => ({ id, callFrame: { functionName, url }, children })

/** root → platform → press → a package; root → shop → platform → press; root → idle, collector. */
const profile: Profile = {
  nodes: [
    at(1, '', [2, 5, 8, 9], '(root)'),
    at(2, 'file:///app/src/platform/work/runner.ts', [3]),
    at(3, 'file:///app/src/modules/press/print.ts', [4]),
    at(4, 'file:///app/node_modules/zlib/index.js'),
    at(5, 'file:///app/src/modules/shop/sell.ts', [6]),
    at(6, 'file:///app/src/platform/call/client.ts', [7]),
    at(7, 'file:///app/src/modules/press/module.ts'),
    at(8, '', [], '(idle)'),
    at(9, '', [], '(garbage collector)'),
  ],
  samples: [2, 3, 4, 5, 6, 7, 8, 9],
  timeDeltas: [1e5, 1e5, 1e5, 1e5, 1e5, 1e5, 1e6, 1e5],
}

describe('a profile of the event loop', () => {
  it('counts for the module whose code is nearest to the top of the stack, what it calls included', () => {
    const { modules, busy } = useOf(profile)
    expect(modules.press).toBeCloseTo(0.3)
    expect(modules.shop).toBeCloseTo(0.2)
    expect(Object.keys(modules).sort()).toEqual(['press', 'shop'])
    expect(busy).toBeCloseTo(0.7)
  })

  it('of nothing is nothing', () => {
    expect(useOf({ nodes: [] })).toEqual({ modules: {}, busy: 0 })
  })
})
