import { CREDENTIALS_V2 } from './contexts.ts'
import { parseInstant } from './instant.ts'
import { asList, isJsonObject, type JsonObject, type JsonValue } from './json.ts'
import { MOST_PARTS, partsOf } from './parts.ts'
import { problem, type VerificationProblem } from './problem.ts'

/** Objects whose meaning is their type's: VC Data Model 2.0, section 4.5. */
const TYPED = ['credentialStatus', 'credentialSchema', 'termsOfUse', 'evidence', 'refreshService'] as const

/** What an object that carries a text may hold: VC Data Model 2.0, section 11.1. */
const OF_LANGUAGE = new Set(['@value', '@language', '@direction'])
const OF_VALUE = new Set([...OF_LANGUAGE, '@type', '@index'])

type Say = (path: string, what: string) => void

/**
 * What keeps a document from being a conforming VC 2.0 credential, as far as its JSON tells: W3C VC Data Model 2.0, sections
 * 4.3 to 4.13 and 5.3 to 5.6. Terms without meaning and redefined ones show when it is brought into canonical form.
 */
export function credentialFaults(document: JsonObject): VerificationProblem[] {
  return faults('not_a_credential', document, 'VerifiableCredential', (say) => {
    issuerFault(document['issuer'], say)
    texts(document, '', say)
    subjects(document['credentialSubject'], say)
    period(document, say)
    for (const name of TYPED) typedObjects(document, name, say)
    for (const entry of asList(document['credentialStatus'])) if (isJsonObject(entry)) statusEntry(entry, say)
    relatedResources(document['relatedResource'], say)
  })
}

/** The same of a presentation: section 4.13. */
export function presentationFaults(document: JsonObject): VerificationProblem[] {
  return faults('not_a_presentation', document, 'VerifiablePresentation', (say) => {
    const { holder } = document
    if (holder !== undefined && !isUrl(isJsonObject(holder) ? holder['id'] : holder)) say('holder', 'must be a URL, or an object whose id is one')
    for (const credential of asList(document['verifiableCredential'])) if (!isJsonObject(credential)) say('verifiableCredential', 'must be objects')
    for (const name of ['termsOfUse']) typedObjects(document, name, say)
  })
}

function faults(
  code: 'not_a_credential' | 'not_a_presentation', document: JsonObject, type: string, further: (say: Say) => void,
): VerificationProblem[] {
  if (partsOf(document) > MOST_PARTS) return [problem('too_many_parts')]
  const found: VerificationProblem[] = []
  const say: Say = (path, what) => void found.push(problem(code, `${path} ${what}`))
  const context = document['@context']
  if (!Array.isArray(context) || context[0] !== CREDENTIALS_V2) say('@context', `must be a list that begins with ${CREDENTIALS_V2}`)
  else if (!context.every((entry) => isUrl(entry) || isJsonObject(entry))) say('@context', 'must hold URLs and objects')
  if (!isType(document['type']) || !asList(document['type']).includes(type)) say('type', `must be texts, ${type} among them`)
  identifier(document, '', say)
  further(say)
  valueObjects(document, '', say)
  return found
}

/** Absolute, and one: section 4.4. */
function isUrl(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && !/\s/.test(value) && URL.canParse(value)
}

const isType = (value: JsonValue | undefined): boolean =>
  asList(value).length > 0 && asList(value).every((one) => typeof one === 'string' && one !== '')

function identifier(object: JsonObject, path: string, say: Say): void {
  if (object['id'] !== undefined && !isUrl(object['id'])) say(`${path}id`, 'must be one URL')
}

function issuerFault(issuer: JsonValue | undefined, say: Say): void {
  if (!isUrl(isJsonObject(issuer) ? issuer['id'] : issuer)) say('issuer', 'must be a URL, or an object whose id is one')
  if (isJsonObject(issuer)) texts(issuer, 'issuer.', say)
}

/** `name` and `description`: a text, one with its language, or several of these (section 4.6). */
function texts(object: JsonObject, path: string, say: Say): void {
  for (const name of ['name', 'description']) {
    if (object[name] === undefined) continue
    const values = asList(object[name])
    const fits = (value: JsonValue) => typeof value === 'string'
      || (isJsonObject(value) && typeof value['@value'] === 'string' && Object.keys(value).every((key) => OF_LANGUAGE.has(key)))
    if (values.length === 0 || !values.every(fits)) say(path + name, 'must be a text, or objects of @value, @language and @direction')
  }
}

/** Each makes a claim: section 4.8. */
function subjects(value: JsonValue | undefined, say: Say): void {
  const all = asList(value)
  const makeClaims = all.every((subject) => isJsonObject(subject) && Object.keys(subject).length > 0)
  if (all.length === 0 || !makeClaims) return say('credentialSubject', 'must be objects that hold claims')
  for (const subject of all) identifier(subject as JsonObject, 'credentialSubject.', say)
}

/** Section 4.9. */
function period(document: JsonObject, say: Say): void {
  const instants = ['validFrom', 'validUntil'].map((name) => {
    const at = parseInstant(document[name])
    if (document[name] !== undefined && at === undefined) say(name, 'must be date, time and time zone')
    return at
  })
  const [from, until] = instants
  if (from !== undefined && until !== undefined && from > until) say('validUntil', 'must not be before validFrom')
}

function typedObjects(document: JsonObject, name: string, say: Say): void {
  const value = document[name]
  if (value === undefined) return
  const all = asList(value)
  if (all.length === 0) say(name, 'must be one object or more')
  for (const object of all) {
    if (!isJsonObject(object) || !isType(object['type'])) {
      say(name, 'must be objects with a type')
      continue
    }
    identifier(object, `${name}.`, say)
    // Section 4.11: a schema that is not named cannot be used.
    if (name === 'credentialSchema' && object['id'] === undefined) say('credentialSchema.id', 'must be one URL')
  }
}

/** W3C Bitstring Status List 1.0, section 2.1. */
function statusEntry(entry: JsonObject, say: Say): void {
  if (!asList(entry['type']).includes('BitstringStatusListEntry')) return
  const { statusPurpose, statusListIndex, statusListCredential } = entry
  if (typeof statusPurpose !== 'string') say('credentialStatus.statusPurpose', 'must be a text')
  if (typeof statusListIndex !== 'string' || !/^\d+$/.test(statusListIndex)) say('credentialStatus.statusListIndex', 'must be a number written as text')
  if (!isUrl(statusListCredential)) say('credentialStatus.statusListCredential', 'must be one URL')
}

/** Section 5.3. Whether the digests are right shows when the resources are fetched. */
function relatedResources(value: JsonValue | undefined, say: Say): void {
  if (value === undefined) return
  const ids = new Set<string>()
  for (const resource of asList(value)) {
    if (!isJsonObject(resource)) return say('relatedResource', 'must be objects')
    const id = resource['id']
    if (!isUrl(id) || ids.has(id)) say('relatedResource.id', 'must be one URL, and another for each')
    else ids.add(id)
    if (resource['digestSRI'] === undefined && resource['digestMultibase'] === undefined) say('relatedResource', 'must have digestSRI or digestMultibase')
  }
}

/** Wherever a text stands as an object, it holds nothing else. */
function valueObjects(value: JsonValue, path: string, say: Say): void {
  if (Array.isArray(value)) for (const item of value) valueObjects(item, path, say)
  else if (isJsonObject(value)) {
    if (value['@value'] !== undefined && !Object.keys(value).every((key) => OF_VALUE.has(key))) {
      say(path, 'must hold nothing beside @value, @language and @direction')
    }
    for (const [key, item] of Object.entries(value)) if (key !== '@context') valueObjects(item, path === '' ? key : `${path}.${key}`, say)
  }
}
