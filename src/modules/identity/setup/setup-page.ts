import { html, raw } from 'hono/html'
import type { SetupResult } from './setup.ts'

type Html = ReturnType<typeof html>

/** What stands on the page: the form, perhaps with what was wrong; the result, once; or that all is done. */
export type SetupView =
  | { readonly step: 'form'; readonly fault?: string; readonly values?: Readonly<Record<string, string>> }
  | { readonly step: 'done'; readonly result: SetupResult; readonly publicUrl: string }
  | { readonly step: 'closed' }

const style = `
:root { color-scheme: light dark; --paper: #f4f1ea; --sheet: #fffdf8; --ink: #1d2430; --soft: #5b6472; --line: #e3ddd0; --edge: #8b8779;
  --brand: #1f3a5f; --bad: #a3262a; --bad-tint: #fbe7e6; --wait: #7a4f00; --wait-tint: #fbf0d9 }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #14171c; --sheet: #1c2027; --ink: #eceae4; --soft: #a4abb6; --line: #2d333d; --edge: #6f7886;
  --brand: #a9c7ee; --bad: #f39a97; --bad-tint: #402021; --wait: #f0c067; --wait-tint: #382d16 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  overflow-wrap: anywhere }
.top, main { width: min(100% - 1.25rem, 36rem); margin-inline: auto }
.top { padding-block: 1.1rem; font-size: .9rem; color: var(--soft) }
main { margin-block-end: 3rem; padding: clamp(1.5rem, 6vw, 2.75rem); background: var(--sheet); border: 1px solid var(--line); border-radius: 14px;
  box-shadow: 0 12px 40px -12px rgb(60 48 20 / 18%) }
h1 { margin: 0 0 .6rem; font: 600 clamp(1.5rem, 6vw, 1.95rem)/1.28 "Iowan Old Style", Palatino, "Noto Serif", Georgia, serif; color: var(--brand);
  text-wrap: balance }
p { margin: 0 0 1rem } a { color: var(--brand); text-underline-offset: .18em }
label { display: block; margin-block: 1.35rem; font-weight: 600 }
small { display: block; font-size: .9rem; font-weight: 400; color: var(--soft) }
input { display: block; width: 100%; margin-block-start: .45rem; padding: .65rem .8rem; font: inherit; font-weight: 400;
  border: 1px solid var(--edge); border-radius: 9px; background: transparent; color: inherit }
:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; border-radius: 9px }
button { padding: .75rem 1.6rem; font: inherit; font-weight: 600; color: var(--sheet); background: var(--brand); border: 0; border-radius: 9px;
  cursor: pointer }
code, pre { font: .88rem/1.55 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }
pre, dd { margin: .35rem 0 1.1rem; padding: .7rem .9rem; border: 1px solid var(--line); border-radius: 9px; background: var(--paper);
  white-space: pre-wrap }
pre { font-size: .8rem }
dl { margin: 0 } dt { font-weight: 600 } dd code { user-select: all }
[role=alert] { padding: .75rem 1rem; border-radius: 9px; color: var(--bad); background: var(--bad-tint); font-weight: 550 }
[role=alert].once { color: var(--wait); background: var(--wait-tint) }`

/** Fills in the token from the link, where scripts run; without, it is pasted. The address forgets it either way. */
const script = `
const token = document.querySelector('input[name=token]')
if (token && location.hash.length > 1) {
  token.value = location.hash.slice(1)
  history.replaceState(null, '', location.pathname)
}`

/** The whole page; every value in it is escaped. @param nonce of the answer's content security policy */
export const setupPage = (view: SetupView, nonce: string): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Set up Vellum</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${raw(style)}</style>
</head>
<body>
<header class="top">Vellum</header>
<main>${content(view)}</main>
${view.step === 'form' ? html`<script nonce="${nonce}">${raw(script)}</script>` : ''}
</body>
</html>`

function content(view: SetupView): Html {
  if (view.step === 'closed') {
    return html`<h1>Vellum is set up</h1>
<p>An organization exists. More are made with <code>vellum organization create</code> on the machine that runs Vellum.</p>
<p><a href="/docs">How to use the API</a></p>`
  }
  if (view.step === 'done') return done(view.result, view.publicUrl)
  const { fault, values = {} } = view
  return html`<h1>Set up Vellum</h1>
<p>Name the organization that issues credentials. You get an API client for it, which may do everything.</p>
${fault ? html`<p role="alert">${fault}</p>` : ''}
<form method="post" action="/setup">
${field('token', 'Set-up code', 'What follows # in the link that Vellum printed when it started.', values.token, 'off')}
${field('name', 'Name of the organization', 'As it stands on every credential.', values.name, 'organization')}
${field('slug', 'Short name', 'Part of addresses: small letters, digits and hyphens. It cannot change after the first credential.', values.slug, 'off')}
<button>Set up</button>
</form>`
}

const field = (name: string, label: string, hint: string, value = '', autocomplete: string): Html => html`<label>${label}
<small id="${name}-hint">${hint}</small>
<input name="${name}" value="${value}" required maxlength="200" autocomplete="${autocomplete}" aria-describedby="${name}-hint"></label>
`

const done = ({ organization, clientId, clientSecret }: SetupResult, publicUrl: string): Html => html`<h1>${organization.name} is ready</h1>
<p role="alert" class="once">Keep the secret now: it is shown this once.</p>
<dl>
<dt>Client id</dt><dd><code>${clientId}</code></dd>
<dt>Client secret</dt><dd><code>${clientSecret}</code></dd>
</dl>
<p>Get an access token with it:</p>
<pre>curl -u ${clientId}:SECRET \\
  -d grant_type=client_credentials \\
  ${publicUrl}/oauth/token</pre>
<p><a href="/docs">How to use the API</a></p>`
