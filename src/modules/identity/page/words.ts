import type { Language } from '#platform/page/language.ts'
import type { Role } from '../contract.ts'
import { arabic } from './words-ar.ts'
import { english } from './words-en.ts'

/** Everything that the pages for people who sign in say. What people typed comes as markup that is escaped already. */
export interface Words {
  readonly signIn: {
    readonly title: string
    readonly text: string
    readonly email: string
    readonly password: string
    readonly button: string
    readonly wrong: string
    readonly tooMany: string
    readonly signedOut: string
    readonly byLink: string
  }
  readonly link: Readonly<Record<'title' | 'text' | 'button' | 'sent' | 'byPassword' | 'gone' | 'goneText' | 'again', string>>
  readonly code: Readonly<Record<'title' | 'text' | 'label' | 'hint' | 'wrong', string>>
  readonly factor: Readonly<
    Record<'title' | 'text' | 'isSet' | 'begin' | 'remove' | 'scan' | 'byHand' | 'recovery' | 'recoveryText' | 'renew' | 'renewText' | 'confirm' | 'wrongPassword' | 'on' | 'off' | 'required' | 'setOne' | 'showIt' | 'orPasskey', string>
  >
  readonly passkeys: {
    added(when: string): string
    used(when: string): string
  } & Readonly<Record<
    'title' | 'text' | 'unused' | 'add' | 'cannot' | 'name' | 'nameHint' | 'nameFault' | 'rename' | 'remove' | 'removeText' | 'back' | 'signIn' | 'notAccepted' | 'notMade' | 'isThere' | 'wantsFactor',
    string
  >>
  readonly forgotten: Readonly<Record<'ask' | 'title' | 'text' | 'choose' | 'chooseText' | 'goneText' | 'done', string>>
  readonly password: Readonly<Record<'title' | 'text' | 'current' | 'chosen' | 'button', string>>
  readonly deletion: Readonly<Record<'title' | 'goes' | 'stays' | 'onlyOwner' | 'button' | 'done', string>>
  readonly account: {
    readonly title: string
    readonly signOut: string
    readonly security: string
    readonly change: string
    readonly organizations: string
    readonly none: string
    readonly token: string
    readonly tokenHint: string
    readonly tokenOnce: string
    readonly back: string
    readonly sessions: string
    readonly sessionsHint: string
    readonly thisOne: string
    readonly unknownDevice: string
    since(when: string): string
    readonly end: string
  }
  readonly invitation: {
    title(organization: string): string
    text(role: string, email: string): string
    readonly name: string
    readonly password: string
    readonly passwordHint: string
    readonly button: string
    readonly join: string
    readonly signInFirst: string
    readonly otherAddress: string
    readonly gone: string
    readonly goneText: string
  }
  readonly roles: Readonly<Record<Role, string>>
  readonly refused: { readonly title: string; readonly text: string }
  /** Of what was typed: by the field's name. */
  readonly faults: Readonly<Record<'name' | 'password', string>>
}

export const words: Readonly<Record<Language, Words>> = { en: english, ar: arabic }
