import { describe, expect, test } from 'vitest'
import { certificateName } from './certificate-name.ts'

describe('the name of a certificate in its archive', () => {
  test.each([
    ['Ada Lovelace', '0007 Ada Lovelace.pdf'],
    ['  Zoe\u0308  Müller ', '0007 Zoë Müller.pdf'],
    ['نوف الكافي', '0007 نوف الكافي.pdf'],
    ['../../etc/passwd', '0007 _.._etc_passwd.pdf'],
    ['C:\\CON|"x"<y>?*', '0007 C__CON__x__y___.pdf'],
    ['Eve\u202efdp.exe', '0007 Evefdp.exe.pdf'],
    ['Two\r\nLines\u0000', '0007 TwoLines.pdf'],
    ['Dr. Who...', '0007 Dr. Who.pdf'],
    ['\u2066\u200f..', '0007.pdf'],
  ])('%j becomes %j', (name, expected) => expect(certificateName(7, 4, name)).toBe(expected))

  test('is cut between characters and never too long for a file system', () => {
    const family = '👩‍👩‍👧'
    const name = certificateName(99_999, 5, family.repeat(200))
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200)
    expect(name).toBe(`99999 ${family.repeat(10)}.pdf`)
  })
})
