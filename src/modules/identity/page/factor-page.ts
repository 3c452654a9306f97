import { html } from 'hono/html'
import type { Html } from './frame.ts'
import { act, manageFrame, type Managing, placeOf } from './manage-frame.ts'
import { type ManageFault, manageWords } from './manage-words.ts'

export interface FactorView {
  readonly managing: Managing
  /** Members act for the organization only in a session that showed a second factor. */
  readonly required: boolean
  readonly members: number
  readonly without: number
  /** The session of who looks at it may go on when one is asked for. */
  readonly wouldPass: boolean
  /** By this request. */
  readonly changed?: boolean | undefined
  readonly fault?: ManageFault | undefined
}

/** Whether members need a second factor, and what that means for those without one. */
export function factorPage({ managing, required, members, without, wouldPass, changed = false, fault }: FactorView): Html {
  const { language, membership } = managing
  const { factor: say, undo } = manageWords[language]
  const number = new Intl.NumberFormat(language)
  const to = `${placeOf(membership.slug, 'second-factor')}?lang=${language}`
  const other = { do: required ? 'release' : 'require' }
  // Who would be sent away to set one up cannot take it back here.
  const notice = changed ? { text: required ? say.isRequired : say.isReleased, ...(wouldPass && { undo: act(to, other, undo) }) } : undefined
  const body = html`<h2>${say.title}</h2>
<p>${required ? say.on : say.off}</p>
<p>${without === 0 ? say.nobodyWithout : say.without(number.format(without), number.format(members))}</p>
<p>${say.effect}</p>
<p class="soft">${say.notAsked}</p>
${wouldPass ? '' : html`<p>${required ? say.youNow : say.youThen}</p>`}
<form method="post" action="${to}"><input type="hidden" name="do" value="${other.do}"><button>${required ? say.release : say.require}</button></form>`
  return manageFrame(managing, { tab: 'second-factor', notice, fault, body })
}
