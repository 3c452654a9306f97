import { packageFile } from '#platform/assets.ts'
import { type Font, parseFont } from './font.ts'

/** Where each font stands: file inside its package. Noto, SIL Open Font License 1.1. */
const FILES = {
  'NotoSerif-Regular': 'noto-serif/400Regular/NotoSerif_400Regular.ttf',
  'NotoSerif-Italic': 'noto-serif/400Regular_Italic/NotoSerif_400Regular_Italic.ttf',
  'NotoSerif-SemiBold': 'noto-serif/600SemiBold/NotoSerif_600SemiBold.ttf',
  'NotoSans-Regular': 'noto-sans/400Regular/NotoSans_400Regular.ttf',
  'NotoSans-Light': 'noto-sans/300Light/NotoSans_300Light.ttf',
  'NotoSans-SemiBold': 'noto-sans/600SemiBold/NotoSans_600SemiBold.ttf',
  'NotoSans-Bold': 'noto-sans/700Bold/NotoSans_700Bold.ttf',
  'NotoNaskhArabic-Regular': 'noto-naskh-arabic/400Regular/NotoNaskhArabic_400Regular.ttf',
  'NotoNaskhArabic-Bold': 'noto-naskh-arabic/700Bold/NotoNaskhArabic_700Bold.ttf',
  'NotoSansHebrew-Regular': 'noto-sans-hebrew/400Regular/NotoSansHebrew_400Regular.ttf',
  'NotoSansHebrew-Bold': 'noto-sans-hebrew/700Bold/NotoSansHebrew_700Bold.ttf',
  'NotoSansDevanagari-Regular': 'noto-sans-devanagari/400Regular/NotoSansDevanagari_400Regular.ttf',
  'NotoSansDevanagari-Bold': 'noto-sans-devanagari/700Bold/NotoSansDevanagari_700Bold.ttf',
  'NotoSansThai-Regular': 'noto-sans-thai/400Regular/NotoSansThai_400Regular.ttf',
  'NotoSansThai-Bold': 'noto-sans-thai/700Bold/NotoSansThai_700Bold.ttf',
  'NotoSansArmenian-Regular': 'noto-sans-armenian/400Regular/NotoSansArmenian_400Regular.ttf',
  'NotoSansArmenian-Bold': 'noto-sans-armenian/700Bold/NotoSansArmenian_700Bold.ttf',
  'NotoSansGeorgian-Regular': 'noto-sans-georgian/400Regular/NotoSansGeorgian_400Regular.ttf',
  'NotoSansGeorgian-Bold': 'noto-sans-georgian/700Bold/NotoSansGeorgian_700Bold.ttf',
  'NotoSansSC-Regular': 'noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf',
  'NotoSansJP-Regular': 'noto-sans-jp/400Regular/NotoSansJP_400Regular.ttf',
  'NotoSansKR-Regular': 'noto-sans-kr/400Regular/NotoSansKR_400Regular.ttf',
} as const

export type FontName = keyof typeof FILES

/** The names of all fonts, in a fixed order. */
export const fontNames = Object.keys(FILES) as FontName[]

export function isFontName(name: string): name is FontName {
  return Object.hasOwn(FILES, name)
}

/** Where a font stands, as `packageFile` takes it. */
export const fontPath = (name: FontName): string => `@expo-google-fonts/${FILES[name]}`

/** The bytes of a font file. The only place that knows where fonts are kept. */
export async function fontFile(name: FontName): Promise<Uint8Array> {
  return packageFile(fontPath(name))
}

/**
 * What a font's size is multiplied by to look as large as the Latin beside it.
 */
export function opticalScale(name: string): number {
  return name.startsWith('NotoNaskhArabic') ? 1.2 : 1
}

/** Whether the name is of a heavy face. */
export function isHeavy(name: string): boolean {
  return /-(?:SemiBold|Bold)$/.test(name)
}

const loaded = new Map<FontName, Promise<Font>>()

/** A parsed font, read once per thread and kept: the largest take 10 MB and 30 ms. */
export function loadFont(name: FontName): Promise<Font> {
  let font = loaded.get(name)
  if (!font) {
    font = fontFile(name).then((bytes) => parseFont(name, bytes))
    font.catch(() => loaded.delete(name))
    loaded.set(name, font)
  }
  return font
}
