import { z } from 'zod'

/**
 * Text that people type and others read: on pages, in PDFs, in headers of mails. Never with characters that break a line
 * where none may be, that nobody sees, or that turn the direction of what stands around (UAX #9, section 2). These are no
 * `pattern` in a document: zod-openapi would write the regular expression with its flags.
 */

/** On one line, trimmed: names, reasons. Lengths count UTF-16 units. */
export const oneLine = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((text) => !/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(text), 'Use one line without control characters.')

/** Line breaks and tabs permitted: descriptions. */
export const freeText = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !/(?![\r\n\t])[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(text), 'Take the control characters out.')

/** Where a page begins: an id that a page before ended with. */
export const pageCursor = z.uuid('Give what the page before named as next.')
