import { encode } from 'fast-png'

/** A disc on nothing, with a light bar across, as a PNG file. */
export function logo(side = 200): Buffer {
  const data = new Uint8Array(side * side * 4)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const distance = Math.hypot(x + 0.5 - side / 2, y + 0.5 - side / 2) / (side / 2)
      const bar = Math.abs(y - side / 2) < side * 0.12
      data.set([...(bar ? [250, 200, 60] : [30, 60, 140]), distance < 1 ? 255 : 0], (y * side + x) * 4)
    }
  }
  return Buffer.from(encode({ width: side, height: side, data, channels: 4, depth: 8 }))
}

export const dataUrl = (file: Uint8Array, type = 'image/png'): string => `data:${type};base64,${Buffer.from(file).toString('base64')}`

/** A text as pdfme's designer writes it, with all that it adds. */
const text = (name: string, [x, y, width, height]: readonly [number, number, number, number], more: object = {}) => ({
  id: `id-${name}`, name, type: 'text', icon: '', position: { x, y }, width, height, rotate: 0, opacity: 1, alignment: 'center',
  verticalAlignment: 'middle', fontSize: 13, lineHeight: 1.2, characterSpacing: 0, fontColor: '#1b2a49', backgroundColor: '', required: false,
  strikethrough: false, underline: false, ...more,
})

/** A certificate as pdfme's designer exports it: a frame, a picture, and the texts that a credential fills. */
export function ownPage(picture: string, line = 'The board of examiners states that') {
  return {
    pdfmeVersion: '6.1.13',
    basePdf: { width: 297, height: 210, padding: [10, 10, 10, 10] as [number, number, number, number] },
    schemas: [[
      { name: 'frame', type: 'rectangle', readOnly: true, position: { x: 12, y: 12 }, width: 273, height: 186, rotate: 0, opacity: 1, borderWidth: 1.2, borderColor: '#1b2a49', color: '#fbf8f0', radius: 4 },
      { name: 'picture', type: 'image', readOnly: true, content: picture, position: { x: 24, y: 22 }, width: 40, height: 26, rotate: 0, opacity: 1 },
      { name: 'rule', type: 'line', readOnly: true, position: { x: 60, y: 118 }, width: 177, height: 0.5, rotate: 0, opacity: 1, color: '#b08d4c' },
      text('words.title', [70, 28, 157, 14], { readOnly: true, fontSize: 28, fontName: 'NotoSerif-SemiBold' }),
      text('line', [60, 50, 177, 8], { readOnly: true, content: line, fontSize: 11 }),
      text('recipientName', [40, 64, 217, 24], { fontSize: 30, fontName: 'NotoSerif-SemiBold', dynamicFontSize: { min: 12, max: 32, fit: 'vertical' } }),
      text('statement', [60, 91, 177, 8]),
      text('achievementName', [40, 100, 217, 16], { fontSize: 20, dynamicFontSize: { min: 9, max: 20, fit: 'horizontal' } }),
      text('dateLabel', [40, 128, 80, 6], { fontSize: 9, alignment: 'left' }),
      text('date', [40, 134, 80, 8], { alignment: 'left' }),
      text('issuedLine', [40, 142, 80, 6], { fontSize: 9, alignment: 'left' }),
      text('issuerName', [40, 164, 120, 8], { alignment: 'left' }),
      { name: 'verifyUrl', type: 'qrcode', position: { x: 218, y: 138 }, width: 34, height: 34, rotate: 0, opacity: 1, barColor: '#000000', backgroundColor: '#ffffff', content: 'https://pdfme.com/' },
      text('verifyUrl', [150, 178, 115, 6], { fontSize: 8, alignment: 'right', dynamicFontSize: { min: 5, max: 8, fit: 'horizontal' } }),
    ]],
  }
}
