import { describe, expect, test } from 'vitest'
import { fromBufferPromise } from 'yauzl'
import { readZip } from '../../../test/issuance/read-zip.ts'
import { type StoredFile, storedZip } from './stored-zip.ts'

const modifiedAt = new Date('2026-03-04T05:06:08Z')
const bytes = async (files: AsyncIterable<StoredFile>) => Buffer.concat(await Array.fromAsync(storedZip(files)))

describe('an archive', () => {
  test('is read by another reader as it was written', async () => {
    const files = [
      { name: '0001 Zoë الكافي.pdf', content: Buffer.from('%PDF one'), modifiedAt },
      { name: '0002.pdf', content: Buffer.alloc(0), modifiedAt },
      { name: '0003 Ada.pdf', content: Buffer.alloc(100_000, 7), modifiedAt },
    ]
    expect(await readZip(await bytes((async function* () { yield* files })()))).toEqual(files)
    expect(await readZip(await bytes((async function* () {})()))).toEqual([])
  })

  test('of more files than a plain end can count has a wide one', async () => {
    const many = 65_536
    async function* files(): AsyncGenerator<StoredFile> {
      for (let at = 0; at < many; at++) yield { name: `${at}`, content: Buffer.from('x'), modifiedAt }
    }
    const zip = await fromBufferPromise(await bytes(files()))
    let seen = 0
    for await (const { fileName } of zip.eachEntry()) if (fileName === String(seen)) seen++
    expect([zip.entryCount, seen]).toEqual([many, many])
  })

  test('asks for a file when the one before was taken, and for no more when its reader goes', async () => {
    let asked = 0
    let left = false
    async function* files(): AsyncGenerator<StoredFile> {
      try {
        for (;;) yield { name: String(asked++), content: Buffer.from('x'), modifiedAt }
      } finally {
        left = true
      }
    }
    const archive = storedZip(files())
    for (let piece = 0; piece < 4; piece++) await archive.next()
    expect(asked).toBe(2)
    await archive.return(undefined)
    expect([asked, left]).toEqual([2, true])
  })
})
