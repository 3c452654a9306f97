import { createHash } from 'node:crypto'

/** The style of all public pages: logical properties alone, so that it mirrors itself. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #f4f1ea; --sheet: #fffdf8; --ink: #1d2430; --soft: #5b6472; --line: #e3ddd0; --line-strong: #cfc6b4;
  --brand: #1f3a5f; --good: #1d6b45; --good-tint: #e6f2ea; --wait: #8a5a00; --wait-tint: #fbf0d9; --bad: #a3262a; --bad-tint: #fbe7e6;
  --shadow: 0 1px 2px rgb(60 48 20 / 6%), 0 12px 40px -12px rgb(60 48 20 / 18%);
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Noto Serif", "Noto Naskh Arabic", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans Arabic", "Noto Naskh Arabic", sans-serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "Noto Sans Mono", "DejaVu Sans Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14171c; --sheet: #1c2027; --ink: #eceae4; --soft: #a4abb6; --line: #2d333d; --line-strong: #414956;
    --brand: #a9c7ee; --good: #7fd2a2; --good-tint: #1b3327; --wait: #f0c067; --wait-tint: #382d16; --bad: #f39a97; --bad-tint: #402021;
    --shadow: 0 12px 40px -12px rgb(0 0 0 / 60%);
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 var(--sans); overflow-wrap: anywhere; }
h1, h2, h3, p, dl, dd, ul { margin: 0; padding: 0; }
a { color: var(--brand); text-underline-offset: .18em; }
:focus-visible { outline: 3px solid var(--brand); outline-offset: 3px; border-radius: 4px; }
.top, main, .foot { width: min(100% - 2rem, 46rem); margin-inline: auto; }
.top { display: flex; justify-content: space-between; align-items: center; gap: 1rem; padding-block: 1.1rem; font-size: .9rem; color: var(--soft); }
.top a { text-decoration: none; padding: .3rem .1rem; }
.top a:hover { text-decoration: underline; }
.sheet { background: var(--sheet); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); overflow: hidden; }
.verdict { display: flex; gap: .9rem; align-items: flex-start; padding: 1.15rem clamp(1.15rem, 5vw, 2.75rem); border-block-end: 1px solid var(--line); }
.verdict svg { flex: none; width: 1.75rem; height: 1.75rem; margin-block-start: .1rem; }
.verdict strong { display: block; font-size: 1.1rem; line-height: 1.45; font-weight: 650; }
.verdict p { color: var(--ink); font-size: .95rem; }
.verdict .when { color: var(--soft); margin-block-start: .25rem; }
.good { background: var(--good-tint); } .good svg, .good strong { color: var(--good); }
.wait { background: var(--wait-tint); } .wait svg, .wait strong { color: var(--wait); }
.bad { background: var(--bad-tint); } .bad svg, .bad strong { color: var(--bad); }
.award { padding: clamp(1.75rem, 6vw, 3.25rem) clamp(1.15rem, 5vw, 2.75rem) clamp(1.5rem, 5vw, 2.5rem); }
.label { color: var(--soft); font-size: .95rem; }
.label strong { color: var(--ink); font-weight: 600; }
[dir="auto"] { text-align: -webkit-match-parent; text-align: match-parent; }
.award h1 { font: 600 clamp(1.7rem, 6.4vw, 2.6rem)/1.22 var(--serif); letter-spacing: -.01em; color: var(--brand); margin-block: .15rem 1.5rem; text-wrap: balance; }
.award .name { font: 500 clamp(1.3rem, 4.6vw, 1.75rem)/1.35 var(--serif); margin-block-end: 1.6rem; }
[lang="ar"] .award h1, [lang="ar"] .award .name { letter-spacing: 0; line-height: 1.5; }
.mark { display: inline-block; vertical-align: middle; margin-inline-start: .6rem; padding: .1em .7em; border: 1.5px solid currentColor; border-radius: 99px; color: var(--wait); font: 650 .85rem/1.6 var(--sans); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: 1.1rem 2rem; padding-block-start: 1.35rem; border-block-start: 1px solid var(--line); }
.facts dt { color: var(--soft); font-size: .9rem; }
.facts dd { font-weight: 550; }
.facts .wide { grid-column: 1 / -1; }
.facts .wide dd { font-weight: 400; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; padding-block-start: 1.75rem; }
.button { display: inline-flex; align-items: center; gap: .55rem; min-height: 2.9rem; padding: .5rem 1.15rem; border-radius: 9px; border: 1px solid var(--line-strong); color: var(--ink); text-decoration: none; font-weight: 600; font-size: .97rem; }
.button svg { width: 1.15rem; height: 1.15rem; }
.button:hover { border-color: var(--brand); color: var(--brand); }
.button.first { background: var(--brand); border-color: var(--brand); color: var(--sheet); }
.button.first:hover { color: var(--sheet); filter: brightness(1.12); }
.part { padding: 1.75rem clamp(1.15rem, 5vw, 2.75rem); border-block-start: 1px solid var(--line); }
.part > h2 { font: 600 1.25rem/1.4 var(--serif); margin-block-end: .3rem; }
.part > p { color: var(--soft); }
.proofs { list-style: none; margin-block-start: 1.25rem; display: grid; gap: 1.15rem; }
.proofs li { display: grid; grid-template-columns: 1.5rem 1fr; gap: .9rem; }
.proofs svg { width: 1.5rem; height: 1.5rem; margin-block-start: .05rem; }
.proofs h3 { font-size: 1rem; font-weight: 650; }
.proofs p { color: var(--soft); }
.yes svg { color: var(--good); } .soon svg { color: var(--wait); } .no svg, .no h3 { color: var(--bad); }
summary { cursor: pointer; font-weight: 600; padding-block: .2rem; }
details dl { display: grid; gap: .9rem; margin-block-start: 1rem; }
details dt { color: var(--soft); font-size: .9rem; }
code { font: .82rem/1.55 var(--mono); direction: ltr; unicode-bidi: isolate; display: block; text-align: start; white-space: pre-wrap; word-break: break-all; }
[dir="rtl"] code { text-align: end; }
details p { color: var(--soft); margin-block-start: .6rem; }
.address { padding: 1.1rem clamp(1.15rem, 5vw, 2.75rem); border-block-start: 1px solid var(--line); background: color-mix(in srgb, var(--paper) 55%, var(--sheet)); font-size: .92rem; }
.address a { display: block; width: fit-content; direction: ltr; unicode-bidi: isolate; font-weight: 550; word-break: break-word; }
.plain { padding: clamp(2.5rem, 9vw, 4.5rem) clamp(1.25rem, 6vw, 3rem); text-align: center; }
.plain svg { width: 2.75rem; height: 2.75rem; color: var(--soft); }
.plain h1 { font: 600 clamp(1.5rem, 5vw, 2rem)/1.3 var(--serif); margin-block: .9rem .6rem; text-wrap: balance; }
.plain p { color: var(--soft); max-width: 32rem; margin-inline: auto; }
.foot { padding-block: 1.5rem 2.5rem; font-size: .85rem; color: var(--soft); text-align: center; }
@media (max-width: 30rem) { .button { flex: 1 1 100%; justify-content: center; } .top, main, .foot { width: min(100% - 1.25rem, 46rem); } }
@page { margin: 14mm; }
@media print {
  :root { color-scheme: light; font-size: 10.5pt; }
  body { background: none; }
  .top, main, .foot { width: 100%; }
  .top a, .actions, .part:has(> details:not([open])) { display: none; }
  .sheet { border: 0; border-radius: 0; box-shadow: none; overflow: visible; }
  .verdict { border: 1px solid var(--line-strong); border-radius: 9px; }
  .award { padding-block: 1.5rem; }
  .part { padding-block: 1.2rem; }
  .proofs { gap: .8rem; }
  .proofs li, .address { break-inside: avoid; }
  .foot { padding-block: 1rem 0; }
}
`.trim()

/** Where the style is served: another text has another address, so that it may be kept for ever. */
export const stylePath = `/v/assets/page-${createHash('sha256').update(style).digest('hex').slice(0, 16)}.css`
