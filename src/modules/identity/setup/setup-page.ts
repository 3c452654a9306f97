import { html, raw } from 'hono/html'
import { style } from '#platform/page/form-style.ts'
import type { SetupResult } from './setup.ts'

type Html = ReturnType<typeof html>

/** What stands on the page: the form, perhaps with what was wrong; the result, once; or that all is done. */
export type SetupView =
  | { readonly step: 'form'; readonly fault?: string; readonly values?: Readonly<Record<string, string>> }
  | { readonly step: 'done'; readonly result: SetupResult; readonly publicUrl: string }
  | { readonly step: 'closed' }

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
<p>Name the organization that issues credentials. You get an API client for it, which may do everything, and an account for yourself.</p>
${fault ? html`<p role="alert">${fault}</p>` : ''}
<form method="post" action="/setup">
${field('token', 'Set-up code', 'What follows # in the link that Vellum printed when it started.', values.token, 'off')}
${field('name', 'Name of the organization', 'As it stands on every credential.', values.name, 'organization')}
${field('slug', 'Short name', 'Part of addresses: small letters, digits and hyphens. It cannot change after the first credential.', values.slug, 'off')}
<h2>Your account</h2>
<p class="soft">To sign in as the owner of this organization, and to invite others. Leave all three empty if programs alone will use Vellum.</p>
${field('person', 'Your name', undefined, values.person, 'name', 'text', false)}
${field('email', 'Your e-mail address', undefined, values.email, 'username', 'email', false)}
${field('password', 'A password', 'At least 12 characters.', '', 'new-password', 'password', false)}
<button>Set up</button>
</form>`
}

const field = (
  name: string, label: string, hint: string | undefined, value = '', autocomplete: string, type = 'text', required = true,
): Html => html`<label>${label}
${hint === undefined ? '' : html`<small id="${name}-hint">${hint}</small>`}
<input name="${name}" type="${type}" value="${value}"${required ? raw(' required') : ''} maxlength="254" autocomplete="${autocomplete}"${
  hint === undefined ? '' : html` aria-describedby="${name}-hint"`}></label>
`

const done = ({ organization, owner, clientId, clientSecret }: SetupResult, publicUrl: string): Html => html`<h1>${organization.name} is ready</h1>
${owner ? html`<p>You are its owner: <a href="/sign-in">sign in</a> with ${owner.email}.</p>` : ''}
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
