import { field, type Html } from '#platform/page/form-frame.ts'
import type { Language } from '#platform/page/language.ts'
import { words } from './words.ts'

export { alert, field, frame, type Html } from '#platform/page/form-frame.ts'

/** For a code of an app, or one for when it is lost. */
export const codeField = (language: Language): Html =>
  field({ name: 'code', label: words[language].code.label, hint: words[language].code.hint, autocomplete: 'one-time-code' })
