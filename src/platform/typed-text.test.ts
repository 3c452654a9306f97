import { describe, expect, it } from 'vitest'
import { freeText, oneLine } from './typed-text.ts'

const accepts = (schema: ReturnType<typeof oneLine>, text: string) => schema.safeParse(text).success

describe('text that people type', () => {
  it('may be in every script', () => {
    for (const text of ['Universität Köln', 'جامعة القاهرة', '東京大学', '😀'.repeat(100), 'O’Neil, "Ltd."', 'a\u200db', 'a\u200fb']) {
      expect([text, accepts(oneLine(200), text), accepts(freeText(200), text)]).toEqual([text, true, true])
    }
  })

  it('turns no direction, and holds nothing that nobody sees', () => {
    for (const text of ['a\u202eb', 'a\u2066b', 'a\0b', 'a\u001bb', 'a\u0085b', 'a\ud800b']) {
      expect([text, accepts(oneLine(200), text), accepts(freeText(200), text)]).toEqual([text, false, false])
    }
  })

  it('is on one line where it must be', () => {
    for (const text of ['a\r\nBcc: b@c.de', 'a\nb', 'a\tb', 'a\u2028b']) expect(accepts(oneLine(200), text)).toBe(false)
    expect(accepts(freeText(200), 'a\r\n\tb\u2028c')).toBe(true)
  })
})
