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
}

export const defaultTemplate = 'certificate-classic'
