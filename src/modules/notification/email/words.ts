/** Everything that a mail says, by language; a language that is not here falls back to English. Values come as text or as markup. */
export interface Words {
  readonly direction: 'ltr' | 'rtl'
  subject(achievement: string, issuer: string): string
  /** What a list of mails shows behind the subject. */
  preheader(issuer: string): string
  /** Above the achievement. */
  readonly kicker: string
  greeting(name: string): string
  body(achievement: string, issuer: string): string
  readonly button: string
  readonly attached: string
  keep(issuer: string): string
  readonly share: string
  readonly test: string
  /** Who sent it and why. */
  why(issuer: string, address: string): string
  /** Where to ask, and how to object. */
  ask(issuer: string, where: string): string
  readonly untracked: string
}

const english: Words = {
  direction: 'ltr',
  subject: (achievement, issuer) => `Your certificate: ${achievement} (${issuer})`,
  preheader: (issuer) => `Issued by ${issuer}. The PDF is attached, and anyone can check that it is real.`,
  kicker: 'Awarded to you',
  greeting: (name) => `Dear ${name},`,
  body: (achievement, issuer) => `${issuer} has issued you a digital certificate for ${achievement}. Congratulations!`,
  button: 'See your certificate',
  attached: 'The certificate is attached as a PDF. It carries its own proof, so it can be checked wherever you keep it.',
  keep: (issuer) => `Anyone to whom you give the link or the file can check that it comes from ${issuer}.`,
  share: 'On its page you can add it to LinkedIn, send it on, or keep it as a badge. Only people who have the link can see it.',
  test: 'This is a test: the certificate comes from an installation that is being tried out and proves nothing.',
  why: (issuer, address) => `You get this mail because ${issuer} issued a certificate to ${address}.`,
  ask: (issuer, where) => `Is something wrong in it, did you not expect it, or do you want it and your data removed? Ask ${issuer}: ${where}`,
  untracked: 'Nobody is told whether you open this mail.',
}

const arabic: Words = {
  direction: 'rtl',
  subject: (achievement, issuer) => `شهادتك: ${achievement} (${issuer})`,
  preheader: (issuer) => `صادرة عن ${issuer}. ملف PDF مرفق، ويستطيع أي شخص أن يتحقق من صحتها.`,
  kicker: 'مُنحت إليك',
  greeting: (name) => `مرحبًا ${name}،`,
  body: (achievement, issuer) => `أصدرت لك ${issuer} شهادة رقمية عن ${achievement}. تهانينا!`,
  button: 'عرض الشهادة',
  attached: 'الشهادة مرفقة بصيغة PDF، وهي تحمل إثباتها معها، فيمكن التحقق منها أينما احتفظت بها.',
  keep: (issuer) => `يستطيع كل من تعطيه الرابط أو الملف أن يتحقق من أنها صادرة عن ${issuer}.`,
  share: 'ومن صفحتها يمكنك أن تضيفها إلى LinkedIn أو ترسلها أو تحتفظ بها شارةً. ولا يراها إلا من لديه الرابط.',
  test: 'هذه تجربة: صدرت الشهادة عن نظام قيد التجربة ولا تثبت شيئًا.',
  why: (issuer, address) => `تصلك هذه الرسالة لأن ${issuer} أصدرت شهادة إلى العنوان ${address}.`,
  ask: (issuer, where) => `هل فيها خطأ، أو لم تكن تتوقعها، أو تريد حذفها مع بياناتك؟ اسأل ${issuer}: ${where}`,
  untracked: 'ولا يُبلَّغ أحد بأنك فتحت هذه الرسالة.',
}

/** The words for a BCP 47 tag, and the tag of the language that they are in. */
export function wordsFor(locale: string): { words: Words; language: string } {
  return new Intl.Locale(locale).language === 'ar' ? { words: arabic, language: 'ar' } : { words: english, language: 'en' }
}
