import type { Words } from './design.ts'

type Language = 'en' | 'ar'

/** Words that designs share. The Arabic sentences are impersonal, so that they fit every recipient. */
const COMMON: Record<Language, Omit<Words, 'title' | 'certifies' | 'statement'>> = {
  en: {
    completedOn: 'Completed on',
    issuedOn: 'Issued on',
    verify: 'Scan to verify',
    test: 'Test credential: not valid as proof',
  },
  ar: {
    completedOn: 'تاريخ الإتمام',
    issuedOn: 'تاريخ الإصدار',
    verify: 'امسح الرمز للتحقق',
    test: 'شهادة تجريبية لا يُعتدّ بها',
  },
}

export const certificateWords: Record<Language, Words> = {
  en: {
    ...COMMON.en,
    title: 'Certificate of Completion',
    certifies: 'This is to certify that',
    statement: 'has successfully completed',
  },
  ar: {
    ...COMMON.ar,
    title: 'شهادة إتمام',
    certifies: 'تُمنح هذه الشهادة إلى',
    statement: 'وذلك لإتمام',
  },
}

export const badgeWords: Record<Language, Words> = {
  en: {
    ...COMMON.en,
    title: 'Digital badge',
    certifies: 'Awarded to',
    statement: 'for successful completion',
  },
  ar: {
    ...COMMON.ar,
    title: 'شارة رقمية',
    certifies: 'تُمنح إلى',
    statement: 'تقديرًا للإتمام بنجاح',
  },
}

export const diplomaWords: Record<Language, Words> = {
  en: {
    ...COMMON.en,
    title: 'Diploma',
    certifies: 'This is to certify that',
    statement: 'has fulfilled all requirements of',
  },
  ar: {
    ...COMMON.ar,
    title: 'دبلوم',
    certifies: 'تُمنح هذه الوثيقة إلى',
    statement: 'وذلك لاستيفاء جميع متطلبات',
  },
}
