import { parseInstant } from '#platform/credentials/instant.ts'
import { asList, isJsonObject, type JsonObject, type JsonValue } from '#platform/credentials/json.ts'

/** What a badge says, as far as a page shows it. Undefined: absent, or of another kind than it should be. */
export interface Claims {
  readonly issuerId: string | undefined
  readonly achievement: {
    readonly id: string | undefined
    readonly description: string | undefined
    readonly criteria: string | undefined
    /** `AchievementType` of Open Badges 3.0. */
    readonly type: string | undefined
  }
  readonly completedOn: Date | undefined
  readonly validUntil: Date | undefined
}

/** Reads a signed Open Badges 3.0 credential. */
export function claimsOf(credential: JsonObject): Claims {
  const issuer = credential['issuer']
  const subject = objectOf(asList(credential['credentialSubject'])[0])
  const achievement = objectOf(asList(subject['achievement'])[0])
  return {
    issuerId: textOf(isJsonObject(issuer) ? issuer['id'] : issuer),
    achievement: {
      id: textOf(achievement['id']),
      description: textOf(achievement['description']),
      criteria: textOf(objectOf(achievement['criteria'])['narrative']),
      type: textOf(asList(achievement['achievementType'])[0]),
    },
    completedOn: dateOf(subject['activityEndDate']),
    validUntil: dateOf(credential['validUntil']),
  }
}

const objectOf = (value: JsonValue | undefined): JsonObject => (isJsonObject(value) ? value : {})
const textOf = (value: JsonValue | undefined): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

function dateOf(value: JsonValue | undefined): Date | undefined {
  const at = parseInstant(value)
  return at === undefined ? undefined : new Date(at)
}
