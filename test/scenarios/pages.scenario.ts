import assert from 'node:assert/strict'
import { pngCredentials, pngSize } from '../render/baked.ts'
import type { Ask } from './ask.ts'
import { expectProblem, expectStatus } from './expect.ts'
import { verifyElsewhere } from './reference-verifier.ts'
import { scenario } from './scenario.ts'
import { until } from './until.ts'

const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

const attribute = (text: string, pattern: RegExp): string => {
  const [, value] = pattern.exec(text) ?? []
  assert.ok(value !== undefined, `${pattern} is not on the page`)
  return value.replaceAll('&amp;', '&')
}

const pageOf = async (ask: Ask, url: string, status = 200) => {
  const page = expectStatus(await ask('GET', url, { headers: html }), status)
  assert.match(page.headers.get('content-type')!, /^text\/html/)
  assert.doesNotMatch(page.text, /<script|\son\w+=|\sstyle=/i)
  return page.text
}

export default [
  scenario('an issuer has a page that tells what it awards and names nobody', async (world) => {
    const { ask } = world
    const issuer = await world.issuer()
    const path = `/issuers/${issuer.slug}`
    assert.match(await pageOf(ask, path), /No credentials yet/)
    expectStatus(await issuer.ask('PATCH', '/v1/organization', { json: { url: 'https://academy.example', contactEmail: 'registrar@academy.example' } }), 200)
    const people = ['Ada Lovelace', 'Grace Hopper', 'Hedy Lamarr', 'Emmy Noether', 'Mary Jackson']
    const issued = await Promise.all(people.map((name, i) => issuer.issue({ name, email: issuer.email(`person${i}`), achievement: 'Logic & Proof' })))
    const alone = await issuer.issue({ name: 'Rosalind Franklin', email: issuer.email('alone'), achievement: 'A private lesson' })
    const first = await issuer.published(issued[0]!.publicUrl)
    await Promise.all([...issued, alone].map(({ publicUrl }) => issuer.published(publicUrl)))

    // What was counted, and who the organization is, may be a minute old; another page of the list was never asked for.
    const counted = await until('the count', async () => {
      const { json } = expectStatus(await ask('GET', `${path}?after=${crypto.randomUUID().replace(/^./, 'z')}`), 200)
      return json.credentials === 6 && json
    })
    assert.deepEqual(counted.achievements, [
      { id: first.credential.credentialSubject.achievement.id, name: 'Logic & Proof', credentials: 5 },
    ])
    assert.equal(first.links.issuer, counted.links.html)
    const did = expectStatus(await ask('GET', counted.links.didDocument), 200).json
    assert.equal(did.id, first.credential.issuer.id)

    const shown = await pageOf(ask, `${path}?lang=en&after=${crypto.randomUUID().replace(/^./, 'z')}`)
    for (const part of [issuer.name, 'Logic &amp; Proof', '5 credentials']) assert.ok(shown.includes(part), `${part} is not on the page`)
    for (const name of [...people, 'Rosalind Franklin', 'A private lesson']) assert.ok(!shown.includes(name), `${name} is on the page`)
    assert.match(await pageOf(ask, `${path}?lang=ar`), /<html lang="ar" dir="rtl">/)

    const credential = await pageOf(ask, issued[0]!.publicUrl)
    assert.equal(attribute(credential, /href="(\/issuers\/[^"]+)"/), path)
    expectProblem(await ask('GET', '/issuers/no-such-organization'), 404, 'not-found')
    assert.match(await pageOf(ask, '/issuers/no-such-organization', 404), /There is no such issuer/)
  }, ['identity', 'issuance', 'verification']),

  scenario('a credential can be shared by links alone, and search engines are told to leave it', async (world) => {
    const { ask } = world
    const issuer = await world.issuer()
    const { id, publicUrl, order } = await issuer.issue({ name: 'Ada "The <Countess>" Lovelace', achievement: 'C++ & Rust' })
    await issuer.published(publicUrl)
    const page = await pageOf(ask, `${publicUrl}?lang=en`)
    const linkedIn = new URL(attribute(page, /href="(https:\/\/www\.linkedin\.com\/[^"]+)"/))
    const now = new Date()
    assert.equal(linkedIn.origin + linkedIn.pathname, 'https://www.linkedin.com/profile/add')
    assert.deepEqual(Object.fromEntries(linkedIn.searchParams), {
      startTask: 'CERTIFICATION_NAME', name: 'C++ & Rust', organizationName: issuer.name, issueYear: String(now.getUTCFullYear()),
      issueMonth: String(now.getUTCMonth() + 1), certUrl: publicUrl, certId: publicUrl.split('/').at(-1),
    })
    const mail = new URL(attribute(page, /href="(mailto:[^"]+)"/))
    assert.ok(mail.searchParams.get('body')!.includes(publicUrl) && mail.searchParams.get('body')!.includes(order.name))
    assert.equal(attribute(page, /<meta property="og:url" content="([^"]+)"/), publicUrl)
    assert.equal(attribute(page, /<link rel="canonical" href="([^"]+)"/), publicUrl)
    assert.match(attribute(page, /<meta name="robots" content="([^"]+)"/), /noindex/)
    for (const file of ['certificate.pdf', 'credential.json'])
      assert.match(expectStatus(await ask('GET', `${publicUrl}/${file}`), 200).headers.get('x-robots-tag')!, /noindex/)

    const preview = expectStatus(await ask('GET', attribute(page, /<meta property="og:image" content="([^"]+)"/)), 200)
    assert.deepEqual(pngSize(preview.bytes), { width: 1200, height: 630 })
    assert.match(preview.headers.get('x-robots-tag')!, /noindex/)

    expectStatus(await issuer.ask('POST', `/v1/credentials/${id}/revoke`, { json: {} }), 200)
    const revoked = await pageOf(ask, publicUrl)
    assert.doesNotMatch(revoked, /linkedin|mailto:|og:image/)
    assert.match(attribute(revoked, /<meta property="og:description" content="([^"]+)"/), /revoked/)
  }),

  scenario('a badge that was kept carries a credential that others find sound, until its person is erased', async (world) => {
    const { ask } = world
    const issuer = await world.issuer()
    const { publicUrl, documentUrl, recipient } = await issuer.issue({ name: 'Zoë ]]> & Co', achievement: 'Systems <I>' })
    const { links } = await issuer.published(publicUrl)
    const did = expectStatus(await ask('GET', `/organizations/${issuer.slug}/did.json`), 200).json
    const document = expectStatus(await ask('GET', documentUrl), 200).text
    const [png, svg] = await Promise.all([links.badgePng, links.badgeSvg].map(async (url: string) => expectStatus(await ask('GET', url), 200)))
    assert.equal(png!.headers.get('content-type'), 'image/png')
    assert.equal(svg!.headers.get('content-type'), 'image/svg+xml')
    assert.match(svg!.headers.get('content-security-policy')!, /^default-src 'none'.*sandbox/)
    for (const file of [png, svg]) assert.match(file!.headers.get('content-disposition')!, /^attachment; filename="badge-/)
    assert.doesNotMatch(svg!.text.replace(/<!\[CDATA\[[\s\S]*?\]\]>/g, ''), /<script|<foreignObject|\son\w+=|href=/i)
    const inSvg = [...svg!.text.matchAll(/<!\[CDATA\[([\s\S]*?)\]\]>/g)].map(([, part]) => part).join('')
    for (const [from, baked] of [['PNG', pngCredentials(png!.bytes)], ['SVG', [inSvg]]] as const) {
      assert.deepEqual(baked, [document], `The ${from} carries another credential.`)
      const elsewhere = await verifyElsewhere(JSON.parse(baked[0]!), did)
      assert.ok(elsewhere.verified, JSON.stringify(elsewhere))
    }
    expectStatus(await issuer.ask('DELETE', `/v1/recipients/${recipient!.id}`), 200)
    for (const url of [links.preview, links.badgePng, links.badgeSvg])
      expectProblem(await until(`${url} to be gone`, async () => {
        const answer = await ask('GET', url)
        return answer.status !== 200 && answer
      }), 410, 'gone')
  }),
]
