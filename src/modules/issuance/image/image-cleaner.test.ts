import encodeJpeg from '@jsquash/jpeg/encode.js'
import { init as startJpegEncoder } from '@jsquash/jpeg/encode.js'
import { decode } from 'fast-png'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { crc32, deflateSync } from 'node:zlib'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { logo } from '../../../../test/render/own-page.ts'
import { createImageCleaner, type ImageCleaner, type ImageCleanerOptions } from './image-cleaner.ts'
import { imageHeader, ImageRefused } from './image-header.ts'

const cleaners: ImageCleaner[] = []
const cleaner = (options: ImageCleanerOptions = {}) => {
  const made = createImageCleaner(options)
  cleaners.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(cleaners.splice(0).map((one) => one.close()))
})

let jpeg: Buffer
beforeAll(async () => {
  const code = createRequire(import.meta.url).resolve('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm')
  await startJpegEncoder({
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) {
      const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(code)), imports)
      done(instance)
      return instance.exports
    },
  } as never)
  const [width, height] = [60, 40]
  const data = new Uint8ClampedArray(width * height * 4).map((_, at) => (at % 4 === 3 ? 255 : Math.floor(at / 4) % width < 30 ? 220 : 20))
  jpeg = Buffer.from(await encodeJpeg({ data, width, height } as ImageData))
})

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

/** A PNG file of any form, its rows without filter. */
function png({ width = 4, height = 4, depth = 8, type = 2, pixels, more = [] as Buffer[] }: { width?: number; height?: number; depth?: number; type?: number; pixels: Buffer; more?: Buffer[] }): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width)
  head.writeUInt32BE(height, 4)
  head.set([depth, type, 0, 0, 0], 8)
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), ...more, chunk('IDAT', deflateSync(pixels)), chunk('IEND', Buffer.alloc(0))])
}

/** An EXIF segment that says how the camera was held. */
function oriented(file: Buffer, orientation: number): Buffer {
  const tiff = Buffer.from([0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0])
  const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff, Buffer.from('GPS-CANARY')])
  const length = Buffer.alloc(2)
  length.writeUInt16BE(exif.length + 2)
  return Buffer.concat([file.subarray(0, 2), Buffer.from([0xff, 0xe1]), length, exif, file.subarray(2)])
}

describe('an image that somebody sends', { timeout: 60_000 }, () => {
  test('is kept as its pixels: no text, no second file behind its end', async () => {
    const sent = Buffer.concat([
      png({ pixels: Buffer.concat(Array.from({ length: 4 }, () => Buffer.from([0, ...[1, 2, 3, 4].flatMap(() => [10, 20, 30])]))), more: [chunk('tEXt', Buffer.from('Comment\0GPS-CANARY'))] }),
      Buffer.from('<script>alert(1)</script>%PDF-1.7'),
    ])
    const { mediaType, width, height, bytes } = await cleaner().clean(sent)
    expect([mediaType, width, height]).toEqual(['image/png', 4, 4])
    expect(Buffer.from(bytes).toString('latin1')).not.toMatch(/CANARY|script|PDF/)
    expect([...decode(bytes).data.subarray(0, 3)]).toEqual([10, 20, 30])
  })

  test('of few colours, in grey, with sixteen bits and with transparency looks the same', async () => {
    const palette = [chunk('PLTE', Buffer.from([255, 0, 0, 0, 255, 0])), chunk('tRNS', Buffer.from([255, 0]))]
    const files: [Buffer, number[]][] = [
      [png({ width: 8, height: 1, depth: 1, type: 3, pixels: Buffer.from([0, 0b10000000]), more: palette }), [0, 255, 0, 0, 255, 0, 0, 255]],
      [png({ width: 2, height: 1, depth: 16, type: 0, pixels: Buffer.from([0, 0x80, 0, 0xff, 0xff]) }), [128, 128, 128, 255, 255, 255, 255, 255]],
      [png({ width: 2, height: 1, depth: 8, type: 4, pixels: Buffer.from([0, 50, 0, 60, 255]) }), [50, 50, 50, 0, 60, 60, 60, 255]],
    ]
    for (const [file, expected] of files) {
      const { data } = decode((await cleaner().clean(file)).bytes)
      expect([...data.subarray(0, expected.length)]).toEqual(expected)
    }
  })

  test('from a camera is turned upright, and does not tell where it was made', async () => {
    const { mediaType, width, height, bytes } = await cleaner().clean(oriented(jpeg, 6))
    expect([mediaType, width, height]).toEqual(['image/jpeg', 40, 60])
    expect(Buffer.from(bytes).includes('CANARY')).toBe(false)
  })

  test('encoded anew once more is the same file', async () => {
    const once = await cleaner().clean(logo(50))
    expect(Buffer.from((await cleaner().clean(once.bytes)).bytes).equals(Buffer.from(once.bytes))).toBe(true)
  })
})

describe('what is refused, with a sentence', { timeout: 60_000 }, () => {
  const big = (width: number, height: number) => png({ width, height, pixels: Buffer.alloc(10) })
  const cases: [string, () => Buffer, RegExp][] = [
    ['nothing', () => Buffer.alloc(0), /PNG or a JPEG/],
    ['SVG', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), /PNG or a JPEG/],
    ['GIF', () => Buffer.from('GIF89a'), /PNG or a JPEG/],
    ['a PDF file', () => Buffer.from('%PDF-1.7 \x89PNG'), /PNG or a JPEG/],
    ['a signature alone', () => Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), /damaged/],
    ['a PNG file that is cut off', () => logo().subarray(0, 400), /damaged/],
    ['a JPEG file that is cut off', () => jpeg.subarray(0, jpeg.length - 30), /damaged/],
    ['a JPEG file without a frame', () => Buffer.from([0xff, 0xd8, 0xff, 0xd9]), /damaged/],
    ['a PNG file with a wrong sum', () => Buffer.from(logo().map((byte, at) => (at === 60 ? byte ^ 1 : byte))), /damaged/],
    ['more than ten megapixels', () => big(4_000, 4_000), /10 megapixels/],
    ['a strip', () => big(30_000, 1), /10 megapixels/],
    ['sizes that overflow', () => big(0xffffffff, 0xffffffff), /10 megapixels/],
    ['no width', () => big(0, 10), /damaged/],
    ['more than 5 MB', () => Buffer.concat([logo(), Buffer.alloc(5 * 1024 * 1024)]), /at most 5 MB/],
    ['CMYK', () => Buffer.from([0xff, 0xd8, 0xff, 0xc0, 0, 20, 8, 0, 9, 0, 9, 4]), /RGB/],
    ['a lossless JPEG', () => Buffer.from([0xff, 0xd8, 0xff, 0xc3, 0, 17, 8, 0, 9, 0, 9, 3]), /ordinary/],
  ]
  test.each(cases)('%s', async (_, file, sentence) => {
    const refusal = await cleaner().clean(file()).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(ImageRefused)
    expect((refusal as Error).message).toMatch(sentence)
  })

  test('a bomb: data for gigabytes under a small header', async () => {
    const bomb = png({ width: 10, height: 10, pixels: Buffer.alloc(300_000_000) })
    expect(bomb.length).toBeLessThan(5 * 1024 * 1024)
    const before = process.memoryUsage.rss()
    await cleaner().clean(bomb).catch((error: unknown) => expect(error).toBeInstanceOf(ImageRefused))
    expect(process.memoryUsage.rss() - before).toBeLessThan(250 * 1024 * 1024)
  })

  test('a text that is compressed a thousandfold is not unfolded', async () => {
    const text = Buffer.concat([Buffer.from('Comment\0\0'), deflateSync(Buffer.alloc(300_000_000))])
    const before = process.memoryUsage.rss()
    await cleaner().clean(png({ width: 1, height: 1, pixels: Buffer.from([0, 1, 2, 3]), more: [chunk('zTXt', text)] })).catch((error: unknown) => expect(error).toBeInstanceOf(ImageRefused))
    expect(process.memoryUsage.rss() - before).toBeLessThan(250 * 1024 * 1024)
  })

  test('one that takes too long, and the next is taken', async () => {
    const slow = cleaner({ timeoutMs: 300, startWorker: () => new Worker('setInterval(() => {}, 1000)', { eval: true }) })
    await expect(slow.clean(logo(4))).rejects.toThrow(/too long/)
    await expect(slow.clean(logo(4))).rejects.toThrow(/too long/)
  })

  test('more than may wait', async () => {
    const full = cleaner({ maxWaiting: 1, timeoutMs: 200, startWorker: () => new Worker('setInterval(() => {}, 1000)', { eval: true }) })
    const first = full.clean(logo(4)).catch(() => {})
    await expect(full.clean(logo(4))).rejects.toMatchObject({ code: 'rate-limited' })
    await first
  })
})

test('headers are read from the first bytes alone', () => {
  expect(imageHeader(logo(7).subarray(0, 33))).toEqual({ mediaType: 'image/png', width: 7, height: 7 })
  expect(imageHeader(jpeg)).toEqual({ mediaType: 'image/jpeg', width: 60, height: 40 })
})
