import type { Problem } from '#platform/problem.ts'
import { frame } from './frame.ts'
import { html } from './html.ts'
import { icons } from './icons.ts'
import type { Language } from '#platform/page/language.ts'
import { words } from './translations.ts'

/** What a person sees instead of problem+json. @param missing what is said where there is nothing */
export function problemPage({ code, status }: Problem, { language, missing }: { language: Language; missing: 'missing' | 'missingIssuer' }): string {
  const kind = code === 'not-found' ? missing : code === 'gone' ? 'gone' : status === 503 || status === 504 ? 'away' : 'other'
  const { title, text } = words[language].problem[kind]
  return frame({ language, title, body: html`<section class="sheet plain">${icons.nothing}<h1>${title}</h1><p>${text}</p></section>` })
}
