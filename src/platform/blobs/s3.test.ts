import { existsSync, globSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createInstallation } from '../../../test/installation.ts'
import { freePort } from '../../../test/servers/free-port.ts'
import { startS3, type S3 } from '../../../test/servers/s3.ts'
import { createKeyRing } from '../crypto/key-ring.ts'
import type { OrganizationId } from '../organization-id.ts'
import type { Blobs } from './blobs.ts'
import { checkBucket, s3Blobs, s3Files } from './s3.ts'

const org = 'org' as OrganizationId
const content = new TextEncoder().encode('a canary name in a certificate')
const erased = new Set<string>()
let s3: S3
let blobs: Blobs
let prefixes = 0
let prefix = ''

const openBlobs = (module = 'issuance') =>
  s3Blobs({
    url: `${s3.url}/${prefix}`,
    module,
    keys: createKeyRing({
      fetchKeys: async (subjects) =>
        subjects.map((subject) => {
          const gone = erased.has(subject)
          return { subject, version: 1, key: gone ? null : Buffer.alloc(32, subject).toString('base64'), erased: gone }
        }),
    }),
  })
const objects = () => globSync(`${s3.directory}/vellum/${prefix}/**/*`).filter((file) => file.endsWith('object'))

beforeAll(async () => {
  s3 = await startS3()
})
afterAll(() => s3.stop())
beforeEach(() => {
  erased.clear()
  prefix = `run/${++prefixes}`
  blobs = openBlobs()
})

describe('blobs in a bucket', () => {
  it('come back as they were put, also after a restart, and may be written again', async () => {
    const large = new Uint8Array(300_000).fill(7)
    await blobs.put('credentials/1/certificate.pdf', org, 'anna', content)
    await blobs.put('credentials/1/certificate.pdf', org, 'anna', large)
    expect(Buffer.from(await openBlobs().get('credentials/1/certificate.pdf', org)).equals(large)).toBe(true)
  })

  it('are sealed before they leave, under the prefix and the module', async () => {
    await blobs.put('credentials/1/certificate.pdf', org, 'anna', content)
    expect(objects().map((file) => file.slice(s3.directory.length))).toEqual([
      `/vellum/${prefix}/issuance/credentials/1/certificate.pdf._S3rver_object`,
    ])
    expect(readFileSync(objects()[0]!).includes('canary')).toBe(false)
    await expect(openBlobs('notification').get('credentials/1/certificate.pdf', org)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('are listed for a backup: all of one module, or those that were written lately', async () => {
    for (const name of ['one', 'a/b/two', 'a/three']) await blobs.put(name, org, 'anna', content)
    await openBlobs('notification').put('foreign', org, 'anna', content)
    const files = s3Files({ url: `${s3.url}/${prefix}`, module: 'issuance' })
    const listed = (since?: Date) => Array.fromAsync(files.list(since)).then((names) => names.toSorted())
    expect(await listed()).toEqual(['a/b/two', 'a/three', 'one'])
    expect(await listed(new Date())).toHaveLength(3)
    expect(await listed(new Date(Date.now() + 3_600_000))).toEqual([])
  })

  it('do not open under another name or for another organization', async () => {
    await blobs.put('one', org, 'anna', content)
    await blobs.put('two', org, 'anna', content)
    await expect(blobs.get('one', 'other' as OrganizationId)).rejects.toThrow(/does not open/)
    const [one, two] = objects() as [string, string]
    renameSync(one, two)
    await expect(blobs.get('two', org)).rejects.toThrow(/does not open/)
  })

  it('tell what is missing from what was erased', async () => {
    await blobs.put('one', org, 'anna', content)
    erased.add('anna')
    await expect(openBlobs().get('one', org)).rejects.toMatchObject({ code: 'gone' })
    await expect(blobs.get('nothing', org)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('are listed by the beginning of their names, within one folder', async () => {
    for (const name of ['a/one.1', 'a/one.2', 'a/two.1', 'a/one.d/3', 'b']) await blobs.put(name, org, 'anna', content)
    expect((await blobs.names('a/one.')).sort()).toEqual(['a/one.1', 'a/one.2'])
    expect((await blobs.names('a/')).sort()).toEqual(['a/one.1', 'a/one.2', 'a/two.1'])
    expect(await blobs.names('b')).toEqual(['b'])
    expect(await blobs.names('c/one.')).toEqual([])
  })

  it('are listed and deleted beyond the thousand that one answer holds', async () => {
    const names = Array.from({ length: 1_005 }, (_, i) => `many/${i}`)
    for (let at = 0; at < names.length; at += 50)
      await Promise.all(names.slice(at, at + 50).map((name) => blobs.put(name, org, 'anna', new Uint8Array([1]))))
    await blobs.put('manyfold', org, 'anna', content)
    expect((await blobs.names('many/')).sort()).toEqual(names.sort())
    await blobs.delete('many/')
    await blobs.delete('many/')
    expect(await blobs.names('many/')).toEqual([])
    expect(await blobs.names('many')).toEqual(['manyfold'])
  }, 60_000)

  it('are deleted one by one, and deleting nothing is fine', async () => {
    await blobs.put('a/1', org, 'anna', content)
    await blobs.delete('a/1')
    await blobs.delete('a/1')
    await expect(blobs.get('a/1', org)).rejects.toMatchObject({ code: 'not-found' })
  })

  it.each(['', '../secret', 'a/../../b', 'a//b', 'a/', 'a b', '~'])('refuse the name %j', async (name) => {
    await expect(blobs.put(name, org, 'anna', content)).rejects.toThrow(/not one/)
    await expect(blobs.get(name, org)).rejects.toThrow(/not one/)
    expect(objects()).toEqual([])
  })
})

describe('a bucket that cannot be used', () => {
  it('is named at the start: a wrong key, no such bucket, no server', async () => {
    await checkBucket(s3.url, { write: true })
    expect(readdirSync(`${s3.directory}/vellum`).join()).toContain('vellum-check')
    await expect(checkBucket(s3.url.replace('S3RVER:S3RVER', 'S3RVER:wrong'), { write: false })).rejects.toMatchObject({
      messages: [expect.stringMatching(/^S3_URL: the bucket vellum answers 403 SignatureDoesNotMatch; check its name/)],
    })
    await expect(checkBucket(s3.url.replace('/vellum', '/another'), { write: true })).rejects.toMatchObject({
      messages: [expect.stringMatching(/^S3_URL: the bucket another answers 404 NoSuchBucket;/)],
    })
    await expect(checkBucket(`http://k:s@127.0.0.1:${await freePort()}/vellum`, { write: true })).rejects.toThrow(/^S3_URL: the bucket does not answer/)
  })

  it('stops a process before it has written anything', async () => {
    const installation = await createInstallation({ environment: { S3_URL: s3.url.replace('/vellum', '/another') } })
    await installation.start({ wait: false })
    expect(await installation.exited).toBe(78)
    expect(installation.output()).toMatch(/S3_URL: the bucket another answers 404 NoSuchBucket/)
    expect(existsSync(installation.dataDir)).toBe(false)
    await installation.remove()
  }, 60_000)

  it('later says nothing about a file: what needs it waits', async () => {
    const url = s3.url.replace('S3RVER:S3RVER', 'S3RVER:wrong')
    const refused = s3Blobs({ url, module: 'issuance', keys: createKeyRing({ fetchKeys: async () => [] }) })
    await expect(refused.get('one', org)).rejects.toMatchObject({ code: 'unavailable', status: 503 })
  })
})
