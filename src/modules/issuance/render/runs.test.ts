import { describe, expect, test } from 'vitest'
import { fontSetFor } from './font-set.ts'
import { isolated, splitRuns } from './runs.ts'

async function runsOf(text: string, locale = 'en', direction?: 'ltr' | 'rtl') {
  const set = await fontSetFor('NotoSerif-Regular', locale, text)
  return splitRuns(text, set, direction).runs.map(({ start, end, font }) => [text.slice(start, end), font.name])
}

describe('the runs of a line', () => {
  test('are by script, each in a font that has it', async () => {
    expect(await runsOf('Ada Лев 王')).toEqual([
      ['Ada ', 'NotoSerif-Regular'],
      ['Лев ', 'NotoSerif-Regular'],
      ['王', 'NotoSansSC-Regular'],
    ])
  })

  test('stand from left to right, those of right-to-left scripts turned', async () => {
    expect((await runsOf('דוד Ada 12')).map(([text]) => text)).toEqual(['Ada 12', 'דוד '])
    expect((await runsOf('Ada דוד 12')).map(([text]) => text)).toEqual(['Ada ', '12', 'דוד '])
  })

  test('keep an isolated text together, and do not print the isolation', async () => {
    const date = '23 בנובמבר 2026'
    const visual = async (text: string) => (await runsOf(text, 'he', 'ltr')).map(([run]) => run)
    expect(await visual(`Issued on ${date}`)).toEqual(['Issued on 23 ', '2026', 'בנובמבר '])
    expect(await visual(`Issued on ${isolated(date)}`)).toEqual(['Issued on ', '2026', 'בנובמבר ', ' ', '23'])
  })

  test('use the shapes of the recipient’s language for Han characters', async () => {
    expect(await runsOf('山本直', 'ja')).toEqual([['山本直', 'NotoSansJP-Regular']])
    expect(await runsOf('山本直', 'zh')).toEqual([['山本直', 'NotoSansSC-Regular']])
    expect(await runsOf('山本直', 'en')).toEqual([['山本直', 'NotoSansSC-Regular']])
  })

  test('do not mix two fonts in one word because one lacks a character', async () => {
    expect(await runsOf('机器学习入门', 'ja')).toEqual([['机器学习入门', 'NotoSansSC-Regular']])
  })
})
