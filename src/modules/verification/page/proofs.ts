import { knownChains } from '../anchor/known-chains.ts'
import type { AnchorProof, CredentialDescription, LogProof } from '../credential/describe.ts'
import { number } from './format.ts'
import { html, type Html } from './html.ts'
import { icons } from './icons.ts'
import type { Language } from '#platform/page/language.ts'
import type { Words } from './words.ts'

/** What was checked, one after another, in words that need no knowledge of it. */
export const proofs = (description: CredentialDescription, language: Language, say: Words): Html => html`<ul class="proofs">
${signatureProof(description, say)}
${statusProof(description, say)}
${logProof(description.log, language, say)}
${(description.anchor || description.anchoring) && anchorProof(description.anchor, language, say)}
</ul>`

type Outcome = 'yes' | 'soon' | 'no'

const proof = (outcome: Outcome, title: string, text: string, more?: Html): Html =>
  html`<li class="${outcome}">${icons[outcome === 'no' ? 'bad' : outcome]}<div><h3>${title}</h3><p>${text}</p>${more}</div></li>`

function signatureProof({ signature }: CredentialDescription, { signature: say }: Words): Html {
  const wrong = signature.errors.filter(({ code }) => code !== 'expired')
  if (wrong.length === 0) return proof('yes', say.title, say.good)
  return wrong.every(({ code }) => code === 'issuer_unreachable') ? proof('soon', say.title, say.unknown) : proof('no', say.title, say.bad)
}

function statusProof({ status }: CredentialDescription, { standing: say }: Words): Html {
  if (status.asOf) return proof('soon', say.title, say.unknown)
  return status.value === 'active' ? proof('yes', say.title, say.good) : proof('no', say.title, say[status.value])
}

function logProof(log: LogProof | null, language: Language, { log: say }: Words): Html {
  if (!log?.checkpoint) return proof('soon', say.title, say.pending)
  // People count from one.
  return proof('yes', say.title, say.entry(number(log.index + 1, language), number(log.checkpoint.size, language)))
}

function anchorProof(anchor: AnchorProof | null, language: Language, { anchor: say }: Words): Html {
  if (!anchor) return proof('soon', say.title, say.pending)
  const known = knownChains[anchor.chainId]
  const chain = known?.name ?? say.chain(String(anchor.chainId))
  const link = known?.explorer !== undefined
    && html`<p class="more"><a href="${known.explorer}${anchor.transactionHash}" rel="external noopener noreferrer">${say.see}${icons.away}</a></p>`
  const kind = known?.kind ?? 'other'
  // Only where nobody can undo it is it a proof.
  return proof(kind === 'public' || kind === 'other' ? 'yes' : 'soon', say.title, say[kind](number(anchor.blockNumber, language), chain), link || undefined)
}

/** The same for those who check with their own software. */
export function details({ claims, signature, log, anchor, links }: CredentialDescription, say: Words): Html {
  const rows: readonly (readonly [string, string | undefined])[] = [
    [say.terms.errors, signature.errors.map(({ code }) => code).join(', ') || undefined],
    [say.terms.document, links.credential],
    [say.terms.issuerId, claims.issuerId],
    [say.terms.leaf, log?.leaf],
    [say.terms.checkpoint, log?.checkpoint?.note],
    [say.terms.root, anchor?.root],
    [say.terms.transaction, anchor?.transactionHash],
    [say.terms.contract, anchor?.contractAddress],
  ]
  return html`<details><summary>${say.details}</summary><p>${say.detailsIntro}</p><dl>
${rows.map(([term, value]) => value !== undefined && html`<div><dt>${term}</dt><dd><code>${value.trim()}</code></dd></div>`)}
</dl></details>`
}
