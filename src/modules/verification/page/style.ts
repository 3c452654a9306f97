import { createHash } from 'node:crypto'
import type { PublicApp } from '#platform/module.ts'

/** Thin lines round a centre, as on a printed certificate. */
const rosette = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='-100 -100 200 200' fill='none' stroke='%23b08d4f' stroke-width='.7'>${
  Array.from({ length: 18 }, (_, i) => `<ellipse rx='96' ry='34' transform='rotate(${i * 10})'/>`).join('')
}</svg>`

/** The style of all public pages: logical properties alone, so that it mirrors itself. */
const style = `
:root {
  color-scheme: light dark;
  --paper: #f4f1ea; --sheet: #fffdf8; --ink: #1d2430; --soft: #566070; --line: #e6e0d4; --line-strong: #cdc4b2; --edge: #8b8779;
  --brand: #1f3a5f; --gold: #8a6a2f; --good: #1d6b45; --good-tint: #e6f2ea; --wait: #8a5a00; --wait-tint: #fbf0d9; --bad: #a3262a; --bad-tint: #fbe7e6;
  --shadow: 0 1px 2px rgb(60 48 20 / 5%), 0 10px 36px -14px rgb(60 48 20 / 16%);
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Noto Serif", "Noto Naskh Arabic", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans Arabic", "Noto Naskh Arabic", sans-serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "Noto Sans Mono", "DejaVu Sans Mono", monospace;
  --side: clamp(1.25rem, 5vw, 3rem); --up: clamp(1.6rem, 5vw, 2.75rem); --badge: clamp(5.4rem, 22vw, 9.4rem);
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #13161b; --sheet: #1c2027; --ink: #eceae4; --soft: #a8afba; --line: #2d333d; --line-strong: #454d5b; --edge: #6f7886;
    --brand: #a9c7ee; --gold: #d3b57a; --good: #7fd2a2; --good-tint: #1a2f25; --wait: #f0c067; --wait-tint: #352b16; --bad: #f39a97; --bad-tint: #3c2021;
    --shadow: 0 12px 40px -12px rgb(0 0 0 / 60%);
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 var(--sans); overflow-wrap: anywhere; }
h1, h2, h3, p, dl, dd, ul, ol { margin: 0; padding: 0; }
a { color: var(--brand); text-underline-offset: .2em; text-decoration-thickness: .06em; }
a:hover { text-decoration-thickness: .12em; }
:focus-visible { outline: 3px solid var(--brand); outline-offset: 3px; border-radius: 4px; }
.top, main, .foot { width: min(100% - 2rem, 69rem); margin-inline: auto; }
.top { display: flex; justify-content: space-between; align-items: center; gap: 1.5rem; padding-block: 1.15rem; font-size: .92rem; color: var(--soft); }
.top a { flex: none; text-decoration: none; padding: .35rem .2rem; font-weight: 550; }
.top a:hover { text-decoration: underline; }
.page { display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 1fr); grid-template-areas: "first" "beside" "last"; }
.first { grid-area: first; } .beside { grid-area: beside; } .last { grid-area: last; }
.page.single, main:has(> .plain), body:has(.single, .plain) .top { max-width: 46rem; margin-inline: auto; }
.page.single { grid-template-areas: none; }
.beside { display: grid; gap: 1.25rem; align-content: start; }
@media screen and (min-width: 40rem) and (max-width: 62rem) { .beside { grid-template-columns: 1fr 1fr; } .page { max-width: 46rem; margin-inline: auto; } }
@media screen and (min-width: 62rem) {
  .page:not(.single) { grid-template-columns: minmax(0, 1fr) 21rem; grid-template-areas: "first beside" "last beside"; grid-template-rows: auto 1fr; }
}
.sheet { background: var(--sheet); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); overflow: hidden; }

.verdict { display: flex; gap: 1rem; align-items: flex-start; padding: 1.2rem var(--side); border-block-end: 1px solid var(--line); }
.verdict svg { flex: none; width: 2rem; height: 2rem; }
.verdict strong { display: block; font-size: 1.13rem; line-height: 1.5; font-weight: 650; }
.verdict p { font-size: .95rem; line-height: 1.55; }
.verdict .when { color: var(--soft); margin-block-start: .25rem; }
.good { background: var(--good-tint); } .good svg, .good strong { color: var(--good); }
.wait { background: var(--wait-tint); } .wait svg, .wait strong { color: var(--wait); }
.bad { background: var(--bad-tint); } .bad svg, .bad strong { color: var(--bad); }

.award { position: relative; overflow: hidden; padding: var(--up) var(--side); }
.award::after { content: ""; position: absolute; inset-block-start: -5.5rem; inset-inline-end: -5.5rem; width: 17rem; height: 17rem; opacity: .26; pointer-events: none;
  background: url("data:image/svg+xml,${rosette.replaceAll('<', '%3C').replaceAll('>', '%3E')}") center / contain no-repeat; }
.award:has(.badge)::after { width: calc(1.9 * var(--badge)); height: calc(1.9 * var(--badge)); inset-block-start: calc(var(--up) - .45 * var(--badge)); inset-inline-end: calc(var(--side) - .45 * var(--badge)); }
.badge { float: inline-end; width: var(--badge); height: auto; aspect-ratio: 1; margin-inline-start: 1.25rem; }
@media (min-width: 40rem) { .award:has(.badge) h1 { padding-inline-end: calc(var(--badge) + 1rem); } }
.award > * { position: relative; z-index: 1; }
.label { color: var(--soft); font-size: .92rem; }
.issuer { display: flex; align-items: center; gap: .85rem; margin-block-end: clamp(1.6rem, 5vw, 2.4rem); line-height: 1.4; }
.issuer .label { display: block; }
.issuer strong { font-weight: 600; }
.seal { flex: none; display: grid; place-items: center; width: 2.9rem; height: 2.9rem; border-radius: 50%; border: 1px solid var(--gold); outline: 1px solid var(--gold); outline-offset: -4px;
  color: var(--gold); font: 600 1.2rem/1 var(--serif); user-select: none; }
.kind { color: var(--gold); font-size: .95rem; font-weight: 600; margin-block-end: .25rem; }
[dir="auto"] { text-align: -webkit-match-parent; text-align: match-parent; }
.award h1 { font: 600 clamp(1.75rem, 5.2vw, 2.55rem)/1.2 var(--serif); letter-spacing: -.012em; color: var(--brand); margin-block-end: clamp(1.3rem, 4vw, 1.8rem); text-wrap: balance; }
.award .name { font: 500 clamp(1.4rem, 4.2vw, 1.85rem)/1.35 var(--serif); margin-block: .1rem clamp(1.5rem, 4vw, 2rem); text-wrap: balance; }
[lang="ar"] .award h1, [lang="ar"] .award .name { letter-spacing: 0; line-height: 1.55; }
.mark { display: inline-block; padding: .05em .75em; border: 1.5px solid currentColor; border-radius: 99px; color: var(--wait); font-weight: 650; font-size: .88rem; line-height: 1.6; }
.kind .mark:not(:first-child) { margin-inline-start: .7rem; }
.facts { display: flex; flex-wrap: wrap; gap: 1.15rem 2.75rem; padding-block-start: 1.4rem; border-block-start: 1px solid var(--line); }
.facts:empty { display: none; }
.facts dt { color: var(--soft); font-size: .9rem; }
.facts dd { font-weight: 550; }
.facts .number { font: .88rem/1.8 var(--mono); }
.facts .wide { flex: 1 0 100%; }
.facts .wide dd { font-weight: 400; white-space: pre-line; max-width: 40rem; }

.card { padding: 1.4rem clamp(1.25rem, 5vw, 1.5rem) 1.5rem; }
.card h2, .part > h2 { font: 600 1.22rem/1.4 var(--serif); }
[lang="ar"] :is(.card, .part) > h2 { line-height: 1.6; }
.card > p { color: var(--soft); font-size: .93rem; line-height: 1.5; margin-block-start: .15rem; }
.keep ul { list-style: none; margin-block-start: .9rem; border-block-start: 1px solid var(--line); }
.keep li { border-block-end: 1px solid var(--line); }
.keep li:last-child { border: 0; margin-block-end: -.6rem; }
.keep li a { display: flex; align-items: center; gap: .85rem; padding: .7rem .15rem; color: var(--ink); text-decoration: none; line-height: 1.35; border-radius: 6px; }
.keep li svg { flex: none; width: 1.3rem; height: 1.3rem; color: var(--brand); }
.keep b { display: block; font-weight: 600; color: var(--brand); }
.keep small { font-size: .88rem; color: var(--soft); }
.keep li a:hover b { text-decoration: underline; text-underline-offset: .2em; }
.actions { display: grid; gap: .6rem; margin-block-start: 1.1rem; }
.button { display: inline-flex; align-items: center; justify-content: center; gap: .55rem; min-height: 2.85rem; padding: .5rem 1.1rem; border-radius: 9px; border: 1px solid var(--line-strong); color: var(--ink); text-decoration: none; font-weight: 600; font-size: .96rem; }
button.button { font-family: inherit; background: transparent; cursor: pointer; }
.button svg { flex: none; width: 1.15rem; height: 1.15rem; }
.button:hover { border-color: var(--brand); color: var(--brand); }
.share .button:first-child { background: var(--brand); border-color: var(--brand); color: var(--sheet); }
.share .button:first-child:hover { filter: brightness(1.12); }
.share details { margin-block-start: 1.1rem; }
.share details p { font-size: .93rem; line-height: 1.5; }
.fields dd { -webkit-user-select: all; user-select: all; cursor: copy; margin-block-start: .15rem; padding: .45rem .7rem; border: 1px solid var(--line); border-radius: 7px; background: var(--paper); line-height: 1.45; font-size: .95rem; }
.yours form { display: grid; gap: .9rem; margin-block-start: 1.1rem; }
.yours label { font-weight: 600; max-width: 26rem; }
.yours input { display: block; width: 100%; min-height: 2.85rem; margin-block-start: .4rem; padding: .5rem .8rem; font: inherit; font-weight: 400; color: inherit; background: transparent; border: 1px solid var(--edge); border-radius: 9px; }
.part.yours .button { width: fit-content; }

.part { padding: 1.9rem var(--side); }
.part + .part { border-block-start: 1px solid var(--line); }
.award + .part { border-block-start: 1px solid var(--line); }
.part > p { color: var(--soft); max-width: 40rem; }
.part > h2 { margin-block-end: .3rem; }
.proofs { list-style: none; margin-block-start: 1.4rem; display: grid; gap: 1.25rem; }
.proofs li { display: grid; grid-template-columns: 1.5rem 1fr; gap: .95rem; max-width: 42rem; }
.proofs svg { width: 1.5rem; height: 1.5rem; margin-block-start: .05rem; }
.proofs h3 { font-size: 1rem; font-weight: 650; }
.proofs p { color: var(--soft); }
.yes > svg { color: var(--good); } .soon > svg { color: var(--wait); } .no > svg, .no h3 { color: var(--bad); }
.more { margin-block-start: .2rem; font-size: .95rem; }
.more svg { width: .85rem; height: .85rem; margin-inline-start: .25rem; vertical-align: -.06em; }
[dir="rtl"] .more svg { transform: scaleX(-1); }
summary { cursor: pointer; font-weight: 600; padding-block: .2rem; border-radius: 4px; width: fit-content; }
details dl { display: grid; gap: .9rem; margin-block-start: 1rem; }
details dt { color: var(--soft); font-size: .9rem; }
details p { color: var(--soft); margin-block-start: .6rem; max-width: 40rem; }
code { font: .84rem/1.6 var(--mono); direction: ltr; unicode-bidi: isolate; display: block; text-align: start; white-space: pre-wrap; word-break: break-all; }
[dir="rtl"] code { text-align: end; }
[dir="rtl"] :is(.did, .steps) code { text-align: start; }
.did { margin-block-start: .8rem; }
.did code, .steps code { padding: .5rem .8rem; border: 1px solid var(--line); border-radius: 7px; background: var(--paper); color: var(--ink); width: fit-content; max-width: 100%; }
.list { list-style: none; margin-block-start: 1.1rem; border-block-start: 1px solid var(--line); }
.list li { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: .1rem 1.5rem; padding-block: .8rem; border-block-end: 1px solid var(--line); }
.list .what { font: 500 1.08rem/1.45 var(--serif); flex: 1 1 14rem; }
.list .count { color: var(--soft); font-size: .92rem; font-variant-numeric: tabular-nums; }
.pager { display: flex; flex-wrap: wrap; gap: .75rem; margin-block-start: 1.25rem; }
.empty { display: flex; gap: 1rem; align-items: center; margin-block-start: .9rem; padding: 1.25rem; border: 1px dashed var(--line-strong); border-radius: 10px; color: var(--soft); }
.empty svg { flex: none; width: 2rem; height: 2rem; }
.empty h3 { font-size: 1rem; color: var(--ink); }
.steps { margin-block-start: .8rem; padding-inline-start: 1.4rem; display: grid; gap: .8rem; max-width: 40rem; }
.steps li { padding-inline-start: .35rem; }
.steps li::marker { color: var(--gold); font-weight: 650; }
.steps code { margin-block-start: .45rem; }
.address { padding: 1.15rem var(--side); border-block-start: 1px solid var(--line); background: color-mix(in srgb, var(--paper) 55%, var(--sheet)); font-size: .92rem; }
.address a { display: block; width: fit-content; direction: ltr; unicode-bidi: isolate; font-weight: 550; word-break: break-word; }
.plain { padding: clamp(2.5rem, 9vw, 4.5rem) clamp(1.25rem, 6vw, 3rem); text-align: center; }
.plain svg { width: 2.75rem; height: 2.75rem; color: var(--gold); }
.plain h1 { font: 600 clamp(1.5rem, 5vw, 2rem)/1.35 var(--serif); margin-block: .9rem .6rem; text-wrap: balance; }
.plain p { color: var(--soft); max-width: 32rem; margin-inline: auto; }
.foot { padding-block: 1.75rem 2.5rem; font-size: .85rem; color: var(--soft); text-align: center; }
@media (max-width: 30rem) { .facts > div { flex: 1 0 100%; } .award::after { width: 12rem; height: 12rem; }  .top, main, .foot { width: min(100% - 1.25rem, 69rem); } }
@page { margin: 12mm 14mm; }
@media print {
  :root { color-scheme: light; font-size: 10pt; --side: 1.5rem; --badge: 7rem; }
  body { background: none; line-height: 1.5; }
  .top, main, .foot { width: 100%; }
  .top a, .beside, .yours, .more, .part:has(> details:not([open])) { display: none; }
  .page { grid-template-areas: "first" "last"; gap: 0; }
  .sheet { border: 0; border-radius: 0; box-shadow: none; overflow: visible; }
  .verdict { border: 1px solid var(--line-strong); border-radius: 9px; }
  .award::after, .award:has(.badge)::after { display: none; }
  .award { padding-block: 1.3rem; }
  .issuer { margin-block-end: 1.3rem; }
  .award h1, .award .name { margin-block-end: 1rem; }
  .facts { gap: .8rem 2.5rem; padding-block-start: 1rem; }
  .part { padding-block: .9rem; border-block-start: 1px solid var(--line); }
  .proofs { gap: .6rem; margin-block-start: .8rem; }
  .part > p, .proofs li, .facts .wide dd { max-width: none; }
  .proofs li, .address { break-inside: avoid; }
  .foot { padding-block: 1rem 0; }
}
`.trim()

/** Where the style is served: another text has another address, so that it may be kept for ever. */
export const stylePath = `/v/assets/page-${createHash('sha256').update(style).digest('hex').slice(0, 16)}.css`

export function styleRoute(app: PublicApp): void {
  app.get(stylePath, (c) =>
    c.body(style, 200, { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'public, max-age=31536000, immutable' }))
}
