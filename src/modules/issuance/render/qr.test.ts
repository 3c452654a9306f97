import jsQR from 'jsqr'
import { encode } from 'uqr'
import { describe, expect, test } from 'vitest'
import { pdfPicture } from '../../../../test/render/pdf-files.ts'
import { DESIGNS, sampleInput } from '../../../../test/render/sample.ts'
import { qrCandidates, qrCode } from './qr.ts'
import { maskPenalty } from './qr-penalty.ts'
import { renderCertificate } from './render.ts'

const decode = (jsQR.default ?? jsQR) as typeof jsQR.default

describe('the QR code', () => {
  test.each(DESIGNS)('of a printed %s leads to the verification page', { timeout: 60_000 }, async (design) => {
    const addresses = [
      'https://localhost:3000/v/a',
      'https://credentials.example.org/v/Zk3v9QmT2xW8sLrB5nPd4A',
      `https://credentials.example.org/v/${'Zk3v9QmT2xW8sLrB5nPd4A'.repeat(5)}?language=zh-Hant`,
    ]
    for (const verifyUrl of addresses) {
      const picture = await pdfPicture(await renderCertificate(sampleInput({ design, verifyUrl })), 150)
      expect(decode(picture.rgba, picture.width, picture.height)?.data).toBe(verifyUrl)
    }
  })

  const texts = Array.from({ length: 40 }, (_, i) => `https://example.org/v/${'Zk3v9QmT2x'.repeat(i % 9)}${i}`)

  test('is under every mask what the QR library makes', () => {
    for (const text of texts.slice(0, 12)) {
      qrCandidates(text).forEach(({ modules }, maskPattern) => {
        const { data } = encode(text, { border: 0, ecc: 'M', maskPattern })
        expect([...modules]).toEqual(data.flat().map(Number))
      })
    }
  })

  test('has the mask that is easiest to scan, and scans at least as well as the one the QR library chooses', () => {
    for (const text of texts) {
      const { size, modules } = qrCode(text)
      const library = encode(text, { border: 0, ecc: 'M' }).data.flat()
      const penalty = maskPenalty(modules, size)
      expect(penalty).toBeLessThanOrEqual(maskPenalty(Uint8Array.from(library, Number), size))
    }
  })
})
