import { describe, expect, test } from 'vitest'
import { breakPieces, graphemes } from './line-break.ts'

describe('a line may end', () => {
  test.each([
    ['behind spaces and hyphens', 'Jean-Luc Ödön', ['Jean-', 'Luc ', 'Ödön']],
    ['not inside a word or before its punctuation', "O'Brien, Jr. (MSc)", ["O'Brien, ", 'Jr. ', '(MSc)']],
    ['between Chinese words, not before their punctuation', '机器，学习', ['机器，', '学习']],
    ['between Thai words', 'กิ่งแก้วสวัสดี', ['กิ่ง', 'แก้ว', 'สวัสดี']],
    ['not inside Arabic words', 'مقدمة في أمن', ['مقدمة ', 'في ', 'أمن']],
  ])('%s', (_, text, pieces) => {
    expect(breakPieces(text)).toEqual(pieces)
  })

  test('in need between what readers take for characters', () => {
    expect(graphemes('กิ่é')).toEqual(['กิ่', 'é'])
  })
})
