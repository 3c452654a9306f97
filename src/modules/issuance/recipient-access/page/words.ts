import type { Language } from '#platform/page/language.ts'
import type { CredentialState } from '../../credential/state.ts'
import { arabic } from './words-ar.ts'
import { english } from './words-en.ts'

/** A heading and what stands below it. */
interface Passage {
  readonly title: string
  readonly text: string
}

/** Everything that the pages for recipients say. Names come as they are: the words that hold one give back its place. */
export interface Words {
  readonly ask: {
    title(issuer: string): string
    readonly text: string
    readonly email: string
    readonly button: string
  }
  readonly sent: Passage & { readonly more: string }
  readonly enter: { title(issuer: string): string; readonly text: string; readonly button: string }
  readonly oldLink: Passage
  readonly ended: string
  readonly home: {
    title(issuer: string): string
    until(time: string): string
    readonly leave: string
    readonly none: string
    readonly see: string
    readonly seeHint: string
    readonly issued: string
    readonly completed: string
    readonly since: string
    readonly states: Readonly<Record<CredentialState, string>>
    readonly files: Readonly<Record<'pdf' | 'badge' | 'json', string>>
    readonly older: string
    readonly newest: string
  }
  readonly data: Passage & { readonly download: string }
  readonly erasure: {
    readonly title: string
    readonly text: string
    readonly button: string
    readonly sure: string
    readonly consequences: readonly string[]
    readonly confirm: string
    readonly back: string
    open(day: string): string
    readonly takeBack: string
    readonly erasing: string
    refused(day: string): string
    readonly takenBack: string
  }
  readonly left: Passage
  readonly gone: Passage
  readonly problem: Readonly<Record<'missing' | 'away' | 'tooMany' | 'foreign' | 'other', Passage>>
}

export const words: Readonly<Record<Language, Words>> = { en: english, ar: arabic }
