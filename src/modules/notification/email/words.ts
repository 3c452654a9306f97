/** Everything that a mail says, by language; a language that is not here falls back to English. */
export interface Words {
  readonly direction: 'ltr' | 'rtl'
  subject(achievement: string, issuer: string): string
  greeting(name: string): string
  body(achievement: string, issuer: string): string
  readonly button: string
  readonly attached: string
  keep(issuer: string): string
  readonly test: string
}

const english: Words = {
  direction: 'ltr',
  subject: (achievement, issuer) => `Your certificate: ${achievement} (${issuer})`,
  greeting: (name) => `Dear ${name},`,
  body: (achievement, issuer) => `${issuer} has issued you a digital certificate for ${achievement}. Congratulations!`,
  button: 'See your certificate',
  attached: 'The certificate is attached as a PDF. It carries its own proof, so it can be checked wherever you keep it.',
  keep: (issuer) => `Anyone to whom you give the link or the file can check that it comes from ${issuer}.`,
  test: 'This is a test: the certificate comes from an installation that is being tried out and proves nothing.',
}

const arabic: Words = {
  direction: 'rtl',
  subject: (achievement, issuer) => `شهادتك: ${achievement} (${issuer})`,
  greeting: (name) => `مرحبًا ${name}،`,
  body: (achievement, issuer) => `أصدرت لك ${issuer} شهادة رقمية عن ${achievement}. تهانينا!`,
  button: 'عرض الشهادة',
  attached: 'الشهادة مرفقة بصيغة PDF، وهي تحمل إثباتها معها، فيمكن التحقق منها أينما احتفظت بها.',
  keep: (issuer) => `يستطيع كل من تعطيه الرابط أو الملف أن يتحقق من أنها صادرة عن ${issuer}.`,
  test: 'هذه تجربة: صدرت الشهادة عن نظام قيد التجربة ولا تثبت شيئًا.',
}

/** The words for a BCP 47 tag, and the tag of the language that they are in. */
export function wordsFor(locale: string): { words: Words; language: string } {
  return new Intl.Locale(locale).language === 'ar' ? { words: arabic, language: 'ar' } : { words: english, language: 'en' }
}
