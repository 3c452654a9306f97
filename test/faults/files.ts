import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Every file below a folder, by its path from there. Sockets and what vanishes meanwhile are left out. */
export function readTree(folder: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    try {
      if (lstatSync(join(folder, path)).isFile()) files.set(path, readFileSync(join(folder, path)))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return files
}

/** What there is below a folder: kind, mode, time of change and content of everything, folders included. */
export function fingerprint(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted().map((path) => {
    const stat = lstatSync(join(folder, path), { bigint: true })
    const content = stat.isFile() ? createHash('sha256').update(readFileSync(join(folder, path))).digest('hex') : 'no file'
    return [path, `${stat.mode} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${content}`]
  }))
}

/**
 * The forms in which a text may stand in a file: as it is, in small and in capital letters, each in UTF-8, UTF-16 (both
 * ends first), hexadecimal, percent-encoded, and in base64 of both alphabets at each of the three places where it can begin.
 */
export function formsOf(text: string): Map<string, Buffer> {
  const forms = new Map<string, Buffer>()
  for (const [letters, spelled] of [['', text], [' small', text.toLowerCase()], [' capital', text.toUpperCase()]] as const) {
    const utf8 = Buffer.from(spelled)
    const utf16 = Buffer.from(spelled, 'utf16le')
    forms.set(`UTF-8${letters}`, utf8)
    forms.set(`UTF-16LE${letters}`, utf16)
    forms.set(`UTF-16BE${letters}`, Buffer.from(utf16).swap16())
    forms.set(`hex${letters}`, Buffer.from(utf8.toString('hex')))
    forms.set(`percent${letters}`, Buffer.from(encodeURIComponent(spelled)))
    for (const offset of [0, 1, 2]) {
      // Characters that share bits with what stands before or behind are left off.
      const padded = Buffer.concat([Buffer.alloc(offset), utf8])
      const clean = padded.subarray(0, padded.length - (padded.length % 3))
      const encoded = clean.toString('base64').slice(offset === 0 ? 0 : 4)
      forms.set(`base64 at ${offset}${letters}`, Buffer.from(encoded))
      forms.set(`base64url at ${offset}${letters}`, Buffer.from(encoded.replaceAll('+', '-').replaceAll('/', '_')))
    }
  }
  return forms
}

/** Where any of the texts stands in any form: path, text and form in a sentence each. */
export function findTexts(files: ReadonlyMap<string, Buffer>, texts: readonly string[]): string[] {
  const needles = texts.flatMap((text) => [...formsOf(text)].map(([form, bytes]) => ({ text, form, bytes })))
  return [...files].flatMap(([path, content]) =>
    needles.filter(({ bytes }) => content.includes(bytes)).map(({ text, form }) => `${path} holds ${text} in ${form}`))
}
