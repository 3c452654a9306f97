import { html } from 'hono/html'
import type { Usage } from '#platform/usage.ts'
import type { Html } from './frame.ts'
import { dateOf, manageFrame, type Managing } from './manage-frame.ts'
import { manageWords } from './manage-words.ts'

/** What the organization has used in this month, and what is left. Undefined: it cannot be told now. */
export function usagePage(managing: Managing, usage: Usage | undefined): Html {
  const { language } = managing
  const { usage: say } = manageWords[language]
  const number = new Intl.NumberFormat(language)
  const limit = (value: number | null) => (value === null ? say.unlimited : number.format(value))
  const fact = (name: string, value: string) => html`<dt>${name}</dt><dd>${value}</dd>`
  const facts = usage && html`<p class="soft">${say.text(dateOf(language, usage.renewedAt))}</p>
<dl class="facts">${fact(say.credentials, number.format(usage.credentials.total))}
${Object.entries(usage.credentials.byState).map(([state, count]) => fact(`– ${say.states[state] ?? state}`, number.format(count)))}
${fact(say.limit, limit(usage.credentials.limit))}
${usage.credentials.left === null ? '' : fact(say.left, number.format(usage.credentials.left))}
${fact(say.requests, limit(usage.requestsPerMinute.organization))}
${fact(say.client, limit(usage.requestsPerMinute.client))}</dl>`
  return manageFrame(managing, { body: html`<h2>${say.title}</h2>${facts ?? html`<p>${say.away}</p>`}` })
}
