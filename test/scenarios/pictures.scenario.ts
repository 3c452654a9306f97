import assert from 'node:assert/strict'
import type { ImageForm } from '#modules/issuance/contract.ts'
import { issuance } from '#modules/issuance/index.ts'
import { pngCredentials, pngSize } from '../render/baked.ts'
import { expectStatus } from './expect.ts'
import { scenario } from './scenario.ts'
import { until } from './until.ts'

export default [
  scenario('a credential has pictures, a preview and badges that carry it, until its person is erased', async (world) => {
    const { ask, client, openDocument } = world
    const issuer = await world.issuer()
    const { id, documentUrl, publicUrl, recipient } = await issuer.issue({ name: 'Zoë 王', achievement: '机器学习 & <Systems>' })
    await issuer.published(publicUrl)
    const document = expectStatus(await ask('GET', documentUrl), 200)
    const picture = async (form: ImageForm) => {
      const link = await client(issuance).image({ credentialId: id, form })
      return { ...link, bytes: Buffer.from(await new Response(await openDocument(link)).arrayBuffer()) }
    }

    // All at once, and again: they are drawn once.
    const [preview, again, png, svg] = await Promise.all([
      picture('preview'), picture('preview'), picture('badge-png'), picture('badge-svg'),
    ])
    assert.deepEqual([preview.mediaType, png.mediaType, svg.mediaType], ['image/png', 'image/png', 'image/svg+xml'])
    assert.deepEqual(pngSize(preview.bytes), { width: 1200, height: 630 })
    assert.ok(again.bytes.equals(preview.bytes))
    assert.ok((await picture('preview')).bytes.equals(preview.bytes))
    assert.deepEqual(pngCredentials(png.bytes), [document.text])
    const inSvg = svg.bytes.toString().split('<openbadges:credential><![CDATA[')[1]?.split(']]></openbadges:credential>')[0]
    assert.equal(inSvg, document.text)

    expectStatus(await issuer.ask('DELETE', `/v1/recipients/${recipient!.id}`), 200)
    const isGone = async (form: ImageForm) =>
      client(issuance).image({ credentialId: id, form }).then(() => false, ({ code }) => {
        assert.ok(code === 'gone', `It answers ${code}.`)
        return true
      })
    for (const form of ['preview', 'badge-png', 'badge-svg'] as const) {
      await until(`${form} to be gone`, () => isGone(form))
    }
  }, ['issuance', 'verification']),

  scenario('what was not issued has no pictures', async ({ client }) => {
    await assert.rejects(client(issuance).image({ credentialId: 'nobody', form: 'preview' }), { code: 'not-found' })
  }),
]
