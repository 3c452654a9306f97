/** Languages that the public pages are written in. */
export const languages = ['en', 'ar'] as const
export type Language = (typeof languages)[number]

export const directionOf = (language: Language): 'ltr' | 'rtl' => (language === 'ar' ? 'rtl' : 'ltr')

const known = (tag: string | undefined): Language | undefined => {
  const primary = tag?.trim().toLowerCase().split('-')[0]
  return languages.find((language) => language === primary)
}

/**
 * The language of a page: what the address asks for, else the first that the visitor's browser accepts (RFC 9110, section
 * 12.5.4), else that of the credential, else English.
 */
export function chooseLanguage(asked: string | undefined, acceptLanguage: string | undefined, own?: string): Language {
  const accepted = (acceptLanguage ?? '')
    .split(',')
    .slice(0, 20)
    .map((part) => {
      const [tag, ...parameters] = part.split(';')
      const quality = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('q='))
      return { language: known(tag), quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 }
    })
    .filter(({ language, quality }) => language !== undefined && quality > 0)
    .sort((a, b) => b.quality - a.quality)
  return known(asked) ?? accepted[0]?.language ?? known(own) ?? 'en'
}
