import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

/** What other people's programs (poppler, qpdf) make of a PDF file. */

const run = promisify(execFile)
const MARKS_OF_DIRECTION = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

async function inFolder<T>(files: readonly Uint8Array[], use: (paths: string[], folder: string) => Promise<T>) {
  const folder = await mkdtemp(path.join(tmpdir(), 'vellum-pdf-'))
  try {
    const paths = files.map((_, index) => path.join(folder, `${index}.pdf`))
    await Promise.all(files.map((file, index) => writeFile(paths[index]!, file)))
    return await use(paths, folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function textOf(pdf: string): Promise<string[]> {
  // With -layout a hyphen at the end of a line stays; without it pdftotext takes it for a word division.
  const { stdout } = await run('pdftotext', ['-q', '-layout', pdf, '-'], { maxBuffer: 1e9 })
  const pages = stdout.split('\f').slice(0, -1)
  return pages.map((page) => page.replace(MARKS_OF_DIRECTION, '').replace(/-\n\s*/g, '-').replace(/\s+/g, ' '))
}

/** The text of each file, as pdftotext reads it, with its marks of direction taken out and white space made single. */
export function pdfTexts(files: readonly Uint8Array[]): Promise<string[]> {
  return inFolder(files, async (paths, folder) => {
    const merged = path.join(folder, 'merged.pdf')
    await run('qpdf', ['--empty', '--pages', ...paths, '--', merged])
    return await textOf(merged)
  })
}

/** What `qpdf --check` says; rejects when it finds an error. */
export function checkPdf(file: Uint8Array): Promise<string> {
  return inFolder([file], async ([pdf]) => (await run('qpdf', ['--check', pdf!])).stdout)
}

/** The bytes of an attached file. */
export function pdfAttachment(file: Uint8Array, name: string): Promise<Buffer> {
  return inFolder([file], async ([pdf], folder) => {
    const target = path.join(folder, 'attachment')
    await run('pdfdetach', ['-savefile', name, '-o', target, pdf!])
    return await readFile(target)
  })
}

/** What `pdfinfo` says. */
export function pdfInfo(file: Uint8Array): Promise<string> {
  return inFolder([file], async ([pdf]) => (await run('pdfinfo', [pdf!])).stdout)
}

/** The structure tree with its texts, as `pdfinfo -struct-text` reads it. */
export function pdfStructure(file: Uint8Array): Promise<string> {
  return inFolder([file], async ([pdf]) => (await run('pdfinfo', ['-struct-text', pdf!])).stdout)
}

export type Picture = { width: number; height: number; rgba: Uint8ClampedArray }

/** The page as a picture. */
export function pdfPicture(file: Uint8Array, dotsPerInch: number): Promise<Picture> {
  return inFolder([file], async ([pdf]) => {
    const options = { maxBuffer: 1e9, encoding: 'buffer' as const }
    const { stdout } = await run('pdftoppm', ['-r', String(dotsPerInch), '-singlefile', pdf!], options)
    const [head, width, height] = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(stdout.subarray(0, 40).toString('latin1'))!
    const rgba = new Uint8ClampedArray(Number(width) * Number(height) * 4).fill(255)
    for (let pixel = 0, at = head.length; at < stdout.length; pixel++, at += 3) {
      rgba.set(stdout.subarray(at, at + 3), pixel * 4)
    }
    return { width: Number(width), height: Number(height), rgba }
  })
}

export type PlacedWord = { text: string; left: number; right: number; bottom: number }

/** The words of a page in reading order, each with its edges in points from the upper left; `bottom` moves with the base line. */
export function pdfWords(file: Uint8Array): Promise<PlacedWord[]> {
  return inFolder([file], async ([pdf]) => {
    const { stdout } = await run('pdftotext', ['-q', '-bbox', pdf!, '-'])
    const words = stdout.matchAll(/<word xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)<\/word>/g)
    return Array.from(words, ([, left, right, bottom, text]) =>
      ({ text: text!, left: Number(left), right: Number(right), bottom: Number(bottom) }))
  })
}
