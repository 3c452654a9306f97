import { createHash } from 'node:crypto'
import { z } from 'zod'
import { currentContext } from '../context.ts'
import type { Contract } from '../contract.ts'
import { strictObjects } from '../http/strict-bodies.ts'
import { readProblem } from '../http/problem-response.ts'
import { answered, type Caller, headersOf } from './client.ts'
import { contractPath } from './headers.ts'
import type { Transport } from './transport.ts'

type JsonSchema = Readonly<Record<string, unknown>>

/** One value as its two sides see it: what leaves after parsing, and what a parse lets in (defaults may be absent). */
interface TwoSided {
  readonly sent: JsonSchema
  readonly accepted: JsonSchema
}

export interface ContractDescription {
  readonly module: string
  /** SHA-256 over everything else, base64url: equal means compatible, different means nothing yet. */
  readonly hash: string
  readonly operations: Readonly<Record<string, { effect: 'read' | 'write'; input: TwoSided; output: TwoSided }>>
}

const described = new WeakMap<Contract, ContractDescription>()

/**
 * A contract as JSON Schemas (draft 2020-12). Throws for what JSON cannot carry (dates, bytes, transforms, undefined)
 * and for strict objects, which would keep version N from talking with N-1.
 */
export function describeContract(contract: Contract): ContractDescription {
  const known = described.get(contract)
  if (known) return known
  const operations = Object.fromEntries(
    Object.entries(contract.operations).map(([name, { effect, input, output }]) => {
      const title = `${contract.module}.${name}`
      return [name, { effect, input: twoSided(`${title} input`, input), output: twoSided(`${title} output`, output) }]
    }),
  )
  const hash = createHash('sha256').update(canonical({ module: contract.module, operations })).digest('base64url')
  const description = { module: contract.module, hash, operations }
  described.set(contract, description)
  return description
}

function twoSided(title: string, schema: z.ZodType): TwoSided {
  let sides: TwoSided
  try {
    sides = {
      sent: z.toJSONSchema(schema, { io: 'output' }) as JsonSchema,
      accepted: z.toJSONSchema(schema, { io: 'input' }) as JsonSchema,
    }
  } catch (error) {
    throw new Error(`${title} must be plain JSON: ${(error as Error).message}`, { cause: error })
  }
  const strict = strictObjects(schema)
  if (strict.length > 0) {
    const where = strict.map((path) => path || 'the whole').join(', ')
    throw new Error(`${title} must let unknown fields be, use z.object instead of z.strictObject (${where})`)
  }
  return sides
}

/** Keys, and the names in `required`, in order: the order of declaration does not change the hash. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (key, item: unknown) => {
    if (Array.isArray(item)) return key === 'required' ? item.toSorted() : item
    if (typeof item !== 'object' || item === null) return item
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/**
 * Whether a caller built against one version of a contract can use an owner that runs another. Answers one sentence
 * for each thing that would fail; none means compatible. The owner may ask for nothing that the caller does not send,
 * and must send everything that the caller requires, in a type that the caller knows. Ranges and patterns are not
 * compared: a value outside them is refused when it comes.
 */
export function compatible(caller: ContractDescription, owner: ContractDescription): string[] {
  if (caller.hash === owner.hash) return []
  return Object.entries(caller.operations).flatMap(([name, mine]) => {
    const theirs = owner.operations[name]
    if (!theirs) return [`${name}: the owner does not answer it`]
    const faults = mine.effect === theirs.effect ? [] : [`${name}: the owner calls it a ${theirs.effect}`]
    return [
      ...faults,
      ...misfits(mine.input.sent, theirs.input.accepted).map((fault) => `${name} input: ${fault}`),
      ...misfits(theirs.output.sent, mine.output.accepted).map((fault) => `${name} output: ${fault}`),
    ]
  })
}

/** What keeps a value of the first schema from being accepted by the second. */
function misfits(sent: JsonSchema, accepted: JsonSchema): string[] {
  const compared = new Set<string>()

  function compare(from: JsonSchema, to: JsonSchema, path: string): string[] {
    // A recursive schema comes back to a pair that is being compared already.
    if (from.$ref !== undefined || to.$ref !== undefined) {
      const pair = `${String(from.$ref)} ${String(to.$ref)} ${from.$ref && to.$ref ? '' : path}`
      if (compared.has(pair)) return []
      compared.add(pair)
      return compare(resolve(from, sent), resolve(to, accepted), path)
    }
    const variants = variantsOf(from)
    if (variants) return variants.flatMap((variant) => compare(variant, to, path))
    const allowed = variantsOf(to)
    if (allowed) {
      const attempts = allowed.map((variant) => compare(from, variant, path))
      return attempts.some((attempt) => attempt.length === 0) ? [] : [`${at(path)} has a form that is not accepted`]
    }
    const parts = to.allOf as JsonSchema[] | undefined
    if (parts) return parts.flatMap((part) => compare(from, part, path))
    if (from.allOf) return compare(merged(from.allOf as JsonSchema[]), to, path)
    return [...compareValues(from, to, path), ...compareObjects(from, to, path), ...compareArrays(from, to, path)]
  }

  function compareObjects(from: JsonSchema, to: JsonSchema, path: string): string[] {
    const required = (to.required as string[] | undefined) ?? []
    const always = new Set((from.required as string[] | undefined) ?? [])
    const [mine, theirs] = [propertiesOf(from), propertiesOf(to)]
    const missing = required
      .filter((field) => !always.has(field))
      .map((field) => `${at(`${path}.${field}`)} is required and not always sent`)
    const both = Object.keys(theirs).filter((field) => Object.hasOwn(mine, field))
    const inside = both.flatMap((field) => compare(mine[field]!, theirs[field]!, `${path}.${field}`))
    const [rest, allowedRest] = [from.additionalProperties, to.additionalProperties]
    const records = isSchema(rest) && isSchema(allowedRest) ? compare(rest, allowedRest, `${path}.*`) : []
    return [...missing, ...inside, ...records]
  }

  function compareArrays(from: JsonSchema, to: JsonSchema, path: string): string[] {
    const items = isSchema(from.items) && isSchema(to.items) ? compare(from.items, to.items, `${path}[]`) : []
    const tuple = ((to.prefixItems as JsonSchema[] | undefined) ?? []).flatMap((item, index) => {
      const mine = (from.prefixItems as JsonSchema[] | undefined)?.[index]
      return mine ? compare(mine, item, `${path}[${index}]`) : [`${at(`${path}[${index}]`)} is required and not sent`]
    })
    return [...items, ...tuple]
  }

  return compare(sent, accepted, '')
}

function compareValues(from: JsonSchema, to: JsonSchema, path: string): string[] {
  const [mine, theirs] = [constantsOf(from), constantsOf(to)]
  if (theirs) {
    const unknown = mine?.filter((value) => !theirs.includes(value))
    if (!mine) return [`${at(path)} may be more than ${theirs.join(', ')}`]
    return unknown!.length === 0 ? [] : [`${at(path)} may be ${unknown!.join(', ')}, which is not known`]
  }
  if (to.type === undefined) return []
  const types = typesOf(from, mine)
  if (types.length === 0) return [`${at(path)} may be anything, ${String(to.type)} is accepted`]
  const accepted = [to.type].flat() as string[]
  const fits = (type: string) => accepted.includes(type) || (type === 'integer' && accepted.includes('number'))
  return types.every(fits) ? [] : [`${at(path)} is ${types.join(' or ')}, ${accepted.join(' or ')} is accepted`]
}

const typesOf = (schema: JsonSchema, constants: unknown[] | undefined): string[] => {
  if (schema.type !== undefined) return [schema.type].flat() as string[]
  return [...new Set(constants?.map((value) => (value === null ? 'null' : typeof value)) ?? [])]
}
const constantsOf = (schema: JsonSchema): unknown[] | undefined =>
  'const' in schema ? [schema.const] : (schema.enum as unknown[] | undefined)
const variantsOf = (schema: JsonSchema): JsonSchema[] | undefined =>
  (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined
const propertiesOf = (schema: JsonSchema): Readonly<Record<string, JsonSchema>> =>
  (schema.properties ?? {}) as Record<string, JsonSchema>
const isSchema = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null
const at = (path: string): string => (path === '' ? 'the value' : path.replace(/^\./, ''))

function merged(parts: readonly JsonSchema[]): JsonSchema {
  const properties = Object.assign({}, ...parts.map(propertiesOf)) as Record<string, JsonSchema>
  const required = parts.flatMap((part) => (part.required as string[] | undefined) ?? [])
  return { type: 'object', properties, required }
}

/** `#`, `#/$defs/name`. */
function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  if (typeof schema.$ref !== 'string') return schema
  let found: unknown = root
  for (const step of schema.$ref.split('/').slice(1)) found = (found as Record<string, unknown>)[step]
  return found as JsonSchema
}

/** Milliseconds that the owner has for describing itself: it is asked at boot and by the readiness check. */
const descriptionTimeoutMs = 3_000

/**
 * Asks the owner for its contract and compares. Answers the faults, none when compatible. Throws
 * `Problem('unavailable')` when the owner cannot be reached: that means *not ready*, never *refuse to boot*.
 */
export async function checkRemoteContract(contract: Contract, transport: Transport, caller: Caller): Promise<string[]> {
  const { module } = contract
  const headers = await headersOf(currentContext(), module, caller, descriptionTimeoutMs)
  const owner = await answered(module, 'contract', descriptionTimeoutMs, undefined, async (signal) => {
    const answer = await transport({ method: 'GET', path: contractPath(module), headers, effect: 'read', signal })
    if (!answer.ok) throw await readProblem(answer)
    return (await answer.json()) as ContractDescription
  })
  return compatible(describeContract(contract), owner)
}
