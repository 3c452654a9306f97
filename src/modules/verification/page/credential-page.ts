import type { CredentialDescription } from '../credential/describe.ts'
import { time } from './format.ts'
import { frame, withQuery } from './frame.ts'
import { html, type Html, typed, withoutMarks } from './html.ts'
import { icons } from './icons.ts'
import type { Language } from '#platform/page/language.ts'
import { linkPreview } from './link-preview.ts'
import { details, proofs } from './proofs.ts'
import { seal } from './seal.ts'
import { sharing } from './share.ts'
import { words } from './translations.ts'
import type { Verdict, Words } from './words.ts'
import { yoursByCredential } from './yours.ts'

const tone = {
  active: 'good', test: 'wait', suspended: 'wait', superseded: 'wait', unchecked: 'wait', expired: 'bad', revoked: 'bad', invalid: 'bad',
} as const satisfies Record<Verdict, 'good' | 'wait' | 'bad'>

/** Nobody is helped to spread what does not hold. */
const worthSharing: readonly Verdict[] = ['active', 'test', 'unchecked', 'expired']

/** What is said first: what is wrong with the signature comes before every status. */
export function verdictOf({ signature, status, content }: CredentialDescription): Verdict {
  const codes = signature.errors.map(({ code }) => code)
  if (codes.some((code) => code !== 'issuer_unreachable' && code !== 'expired')) return 'invalid'
  if (status.value !== 'active') return status.value
  if (codes.includes('expired')) return 'expired'
  if (!signature.verified) return 'unchecked'
  return content.test ? 'test' : 'active'
}

/** The page of a credential, for people: `GET /v/{publicId}`. @param asked the language that the address names, which links keep */
export function credentialPage(description: CredentialDescription, { language, asked }: { language: Language; asked?: string | undefined }): string {
  const { content, links } = description
  const say = words[language]
  const verdict = verdictOf(description)
  const shared = worthSharing.includes(verdict)
  const issuerPage = description.issuer && withQuery(`/issuers/${description.issuer.slug}`, { lang: asked })
  const body = html`<div class="page">
<div class="sheet first">
${banner(description, verdict, language, say)}
${award(description, issuerPage, language, say)}
</div>
<div class="beside">
${keep(description, say)}
${shared && sharing(description, language, say)}
${description.issuer && yoursByCredential(description.issuer.slug, description.row.id, language, say)}
</div>
<div class="sheet last">
<section class="part"><h2>${say.proofTitle}</h2><p>${say.proofIntro}</p>
${proofs(description, language, say)}</section>
<section class="part">${details(description, say)}</section>
<p class="address">${say.address} <a href="${links.html}">${links.html}</a></p>
</div>
</div>`
  const title = withoutMarks(say.preview.title(content.achievementName, content.recipientName))
  return frame({ language, title, body, brand: typed(content.issuerName), head: linkPreview(description, { verdict, shared, title, language }) })
}

function banner({ status }: CredentialDescription, verdict: Verdict, language: Language, say: Words): Html {
  const { title, text } = say.verdict[verdict]
  return html`<section class="verdict ${tone[verdict]}" role="status">${icons[tone[verdict]]}<div>
<p><strong>${title}</strong></p>
<p>${text}</p>
${status.changedAt && status.value === verdict && html`<p class="when">${say.since} ${time(status.changedAt, language)}</p>`}
${status.asOf && html`<p class="when">${say.asOf} ${time(status.asOf, language)}.</p>`}
</div></section>`
}

function award({ content, claims, row, publicId }: CredentialDescription, issuerPage: string | undefined, language: Language, say: Words): Html {
  const { description, criteria, type } = claims.achievement
  const kind = type === undefined ? undefined : say.kinds[type]
  const issuer = typed(content.issuerName)
  const dates: readonly (readonly [string, Date | undefined])[] = [
    [say.issuedOn, row.issuedAt],
    [say.completedOn, claims.completedOn],
    [say.validUntil, claims.validUntil],
  ]
  // What it shows stands in words beside it.
  return html`<article class="award">
<img class="badge" src="/v/${publicId}/badge.svg" alt="" width="150" height="150">
<div class="issuer">${seal(content.issuerName)}<p><span class="label">${say.issuedBy}</span> <strong>${issuerPage === undefined ? issuer : html`<a href="${issuerPage}">${issuer}</a>`}</strong></p></div>
${(kind !== undefined || content.test) && html`<p class="kind">${kind}${content.test && html`<span class="mark">${say.testMark}</span>`}</p>`}
<h1 dir="auto">${typed(content.achievementName)}</h1>
<p class="label">${say.awardedTo}</p>
<p class="name" dir="auto">${typed(content.recipientName)}</p>
<dl class="facts">
${dates.map(([label, at]) => at && html`<div><dt>${label}</dt><dd>${time(at, language)}</dd></div>`)}
<div><dt>${say.number}</dt><dd class="number"><bdi dir="ltr">${publicId}</bdi></dd></div>
${passage(say.about, description)}
${passage(say.criteria, criteria)}
</dl>
</article>`
}

const passage = (label: string, text: string | undefined): Html | undefined =>
  text === undefined ? undefined : html`<div class="wide"><dt>${label}</dt><dd dir="auto">${typed(text)}</dd></div>`

function keep({ links }: CredentialDescription, { keep: say }: Words): Html {
  const files = [
    [say.pdf, links.pdf, false],
    [say.png, links.badgePng, true],
    [say.svg, links.badgeSvg, true],
    [say.json, links.json, true],
  ] as const
  return html`<section class="sheet card keep"><h2>${say.title}</h2><p>${say.text}</p>
<ul>${files.map(([{ title, text }, href, download]) =>
    html`<li><a href="${href}"${download && html` download`}>${icons.download}<span><b>${title}</b> <small>${text}</small></span></a></li>`)}</ul>
</section>`
}
