/** A text of a design: pdfme's text schema (https://pdfme.com), restricted to what is printed here. */
export type TextSchema = {
  type: 'text'
  name: string
  content?: string
  /** A fixed word of the design, taken from its words by the name behind `words.`; under another name its own `content`. */
  readOnly?: boolean
  position: { x: number; y: number }
  width: number
  height: number
  fontName: string
  /** Points. */
  fontSize: number
  fontColor?: string
  alignment?: 'left' | 'center' | 'right'
  verticalAlignment?: 'top' | 'middle' | 'bottom'
  lineHeight?: number
  /** Points. */
  characterSpacing?: number
  /** A text that is still too long at `min` points is wrapped. */
  dynamicFontSize?: { min: number; max: number; fit: 'horizontal' | 'vertical' }
  role?: 'H1' | 'P'
}

/** Drawn once by pdfme: ornaments, lines, areas. */
export type GraphicSchema = {
  type: 'svg' | 'line' | 'rectangle' | 'ellipse'
  name: string
  readOnly: true
  content?: string
  position: { x: number; y: number }
  width: number
  height: number
  rotate?: number
  opacity?: number
  borderWidth?: number
  borderColor?: string
  color?: string
  radius?: number
}

/** A picture that somebody uploaded, as large as its box allows; `image` is its id in the design's `images`. */
export type ImageSchema = {
  type: 'image'
  name: string
  readOnly: true
  image: string
  position: { x: number; y: number }
  width: number
  height: number
  rotate?: number
  opacity?: number
}

export type QrSchema = {
  type: 'qrcode'
  name: 'verifyUrl'
  content?: string
  position: { x: number; y: number }
  width: number
  height: number
  barColor?: string
  backgroundColor?: string
}

export type DesignSchema = TextSchema | GraphicSchema | ImageSchema | QrSchema

/** The pixels of an uploaded picture: PNG or JPEG as our own encoder wrote them. */
export type DesignImage = { mediaType: 'image/png' | 'image/jpeg'; width: number; height: number; bytes: Uint8Array }

/** The fixed words of a design in one language. */
export type Words = {
  title: string
  certifies: string
  statement: string
  completedOn: string
  issuedOn: string
  verify: string
  test: string
}

/**
 * A design: a pdfme template of one page (millimetres, origin at the upper left), its fixed words per language, and the
 * values that it prints. A published version is never changed; a change is a new version.
 */
export type Design = {
  id: string
  version: number
  name: string
  template: {
    basePdf: { width: number; height: number; padding: [number, number, number, number] }
    schemas: [DesignSchema[]]
  }
  /** The same for words that run from right to left, where the page has a side; else it is as `template`. */
  rightToLeft?: Design['template']
  words: Record<string, Words>
  fields: readonly string[]
  images?: ReadonlyMap<string, DesignImage>
}

/** A design that is not built in. The key stands for exactly this design, for ever. */
export type DesignSource = { key: string; load(): Promise<Design> }
