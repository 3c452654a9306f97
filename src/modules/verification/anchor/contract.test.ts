import { describe, expect, it } from 'vitest'
import { compileContract } from '../../../../scripts/compile-contract.ts'
import contract from './contract.json' with { type: 'json' }

describe('the compiled contract', () => {
  it('is what its source compiles to', () => {
    expect(contract, 'run node scripts/compile-contract.ts').toEqual(compileContract())
  })
})
