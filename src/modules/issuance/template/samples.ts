import type { CertificateValues } from '../render/input.ts'

/** What a preview says where the request says nothing: somebody usual, or what a page bears worst. */
export const samples = {
  given: {
    recipientName: 'Ada Lovelace',
    achievementName: 'Distributed Systems',
    locale: 'en',
  },
  'longest-name': {
    recipientName:
      'Maria Magdalena Wilhelmine Friederike Charlotte Elisabeth Antonia von und zu Hohenlohe-Waldenburg-Schillingsfürst-Breitenbach ' +
      'de la Santísima Trinidad y Fernández-Villaverde Papadopoulou-Anagnostopoulos',
    achievementName:
      'Advanced Interdisciplinary Postgraduate Programme in Environmental Hydrogeochemistry, Photoelectrocatalysis and Sustainable ' +
      'Wastewater Infrastructure Management, with Distinction in Computational Modelling',
    locale: 'en',
  },
  'right-to-left': {
    recipientName: 'عبد الرحمن بن محمد الخوارزمي',
    achievementName: 'أساسيات الأنظمة الموزعة (Distributed Systems) 2',
    locale: 'ar',
  },
  devanagari: {
    recipientName: 'कृतिका श्रीनिवासन द्विवेदी',
    achievementName: 'वितरित प्रणालियाँ',
    locale: 'hi',
  },
  'east-asian': {
    recipientName: '欧阳明月',
    achievementName: '分布式系统原理与实践',
    locale: 'zh-CN',
  },
} as const satisfies Record<string, Pick<CertificateValues, 'recipientName' | 'achievementName'> & { locale: string }>

export type SampleName = keyof typeof samples
export const sampleNames = Object.keys(samples) as [SampleName, ...SampleName[]]
