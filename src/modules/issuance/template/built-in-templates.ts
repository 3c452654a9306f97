import type { TemplateContent } from '../tables.ts'

/** Every organization has these from the start, under these slugs, until it changes them. */
export const builtInTemplates: Readonly<Record<string, TemplateContent>> = {
  'certificate-classic': {
    design: 'certificate-classic',
    description: 'Awarded on completion.',
    criteria: 'Completed all requirements set by the issuer.',
    achievementType: 'CertificateOfCompletion',
  },
  'badge-modern': {
    design: 'badge-modern',
    description: 'Awarded for an achievement.',
    criteria: 'Met the criteria set by the issuer.',
    achievementType: 'Badge',
  },
  'certificate-modern': {
    design: 'certificate-modern',
    description: 'Awarded on completion.',
    criteria: 'Completed all requirements set by the issuer.',
    achievementType: 'CertificateOfCompletion',
  },
  'certificate-diploma': {
    design: 'certificate-diploma',
    description: 'Awarded to those who have fulfilled all requirements.',
    criteria: 'Fulfilled all requirements set by the issuer.',
    achievementType: 'Diploma',
  },
  'certificate-minimal': {
    design: 'certificate-minimal',
    description: 'Awarded on completion.',
    criteria: 'Completed all requirements set by the issuer.',
    achievementType: 'CertificateOfCompletion',
  },
}

export const defaultTemplate = 'certificate-classic'
