/** The style of the pages for people who set up, sign in and are invited: logical properties alone, so that it mirrors itself. */
export const style = `
:root { color-scheme: light dark; --paper: #f4f1ea; --sheet: #fffdf8; --ink: #1d2430; --soft: #5b6472; --line: #e3ddd0; --edge: #8b8779;
  --brand: #1f3a5f; --bad: #a3262a; --bad-tint: #fbe7e6; --wait: #7a4f00; --wait-tint: #fbf0d9 }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #14171c; --sheet: #1c2027; --ink: #eceae4; --soft: #a4abb6; --line: #2d333d; --edge: #6f7886;
  --brand: #a9c7ee; --bad: #f39a97; --bad-tint: #402021; --wait: #f0c067; --wait-tint: #382d16 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  overflow-wrap: anywhere }
.top, main { width: min(100% - 1.25rem, 36rem); margin-inline: auto }
.top { display: flex; justify-content: space-between; padding-block: 1.1rem; font-size: .9rem; color: var(--soft) }
.top a { text-decoration: none; font-weight: 550 }
main { margin-block-end: 3rem; padding: clamp(1.5rem, 6vw, 2.75rem); background: var(--sheet); border: 1px solid var(--line); border-radius: 14px;
  box-shadow: 0 12px 40px -12px rgb(60 48 20 / 18%) }
h1 { margin: 0 0 .6rem; font: 600 clamp(1.5rem, 6vw, 1.95rem)/1.28 "Iowan Old Style", Palatino, "Noto Serif", Georgia, serif; color: var(--brand);
  text-wrap: balance }
p { margin: 0 0 1rem } a { color: var(--brand); text-underline-offset: .18em }
label { display: block; margin-block: 1.35rem; font-weight: 600 }
small { display: block; font-size: .9rem; font-weight: 400; color: var(--soft) }
input { display: block; width: 100%; margin-block-start: .45rem; padding: .65rem .8rem; font: inherit; font-weight: 400;
  border: 1px solid var(--edge); border-radius: 9px; background: transparent; color: inherit }
.check input { display: inline-block; width: auto; margin: 0; margin-inline-end: .4rem }
:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; border-radius: 9px }
button { padding: .75rem 1.6rem; font: inherit; font-weight: 600; color: var(--sheet); background: var(--brand); border: 0; border-radius: 9px;
  cursor: pointer }
code, pre { font: .88rem/1.55 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }
pre, dd { margin: .35rem 0 1.1rem; padding: .7rem .9rem; border: 1px solid var(--line); border-radius: 9px; background: var(--paper);
  white-space: pre-wrap }
pre { font-size: .8rem }
dl { margin: 0 } dt { font-weight: 600 } dd code { user-select: all }
[role=alert] { padding: .75rem 1rem; border-radius: 9px; color: var(--bad); background: var(--bad-tint); font-weight: 550 }
[role=alert].once { color: var(--wait); background: var(--wait-tint) }
[role=status] { padding: .75rem 1rem; border-radius: 9px; color: var(--wait); background: var(--wait-tint); font-weight: 550 }
[lang="ar"] h1, [lang="ar"] h2 { line-height: 1.55 }
h2 { margin: 2.2rem 0 .3rem; font: 600 1.22rem/1.4 "Iowan Old Style", Palatino, "Noto Serif", "Noto Naskh Arabic", Georgia, serif }
.soft { color: var(--soft); font-size: .93rem }
.rows { list-style: none; margin: .6rem 0 0; padding: 0; border-block-start: 1px solid var(--line) }
.rows li { display: flex; flex-wrap: wrap; gap: .5rem 1rem; justify-content: space-between; align-items: center; padding-block: .8rem; border-block-end: 1px solid var(--line) }
.rows strong { display: block; font-weight: 600 } .rows li > span { flex: 1 1 12rem }
.tabs { display: flex; flex-wrap: wrap; gap: .35rem 1.1rem; margin-block: 0 1.4rem; font-size: .95rem } .tabs a[aria-current] { color: var(--ink); font-weight: 650; text-decoration: none }
select { display: block; width: 100%; margin-block-start: .45rem; padding: .6rem .7rem; font: inherit; font-weight: 400; border: 1px solid var(--edge); border-radius: 9px; background: var(--sheet); color: inherit }
.filter { display: flex; flex-wrap: wrap; gap: .2rem .9rem; align-items: end; margin-block-end: 1rem } .filter input, .filter select { block-size: 2.9rem } .rows:empty { display: none } .filter label { flex: 1 1 9rem; margin-block: .4rem } .filter .quiet { margin-block: .4rem; padding-block: .7rem }
.acts { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center } .acts form { display: flex; gap: .5rem; align-items: center } .acts select { width: auto; margin: 0; padding: .42rem .6rem; font-size: .93rem }
details summary { cursor: pointer; list-style: none } details summary::-webkit-details-marker { display: none } details[open] { flex: 1 1 100% } details[open] p { margin-block: .7rem }
.mark { display: inline-block; padding: 0 .55em; margin-inline-start: .4em; border-radius: 99px; font-size: .82rem; font-weight: 550; color: var(--wait); background: var(--wait-tint) }
[role=status] form { display: inline-block; margin-inline-start: .6rem }
.facts { display: grid; grid-template-columns: auto auto; gap: .3rem 1.4rem; justify-content: start } .facts dd { margin: 0; padding: 0; border: 0; background: none; font-variant-numeric: tabular-nums }
form + p, .rows + p, #passkey { margin-block: 1.5rem 0 }
.qr { width: 13rem; max-width: 100%; margin-block: .5rem 1rem; line-height: 0; border-radius: 9px; overflow: hidden }
.quiet { display: inline-block; border-radius: 9px; font-weight: 600; text-decoration: none; padding: .45rem 1rem; font-size: .93rem; color: var(--brand); background: transparent; border: 1px solid var(--edge) }
.button { display: inline-block; padding: .75rem 1.6rem; font-weight: 600; color: var(--sheet); background: var(--brand); border-radius: 9px; text-decoration: none }
.links { display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; margin-block-start: .3rem; font-size: .93rem } .links a { padding-block: .2rem }
.pager { display: flex; gap: .75rem; margin-block-start: 1.2rem }
blockquote { margin: 0 0 1rem; padding-inline-start: 1rem; border-inline-start: 3px solid var(--edge) }`
