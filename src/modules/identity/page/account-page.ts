import { html } from 'hono/html'
import type { Language } from '#platform/page/language.ts'
import type { Membership } from '../membership/members.ts'
import type { SessionView } from '../session/sessions.ts'
import type { SignedIn } from '../session/signed-in.ts'
import { frame, type Html } from './frame.ts'
import { providerWords } from './provider-words.ts'
import { words } from './words.ts'

export interface AccountView {
  readonly language: Language
  readonly nonce: string
  readonly signedIn: SignedIn
  readonly memberships: readonly Membership[]
  readonly sessions: readonly SessionView[]
  /** How many. */
  readonly passkeys: number
  /** This session showed both factors. */
  readonly bothFactors: boolean
}

const bdi = (text: string): Html => html`<bdi>${text}</bdi>`

/** Which organizations somebody may act for, and where they are signed in. */
export function accountPage({ language, nonce, signedIn, memberships, sessions, passkeys, bothFactors }: AccountView): Html {
  const { account: say, roles, password, factor, deletion, passkeys: ofPasskeys } = words[language]
  const provider = providerWords[language]
  const when = (date: Date) => new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(date) + ' UTC'
  const body = html`<h1>${say.title}</h1>
<p>${bdi(signedIn.name)}<br><span class="soft" dir="ltr">${signedIn.email}</span></p>
<form method="post" action="/sign-in/out?lang=${language}"><button class="quiet">${say.signOut}</button></form>
<h2>${say.organizations}</h2>
${memberships.length === 0 ? html`<p>${say.none}</p>` : html`<p class="soft">${say.tokenHint}</p>`}
<ul class="rows">${memberships.map(({ slug, name, role, requiresSecondFactor }) => html`<li><span><strong><a href="/account/organizations/${slug}?lang=${language}">${bdi(name)}</a></strong><span class="soft">${roles[role]}</span></span>
${requiresSecondFactor && signedIn.providerId === null && !bothFactors ? html`<a class="quiet" href="/account/second-factor?required&amp;lang=${language}">${factor.required}</a></li>` : html`<form method="post" action="/account/token?lang=${language}"><input type="hidden" name="organization" value="${slug}"><button class="quiet" aria-label="${say.token}: ${name}">${say.token}</button></form></li>`}`)}</ul>
<h2>${say.security}</h2>
${signedIn.providerId !== null ? html`<p>${provider.only}</p>` : html`<ul class="rows"><li><span><strong>${password.title}</strong></span><a class="quiet" href="/account/password?lang=${language}" aria-label="${say.change}: ${password.title}">${say.change}</a></li>
<li><span><strong>${factor.title}</strong><span class="soft">${signedIn.secondFactor ? factor.on : factor.off}</span></span><a class="quiet" href="/account/second-factor?lang=${language}" aria-label="${say.change}: ${factor.title}">${say.change}</a></li>
<li><span><strong>${ofPasskeys.title}</strong><span class="soft">${passkeys > 0 ? passkeys : factor.off}</span></span><a class="quiet" href="/account/passkeys?lang=${language}" aria-label="${say.change}: ${ofPasskeys.title}">${say.change}</a></li></ul>`}
<h2>${say.sessions}</h2>
<p class="soft">${say.sessionsHint}</p>
<ul class="rows">${sessions.map(({ id, createdAt, userAgent }) => html`<li><span><strong>${id === signedIn.sessionId ? say.thisOne : bdi(browserOf(userAgent) ?? say.unknownDevice)}</strong>
<span class="soft">${say.since(when(createdAt))}</span></span>
${id === signedIn.sessionId ? '' : html`<form method="post" action="/account/sessions?lang=${language}"><input type="hidden" name="session" value="${id}"><button class="quiet">${say.end}</button></form>`}</li>`)}</ul>
${signedIn.providerId !== null ? '' : html`<p><a href="/account/delete?lang=${language}">${deletion.title}</a></p>`}`
  return frame({ language, nonce, title: say.title, body })
}

/** `Firefox on Windows`, as far as a browser tells; else the beginning of what it says. */
function browserOf(userAgent: string | undefined): string | undefined {
  if (userAgent === undefined) return undefined
  const browser = /(Edg|OPR|Firefox|Chrome|Safari)\//.exec(userAgent)?.[1]
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(userAgent)?.[1]
  const named = browser && ({ Edg: 'Edge', OPR: 'Opera' }[browser] ?? browser)
  return [named, system].filter(Boolean).join(' · ') || userAgent.slice(0, 40)
}

export function tokenPage({ language, nonce, organization, token }: { language: Language; nonce: string; organization: string; token: string }): Html {
  const { account: say } = words[language]
  const body = html`<h1>${bdi(organization)}</h1>
<p>${say.tokenHint}</p>
<p role="status">${say.tokenOnce}</p>
<pre dir="ltr"><code>${token}</code></pre>
<p><a href="/account?lang=${language}">${say.back}</a></p>`
  return frame({ language, nonce, title: say.token, body })
}
