import { parseInstant } from '#platform/credentials/instant.ts'
import { isJsonObject, type JsonObject } from '#platform/credentials/json.ts'
import type { AnchorProof, CredentialDescription, LogProof } from '../credential/describe.ts'
import { frame } from './frame.ts'
import { html, type Html, typed, withoutMarks } from './html.ts'
import { icons } from './icons.ts'
import type { Language } from './language.ts'
import { type Verdict, type Words, words } from './words.ts'

/** Chains that people know by name. */
const chainNames: Readonly<Record<number, string>> = {
  1: 'Ethereum', 10: 'OP Mainnet', 100: 'Gnosis', 137: 'Polygon', 8453: 'Base', 42161: 'Arbitrum One', 11155111: 'Sepolia',
}

const tone = {
  active: 'good', test: 'wait', suspended: 'wait', superseded: 'wait', unchecked: 'wait', expired: 'bad', revoked: 'bad', invalid: 'bad',
} as const satisfies Record<Verdict, 'good' | 'wait' | 'bad'>

/** What is said first: what is wrong with the signature comes before every status. */
export function verdictOf({ signature, status, content }: CredentialDescription): Verdict {
  const codes = signature.errors.map(({ code }) => code)
  if (codes.some((code) => code !== 'issuer_unreachable' && code !== 'expired')) return 'invalid'
  if (status.value !== 'active') return status.value
  if (codes.includes('expired')) return 'expired'
  if (!signature.verified) return 'unchecked'
  return content.test ? 'test' : 'active'
}

/** The page of a credential, for people: `GET /v/{publicId}`. */
export function credentialPage(description: CredentialDescription, language: Language): string {
  const { content, status, links } = description
  const say = words[language]
  const verdict = verdictOf(description)
  const body = html`<section class="verdict ${tone[verdict]}" role="status">${icons[tone[verdict]]}<div>
<p><strong>${say.verdict[verdict].title}</strong></p>
<p>${say.verdict[verdict].text}</p>
${status.changedAt && status.value === verdict && html`<p class="when">${say.since} ${time(status.changedAt, language)}</p>`}
${status.asOf && html`<p class="when">${say.asOf} ${time(status.asOf, language)}.</p>`}
</div></section>
${award(description, language, say)}
<section class="part"><h2>${say.proofTitle}</h2><p>${say.proofIntro}</p>
<ul class="proofs">
${signatureProof(description, say)}
${logProof(description.log, language, say)}
${(description.anchor || description.anchoring) && anchorProof(description.anchor, language, say)}
</ul></section>
<section class="part">${details(description, say)}</section>
<p class="address">${say.address} <a href="${links.html}">${links.html}</a></p>`
  return frame({ language, title: withoutMarks(`${content.achievementName} · ${content.recipientName}`), body })
}

function award({ content, credential, row, links }: CredentialDescription, language: Language, say: Words): Html {
  const subject = credential['credentialSubject']
  const dates = [
    [say.issuedOn, row.issuedAt.getTime()],
    [say.completedOn, isJsonObject(subject) ? parseInstant(subject['activityEndDate']) : undefined],
    [say.validUntil, parseInstant(credential['validUntil'])],
  ] as const
  const criteria = criteriaOf(credential)
  return html`<article class="award">
<p class="label">${say.issuedBy} <strong>${typed(content.issuerName)}</strong></p>
<h1 dir="auto">${typed(content.achievementName)}${content.test && html`<span class="mark">${say.testMark}</span>`}</h1>
<p class="label">${say.awardedTo}</p>
<p class="name" dir="auto">${typed(content.recipientName)}</p>
<dl class="facts">
${dates.map(([label, at]) => at !== undefined && html`<div><dt>${label}</dt><dd>${time(new Date(at), language)}</dd></div>`)}
${criteria !== undefined && html`<div class="wide"><dt>${say.criteria}</dt><dd dir="auto">${typed(criteria)}</dd></div>`}
</dl>
<div class="actions">
<a class="button first" href="${links.pdf}">${icons.download}${say.pdf}</a>
<a class="button" href="${links.json}" download>${icons.download}${say.json}</a>
</div>
</article>`
}

const proof = (state: 'yes' | 'soon' | 'no', title: string, text: string): Html =>
  html`<li class="${state}">${icons[state === 'no' ? 'bad' : state]}<div><h3>${title}</h3><p>${text}</p></div></li>`

function signatureProof({ signature }: CredentialDescription, { signature: say }: Words): Html {
  const wrong = signature.errors.filter(({ code }) => code !== 'expired')
  if (wrong.length === 0) return proof('yes', say.title, say.good)
  return wrong.every(({ code }) => code === 'issuer_unreachable') ? proof('soon', say.title, say.unknown) : proof('no', say.title, say.bad)
}

function logProof(log: LogProof | null, language: Language, { log: say }: Words): Html {
  if (!log?.checkpoint) return proof('soon', say.title, say.pending)
  // People count from one.
  return proof('yes', say.title, say.entry(number(log.index + 1, language), number(log.checkpoint.size, language)))
}

function anchorProof(anchor: AnchorProof | null, language: Language, { anchor: say }: Words): Html {
  if (!anchor) return proof('soon', say.title, say.pending)
  const chain = chainNames[anchor.chainId] ?? say.chain(anchor.chainId)
  return proof('yes', say.title, say.entry(number(anchor.blockNumber, language), chain))
}

function details({ credential, signature, log, anchor, links }: CredentialDescription, say: Words): Html {
  const issuer = credential['issuer']
  const rows: readonly (readonly [string, unknown])[] = [
    [say.terms.errors, signature.errors.map(({ code }) => code).join(', ') || undefined],
    [say.terms.document, links.credential],
    [say.terms.issuerId, isJsonObject(issuer) ? issuer['id'] : issuer],
    [say.terms.leaf, log?.leaf],
    [say.terms.checkpoint, log?.checkpoint?.note],
    [say.terms.root, anchor?.root],
    [say.terms.transaction, anchor?.transactionHash],
    [say.terms.contract, anchor?.contractAddress],
  ]
  return html`<details><summary>${say.details}</summary><p>${say.detailsIntro}</p><dl>
${rows.map(([term, value]) => typeof value === 'string' && html`<div><dt>${term}</dt><dd><code>${value.trim()}</code></dd></div>`)}
</dl></details>`
}

function criteriaOf(credential: Record<string, unknown>): string | undefined {
  const subject = credential['credentialSubject'] as JsonObject | undefined
  const achievement = isJsonObject(subject) ? subject['achievement'] : undefined
  const criteria = isJsonObject(achievement) ? achievement['criteria'] : undefined
  const narrative = isJsonObject(criteria) ? criteria['narrative'] : undefined
  return typeof narrative === 'string' ? narrative : undefined
}

const time = (at: Date, language: Language): Html =>
  html`<time datetime="${at.toISOString()}">${new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(at)}</time>`

const number = (value: number, language: Language): string => new Intl.NumberFormat(language).format(value)
