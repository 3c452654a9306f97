import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createKeyRing } from '../crypto/key-ring.ts'
import type { OrganizationId } from '../organization-id.ts'
import type { Blobs } from './blobs.ts'
import { filesystemBlobs } from './filesystem.ts'

const org = 'org' as OrganizationId
const content = new TextEncoder().encode('a canary name in a certificate')
const erased = new Set<string>()
let folder = ''
let blobs: Blobs

const openBlobs = () =>
  filesystemBlobs({
    directory: folder,
    module: 'issuance',
    keys: createKeyRing({
      fetchKeys: async (subjects) =>
        subjects.map((subject) => {
          const gone = erased.has(subject)
          return { subject, version: 1, key: gone ? null : Buffer.alloc(32, subject).toString('base64'), erased: gone }
        }),
    }),
  })
const files = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

beforeEach(() => {
  erased.clear()
  folder = mkdtempSync(join(tmpdir(), 'vellum-blobs-'))
  blobs = openBlobs()
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('blobs in a folder', () => {
  it('come back as they were put, also after a restart', async () => {
    const large = randomBytes(300_000)
    await blobs.put('credentials/1/certificate.pdf', org, 'anna', content)
    await blobs.put('credentials/2/certificate.pdf', org, 'anna', large)
    expect(await openBlobs().get('credentials/1/certificate.pdf', org)).toEqual(content)
    expect(Buffer.from(await blobs.get('credentials/2/certificate.pdf', org)).equals(large)).toBe(true)
  })

  it('are sealed, readable by their owner alone, and leave nothing temporary', async () => {
    await blobs.put('credentials/1/certificate.pdf', org, 'anna', content)
    expect(files()).toEqual([join(folder, 'issuance/credentials/1/certificate.pdf')])
    expect(readFileSync(files()[0]!).includes('canary')).toBe(false)
    expect(statSync(files()[0]!).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'issuance/credentials')).mode & 0o777).toBe(0o700)
  })

  it('may be written again', async () => {
    await blobs.put('one', org, 'anna', content)
    await blobs.put('one', org, 'bob', new Uint8Array([1]))
    expect(await blobs.get('one', org)).toEqual(new Uint8Array([1]))
  })

  it('do not open under another name or for another organization', async () => {
    await blobs.put('one', org, 'anna', content)
    await expect(blobs.get('one', 'other' as OrganizationId)).rejects.toThrow(/does not open/)
    renameSync(join(folder, 'issuance/one'), join(folder, 'issuance/two'))
    await expect(blobs.get('two', org)).rejects.toThrow(/does not open/)
    writeFileSync(join(folder, 'issuance/three'), 'no envelope')
    await expect(blobs.get('three', org)).rejects.toThrow(/not a sealed value/)
  })

  it('tell what is missing from what was erased', async () => {
    await blobs.put('one', org, 'anna', content)
    erased.add('anna')
    await expect(openBlobs().get('one', org)).rejects.toMatchObject({ code: 'gone' })
    await expect(blobs.get('nothing', org)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('are listed by the beginning of their names, within one folder', async () => {
    for (const name of ['a/one.1', 'a/one.2', 'a/two.1', 'a/one.d/3', 'b']) await blobs.put(name, org, 'anna', content)
    writeFileSync(join(folder, 'issuance/a/.one.tmp'), '')
    expect((await blobs.names('a/one.')).sort()).toEqual(['a/one.1', 'a/one.2'])
    expect((await blobs.names('a/')).sort()).toEqual(['a/one.1', 'a/one.2', 'a/two.1'])
    expect(await blobs.names('b')).toEqual(['b'])
    expect(await blobs.names('c/one.')).toEqual([])
    await expect(blobs.names('../a/')).rejects.toThrow(/not one/)
  })

  it('are put side by side, into folders that are not there yet', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `${i % 3}/${i % 5}/${i}`)
    await Promise.all(names.map((name) => blobs.put(name, org, 'anna', new TextEncoder().encode(name))))
    for (const name of names) expect(new TextDecoder().decode(await blobs.get(name, org))).toBe(name)
  })

  it('are deleted one by one or by folder, and deleting nothing is fine', async () => {
    for (const name of ['a/1', 'a/2', 'ab']) await blobs.put(name, org, 'anna', content)
    await blobs.delete('a/1')
    await blobs.delete('a/1')
    await expect(blobs.get('a/1', org)).rejects.toMatchObject({ code: 'not-found' })
    await blobs.delete('a/')
    await blobs.delete('a/')
    await blobs.delete('x/y/z')
    expect(files()).toEqual([join(folder, 'issuance/ab')])
  })

  it.each([
    '', '/', '.', '..', '../secret', 'a/../../b', '/etc/passwd', 'a//b', 'a/', '.hidden', 'a/.hidden', 'a\\b', 'a\0b',
    'a b', 'é', 'a/./b', '~', '-rf', `${'a'.repeat(129)}`, Array(9).fill('a').join('/'),
  ])('refuse the name %j', async (name) => {
    await expect(blobs.put(name, org, 'anna', content)).rejects.toThrow(/not one/)
    await expect(blobs.get(name, org)).rejects.toThrow(/not one/)
    if (name !== 'a/') await expect(blobs.delete(name)).rejects.toThrow(/not one/)
    expect(files()).toEqual([])
  })
})
