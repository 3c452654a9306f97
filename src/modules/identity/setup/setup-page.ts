import { html, raw } from 'hono/html'
import type { SetupResult } from './setup.ts'

type Html = ReturnType<typeof html>

/** What stands on the page: the form, perhaps with what was wrong; the result, once; or that all is done. */
export type SetupView =
  | { readonly step: 'form'; readonly fault?: string; readonly values?: Readonly<Record<string, string>> }
  | { readonly step: 'done'; readonly result: SetupResult; readonly publicUrl: string }
  | { readonly step: 'closed' }

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 38rem; margin: 8vh auto; padding: 0 1.25rem }
h1 { font-size: 1.6rem; line-height: 1.25 }
label { display: block; margin: 1.1rem 0; font-weight: 600 }
small { display: block; font-weight: 400; opacity: .75 }
input { display: block; width: 100%; box-sizing: border-box; margin-top: .3rem; padding: .6rem .7rem; font: inherit;
  border: 1px solid #8886; border-radius: .4rem; background: transparent; color: inherit }
input:focus-visible, button:focus-visible { outline: 3px solid #3b82f6; outline-offset: 1px }
button { padding: .65rem 1.3rem; font: inherit; font-weight: 600; color: #fff; background: #1d4ed8; border: 0; border-radius: .4rem }
code, pre { font: 0.9rem/1.45 ui-monospace, monospace; overflow-wrap: anywhere }
pre { padding: .8rem 1rem; border: 1px solid #8886; border-radius: .4rem; white-space: pre-wrap }
[role=alert] { padding: .7rem 1rem; border-left: 4px solid #dc2626; background: #dc262618 }
dt { font-weight: 600 } dd { margin: 0 0 .8rem }`

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
<p>Name the organization that issues credentials. You get an API client with all permissions for it.</p>
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
<p role="alert">Keep the secret now: it is shown this once.</p>
<dl>
<dt>Client id</dt><dd><code>${clientId}</code></dd>
<dt>Client secret</dt><dd><code>${clientSecret}</code></dd>
</dl>
<p>Get an access token with it:</p>
<pre>curl -u ${clientId}:SECRET -d grant_type=client_credentials ${publicUrl}/oauth/token</pre>
<p><a href="/docs">How to use the API</a></p>`
