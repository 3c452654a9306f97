import { createHash } from 'node:crypto'
import { CREDENTIALS_V2, OPEN_BADGES_V3 } from '#platform/credentials/contexts.ts'
import { formatInstant } from '#platform/credentials/instant.ts'
import type { JsonObject } from '#platform/credentials/json.ts'

/** What Open Badges 3.0 lists as kinds of achievement (`AchievementType`); others are written `ext:…`. */
export const ACHIEVEMENT_TYPES = [
  'Achievement', 'ApprenticeshipCertificate', 'Assessment', 'Assignment', 'AssociateDegree', 'Award', 'Badge',
  'BachelorDegree', 'Certificate', 'CertificateOfCompletion', 'Certification', 'CommunityService', 'Competency',
  'Course', 'CoCurricular', 'Degree', 'Diploma', 'DoctoralDegree', 'Fieldwork', 'GeneralEducationDevelopment',
  'JourneymanCertificate', 'LearningProgram', 'License', 'Membership', 'ProfessionalDoctorate',
  'QualityAssuranceCredential', 'MasterCertificate', 'MasterDegree', 'MicroCredential', 'ResearchDoctorate',
  'SecondarySchoolDiploma',
] as const

export type AchievementType = typeof ACHIEVEMENT_TYPES[number] | `ext:${string}`

/** One bit of one status list: the list's id within the installation, and the position. */
export type StatusPosition = { listId: string, index: number }

export type OpenBadgeInput = {
  /** `PUBLIC_URL`, the address of the installation. */
  publicUrl: string
  /** Random UUID of this version of the credential. */
  credentialId: string
  issuer: { did: string, name: string, url?: string | undefined }
  /** The time of signing. */
  validFrom: Date
  validUntil?: Date | undefined
  recipient: {
    name: string
    email: string
    /** Random, of this credential alone: 16 bytes or more, written as text. */
    salt: string
  }
  achievement: {
    /** An URL that stays the same for all credentials of this achievement. */
    id: string
    name: string
    description: string
    /** What had to be done for it. Markdown. */
    criteria: string
    achievementType?: AchievementType | undefined
    image?: { url: string, caption?: string | undefined } | undefined
  }
  /** When the recipient completed it: a calendar day, `2026-01-31`. */
  completedOn?: string | undefined
  status: { revocation: StatusPosition, suspension?: StatusPosition | undefined }
  /** True on an installation without TLS, whose credentials nobody can check from outside. */
  test: boolean
}

/** What stands before the name of a credential that is not meant to be relied on. */
export const TEST_MARK = '[TEST] '

const TEST_DESCRIPTION = 'Issued by a test installation without TLS. Not to be relied on.'

/**
 * An Open Badges 3.0 credential, ready to be signed: 1EdTech Open Badges 3.0 on W3C VC Data Model 2.0.
 * Fields that are not given are left out: there is no null and no empty list in it.
 *
 * @throws TypeError where `completedOn` is no calendar day.
 */
export function buildOpenBadge(input: OpenBadgeInput): JsonObject {
  const { issuer, recipient, achievement, test } = input
  const name = achievement.name
  return {
    '@context': [CREDENTIALS_V2, OPEN_BADGES_V3],
    id: credentialUrl(input.publicUrl, input.credentialId),
    type: ['VerifiableCredential', 'OpenBadgeCredential'],
    name: test ? TEST_MARK + name : name,
    ...(test && { description: TEST_DESCRIPTION }),
    issuer: { id: issuer.did, type: ['Profile'], name: issuer.name, ...(issuer.url && { url: issuer.url }) },
    validFrom: formatInstant(input.validFrom),
    ...(input.validUntil && { validUntil: formatInstant(input.validUntil) }),
    credentialSubject: {
      type: ['AchievementSubject'],
      identifier: [
        {
          type: 'IdentityObject',
          hashed: true,
          identityHash: hashIdentity(recipient.email, recipient.salt),
          identityType: 'emailAddress',
          salt: recipient.salt,
        },
        { type: 'IdentityObject', hashed: false, identityHash: recipient.name, identityType: 'name' },
      ],
      ...(input.completedOn && { activityEndDate: startOfDay(input.completedOn) }),
      achievement: {
        id: achievement.id,
        type: ['Achievement'],
        name,
        description: achievement.description,
        criteria: { narrative: achievement.criteria },
        ...(achievement.achievementType && { achievementType: achievement.achievementType }),
        ...(achievement.image && { image: image(achievement.image) }),
      },
    },
    credentialStatus: credentialStatus(input),
  }
}

/** `{PUBLIC_URL}/credentials/{uuid}`: the id of one version of a credential, for ever. */
export function credentialUrl(publicUrl: string, credentialId: string): string {
  return `${publicUrl.replace(/\/+$/, '')}/credentials/${credentialId}`
}

/** `{PUBLIC_URL}/status/{id}`: the address of a status list, for ever. */
export function statusListUrl(publicUrl: string, listId: string): string {
  return `${publicUrl.replace(/\/+$/, '')}/status/${listId}`
}

/**
 * Open Badges 3.0 `IdentityHash`: `sha256$` and the hexadecimal SHA-256 of the address in lower case followed by the
 * salt, both UTF-8. Whoever knows the address can check that the credential is about it; others learn nothing.
 */
export function hashIdentity(email: string, salt: string): string {
  return `sha256$${createHash('sha256').update(email.toLowerCase() + salt, 'utf8').digest('hex')}`
}

/** One entry stands alone, as the Open Badges 3.0 schema allows no list here; two are a list, as VC 2.0 allows. */
function credentialStatus({ publicUrl, status }: OpenBadgeInput): JsonObject | JsonObject[] {
  const revocation = statusEntry(publicUrl, 'revocation', status.revocation)
  return status.suspension ? [revocation, statusEntry(publicUrl, 'suspension', status.suspension)] : revocation
}

/** W3C Bitstring Status List 1.0, section 2.1. */
function statusEntry(
  publicUrl: string, purpose: 'revocation' | 'suspension', { listId, index }: StatusPosition,
): JsonObject {
  const list = statusListUrl(publicUrl, listId)
  return {
    id: `${list}#${index}`,
    type: 'BitstringStatusListEntry',
    statusPurpose: purpose,
    statusListIndex: String(index),
    statusListCredential: list,
  }
}

function image({ url, caption }: { url: string, caption?: string | undefined }): JsonObject {
  return { id: url, type: 'Image', ...(caption && { caption }) }
}

/** The schema asks for date and time; the field means the day, so it is written as the day's start in UTC. */
function startOfDay(day: string): string {
  const start = new Date(`${day}T00:00:00Z`)
  if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(start.getTime()) || formatInstant(start).slice(0, 10) !== day) {
    throw new TypeError(`completedOn is no calendar day: ${JSON.stringify(day)}`)
  }
  return formatInstant(start)
}
