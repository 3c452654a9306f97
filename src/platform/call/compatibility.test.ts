import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { contract, operation } from '../contract.ts'
import { compatible, describeContract } from './compatibility.ts'

const describeOf = (input: z.ZodType, output: z.ZodType = z.object({})) =>
  describeContract(contract('m', { op: operation({ effect: 'read', timeoutMs: 1, input, output }) }))

const inputs = (caller: z.ZodType, owner: z.ZodType) => compatible(describeOf(caller), describeOf(owner))
const outputs = (caller: z.ZodType, owner: z.ZodType) =>
  compatible(describeOf(z.object({}), caller), describeOf(z.object({}), owner))

const base = { id: z.string(), size: z.number() }

describe('a caller and an owner of different versions', () => {
  it('fit when equal, whatever the order of their fields', () => {
    const [a, b] = [describeOf(z.object(base)), describeOf(z.object({ size: z.number(), id: z.string() }))]
    expect(a.hash).toBe(b.hash)
    expect(compatible(a, b)).toEqual([])
  })

  it('fit when the owner takes new optional fields and sends new fields', () => {
    const wider = z.object({ ...base, note: z.string().optional(), n: z.number().default(1) })
    expect(inputs(z.object(base), wider)).toEqual([])
    expect(outputs(z.object(base), z.object({ ...base, more: z.string() }))).toEqual([])
  })

  it('do not fit when the owner requires what the caller does not send, or not always', () => {
    expect(inputs(z.object(base), z.object({ ...base, who: z.string() }))).toEqual([
      'op input: who is required and not always sent',
    ])
    expect(inputs(z.object({ who: z.string().optional() }), z.object({ who: z.string() }))).toHaveLength(1)
  })

  it('do not fit when the owner leaves out what the caller requires, at any depth', () => {
    const deep = (fields: z.ZodRawShape) => z.object({ rows: z.array(z.object({ cell: z.object(fields) })) })
    expect(outputs(deep({ a: z.string(), b: z.string() }), deep({ a: z.string() }))).toEqual([
      'op output: rows[].cell.b is required and not always sent',
    ])
    expect(outputs(z.object({ a: z.string().optional() }), z.object({}))).toEqual([])
  })

  it('do not fit when a type, or a word that is sent, is not known to the other side', () => {
    expect(inputs(z.object({ id: z.string() }), z.object({ id: z.number() }))).toHaveLength(1)
    expect(inputs(z.object({ n: z.int() }), z.object({ n: z.number() }))).toEqual([])
    expect(outputs(z.object({ s: z.enum(['a']) }), z.object({ s: z.enum(['a', 'b']) }))).toEqual([
      'op output: s may be b, which is not known',
    ])
    expect(inputs(z.object({ s: z.enum(['a']) }), z.object({ s: z.string() }))).toEqual([])
    expect(outputs(z.object({ s: z.string() }), z.object({ s: z.string().nullable() }))).toHaveLength(1)
    expect(inputs(z.object({ s: z.string() }), z.object({ s: z.string().nullable() }))).toEqual([])
  })

  it('compares each form of a union, and a recursive type once', () => {
    const forms = (...kinds: string[]) =>
      z.discriminatedUnion('kind', kinds.map((kind) => z.object({ kind: z.literal(kind) })) as never)
    expect(outputs(forms('a', 'b', 'c'), forms('a', 'b'))).toEqual([])
    expect(outputs(forms('a', 'b'), forms('a', 'b', 'c'))).toHaveLength(1)
    const tree = (extra: z.ZodRawShape) => {
      const node: z.ZodType = z.object({ ...extra, children: z.lazy(() => z.array(node)) })
      return node
    }
    expect(outputs(tree({ id: z.string() }), tree({ id: z.string(), more: z.string() }))).toEqual([])
    expect(outputs(tree({ id: z.string(), more: z.string() }), tree({ id: z.string() }))).not.toEqual([])
  })

  it('do not fit when an operation is gone', () => {
    const gone = describeContract(contract('m', {}))
    expect(compatible(describeOf(z.object({})), gone)).toEqual(['op: the owner does not answer it'])
  })
})

describe('a contract', () => {
  it('is plain JSON and lets unknown fields be', () => {
    expect(() => describeOf(z.object({ at: z.date() }))).toThrow('m.op input must be plain JSON')
    expect(() => describeOf(z.object({ s: z.string().transform(Number) }))).toThrow('plain JSON')
    expect(() => describeOf(z.object({ rows: z.array(z.strictObject({ id: z.string() })) }))).toThrow(
      'z.object instead',
    )
  })
})
