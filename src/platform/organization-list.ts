import { z } from 'zod'

/** Organizations in a setting: their slugs, separated by commas, or `*` for all. Answers whether one is among them. */
export const organizationList = z
  .string()
  .regex(/^(\*|[a-z0-9-]+(\s*,\s*[a-z0-9-]+)*)$/, 'must be slugs of organizations separated by commas, or *')
  .transform((text) => {
    const slugs = new Set(text.split(',').map((slug) => slug.trim()))
    return (slug: string): boolean => slugs.has('*') || slugs.has(slug)
  })
