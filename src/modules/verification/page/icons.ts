import { html, type Html } from './html.ts'

const icon = (path: Html): Html =>
  html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${path}</svg>`

export const icons = {
  good: icon(html`<path d="M12 2.6l7.4 3v5.6c0 4.7-3 8.4-7.4 10.2-4.4-1.8-7.4-5.5-7.4-10.2V5.6z"/><path d="M8.4 12.1l2.6 2.6 4.8-5.2"/>`),
  wait: icon(html`<circle cx="12" cy="12" r="9.2"/><path d="M12 7v5.6M12 16.4v.1"/>`),
  bad: icon(html`<circle cx="12" cy="12" r="9.2"/><path d="M8.8 8.8l6.4 6.4M15.2 8.8l-6.4 6.4"/>`),
  yes: icon(html`<circle cx="12" cy="12" r="9.2"/><path d="M8 12.3l2.7 2.7 5.4-5.8"/>`),
  soon: icon(html`<circle cx="12" cy="12" r="9.2"/><path d="M12 6.8V12l3.4 2.1"/>`),
  download: icon(html`<path d="M12 3.5v11.2M7.4 10.4l4.6 4.6 4.6-4.6M4.5 19.8h15"/>`),
  add: icon(html`<path d="M12 5v14M5 12h14"/>`),
  mail: icon(html`<path d="M3.5 6h17v12.5h-17z"/><path d="M3.8 6.4L12 13l8.2-6.6"/>`),
  /** Leads out of here: it points forward, so the style mirrors it. */
  away: icon(html`<path d="M9 6h9v9M18 6L6.5 17.5"/>`),
  nothing: icon(html`<path d="M6 3h8.5L19 7.5V21H6z"/><path d="M14 3v5h5M9.5 12.5l5 5M14.5 12.5l-5 5"/>`),
} as const
