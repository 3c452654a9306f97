import { certificateClassic } from '../../src/modules/issuance/render/designs/certificate-classic.ts'
import { renderCertificate } from '../../src/modules/issuance/render/render.ts'
import { sampleInput, sampleRows, type SampleRow } from '../../test/render/sample.ts'
import { stockPage } from '../../test/render/stock-pdfme.ts'
import { type Bench, median, rounded, type Sides } from '../measure.ts'

const PAGES = 150
const PEER_PAGES = 8

/** Whose name is in a script; the rest of the page is in the language of the recipient where the design speaks it. */
const SCRIPTS: Record<string, RegExp> = {
  Latin: /^[\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]+$/u,
  Arabic: /\p{Script=Arabic}/u,
  Hebrew: /\p{Script=Hebrew}/u,
  Devanagari: /\p{Script=Devanagari}/u,
  Thai: /\p{Script=Thai}/u,
  Chinese: /^\p{Script=Han}+$/u,
}

/** The sample's people of each script in turn, and names that hold five scripts. */
function peopleByScript(): Map<string, SampleRow[]> {
  const rows = sampleRows()
  const byScript = new Map(Object.entries(SCRIPTS).map(([script, pattern]) => [script, rows.filter(({ name }) => pattern.test(name))]))
  const part = (script: string, at: number) => { const people = byScript.get(script)!; return people[at % people.length]!.name.split(' ')[0]! }
  byScript.set('mixed', Array.from({ length: 40 }, (_, at) => ({
    ...rows[at]!,
    name: ['Latin', 'Arabic', 'Devanagari', 'Thai', 'Chinese'].map((script) => part(script, at)).join(' '),
  })))
  return byScript
}

async function start(): Promise<Sides> {
  const people = peopleByScript()
  const figures = new Map([...people.keys()].map((script) => [script, [] as number[]]))
  const peers: number[] = []
  let next = 0

  /** @returns milliseconds a page, each of another person with another address */
  async function printed(rows: readonly SampleRow[]): Promise<number> {
    const inputs = Array.from({ length: PAGES }, () => {
      const { name, course, locale } = rows[next++ % rows.length]!
      const verifyUrl = `https://credentials.example.org/v/Zk3v9QmT2xW8sLr${String(next).padStart(7, '0')}`
      return sampleInput({ name, course, locale, verifyUrl, test: true, credentialJson: 'x'.repeat(1_700) })
    })
    const startedAt = performance.now()
    for (const input of inputs) await renderCertificate(input)
    return (performance.now() - startedAt) / PAGES
  }

  return {
    async ours() {
      const each: number[] = []
      for (const [script, rows] of people) {
        each.push(await printed(rows))
        figures.get(script)!.push(each.at(-1)!)
      }
      return Math.max(...each)
    },
    async peer() {
      const words = certificateClassic.words.en!
      const { values, verifyUrl } = sampleInput()
      const fixed = Object.fromEntries(Object.entries(words).map(([word, text]) => [`words.${word}`, text]))
      const startedAt = performance.now()
      for (let page = 0; page < PEER_PAGES; page++) {
        await stockPage(certificateClassic, {
          ...fixed, recipientName: `Ada Lovelace ${page}`, achievementName: values.achievementName, issuerName: values.issuerName,
          statement: words.statement, dateLabel: words.completedOn, date: 'March 7, 2026',
          issuedLine: `${words.issuedOn} November 23, 2026`, verifyUrl: `${verifyUrl}${page}`, test: words.test,
        })
      }
      peers.push((performance.now() - startedAt) / PEER_PAGES)
      return peers.at(-1)!
    },
    details: () => Object.fromEntries([...figures].map(([script, all]) => {
      // The first call of each side is not counted.
      const counted = all.slice(1)
      return [script, { ms: rounded(median(counted)), ratio: rounded(median(counted.map((ms, run) => peers[run + 1]! / ms))) }]
    })),
  }
}

export const bench: Bench = {
  name: 'pdf',
  unit: 'ms',
  says: 'A page of certificate-classic with QR code and the credential attached, for people of each script of the sample; the figure is ' +
    'that of the slowest script. The peer prints the same page in Latin with pdfme alone, the same fonts, nothing attached.',
  start,
}
