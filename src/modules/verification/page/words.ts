import type { PublicStatus } from '../credential/describe.ts'

/** What the page says in sum. */
export type Verdict = PublicStatus | 'invalid' | 'unchecked' | 'test'

/** A heading and what stands below it. */
interface Passage {
  readonly title: string
  readonly text: string
}

/** Everything that the public pages say. Numbers, dates and addresses come formatted; what people typed is put in by the pages. */
export interface Words {
  readonly otherLanguage: string
  readonly verdict: Readonly<Record<Verdict, Passage>>
  /** Before a date. */
  readonly since: string
  readonly asOf: string
  readonly awardedTo: string
  readonly issuedBy: string
  readonly issuedOn: string
  readonly completedOn: string
  readonly validUntil: string
  readonly number: string
  readonly about: string
  readonly criteria: string
  readonly testMark: string
  /** By the kinds of Open Badges 3.0 (`AchievementType`); others are not named. */
  readonly kinds: Readonly<Record<string, string>>
  readonly proofTitle: string
  readonly proofIntro: string
  readonly signature: { readonly title: string; readonly good: string; readonly bad: string; readonly unknown: string }
  readonly standing: { readonly title: string; readonly good: string; readonly unknown: string } & Readonly<Record<'suspended' | 'revoked' | 'superseded' | 'expired', string>>
  readonly log: { readonly title: string; readonly pending: string; entry(index: string, size: string): string }
  readonly anchor: {
    readonly title: string
    readonly pending: string
    /** What it is worth depends on the chain: public ones, networks for tests, and what runs on a desk. */
    public(block: string, chain: string): string
    test(block: string, chain: string): string
    development(block: string, chain: string): string
    other(block: string, chain: string): string
    chain(id: string): string
    readonly see: string
  }
  readonly keep: { readonly title: string; readonly text: string } & Readonly<Record<'pdf' | 'png' | 'svg' | 'json', Passage>>
  readonly share: {
    readonly title: string
    readonly text: string
    readonly linkedIn: string
    readonly mail: string
    mailSubject(achievement: string, name: string): string
    mailBody(achievement: string, name: string, issuer: string, url: string): string
    readonly byHand: string
    readonly byHandText: string
    readonly fields: Readonly<Record<'name' | 'organization' | 'issued' | 'expires' | 'id' | 'url', string>>
  }
  /** For whoever it was issued to: no account, a mailed link. */
  readonly yours: Readonly<Record<'credential' | 'issuer', Passage>> & { readonly email: string; readonly button: string }
  /** For the preview of a link: one line, plain text. */
  readonly preview: { title(achievement: string, name: string): string; text(issuer: string): string; picture(achievement: string, name: string): string }
  readonly address: string
  readonly details: string
  readonly detailsIntro: string
  readonly terms: Readonly<Record<'document' | 'issuerId' | 'leaf' | 'root' | 'checkpoint' | 'transaction' | 'contract' | 'errors', string>>
  readonly issuer: {
    readonly kicker: string
    readonly title: string
    readonly site: string
    readonly contact: string
    readonly since: string
    readonly total: string
    readonly identifier: string
    readonly web: string
    readonly key: string
    readonly keys: string
    readonly unknownIdentifier: string
    readonly achievements: string
    achievementsText(least: string): string
    readonly empty: string
    readonly nothingYet: Passage
    times(count: string): string
    readonly older: string
    readonly newest: string
    readonly verifyTitle: string
    readonly verify: readonly [string, string, string]
    preview(name: string): string
  }
  readonly problem: Readonly<Record<'missing' | 'missingIssuer' | 'gone' | 'away' | 'other', Passage>>
  readonly footer: string
}
