import assert from 'node:assert/strict'
import { formsOf, findTexts, readTree } from './files.ts'
import { expectStatus } from '../scenarios/expect.ts'
import { mailTo } from './mail-faults.fault.ts'
import type { Fault } from './fault.ts'
import { openSite, untilQuiet } from './site.ts'

const canary: Fault = {
  name: 'a name that was issued, mailed, searched and revoked stands in clear in no file of DATA_DIR and in no log line',
  async run({ random, say }) {
    const mark = random.between(100_000, 999_999)
    const words = [`Quibberwock${mark}`, `Zanzalune${mark}`, `zq${mark}`]
    // First of all: the search finds each form where it is planted.
    for (const [form, bytes] of formsOf(words[0] as string)) {
      const planted = new Map([['planted', Buffer.concat([Buffer.alloc(4_099), bytes, Buffer.alloc(17)])]])
      assert.notDeepEqual(findTexts(planted, words), [], `The search does not see ${form}.`)
    }
    // Every line that can be logged.
    const site = await openSite({ environment: { LOG_LEVEL: 'trace' } })
    const { installation, issuer, smtp } = site
    const search = () => {
      const files = readTree(installation.dataDir)
      files.set('(output)', Buffer.from(installation.output()))
      return { size: files.size, found: findTexts(files, words) }
    }
    try {
      const [first, last, local] = words as [string, string, string]
      const person = { name: `${first} ${last}`, email: `${local}@${local}.example.org` }
      const { id, publicUrl } = await issuer.issue({ ...person, key: 'canary' })
      const csv = `name,email,course\n"${first} ${last}",${local}.batch@example.org,Singing\n"${first}",not an address ${local},Singing\n`
      expectStatus(await issuer.ask('POST', '/v1/batches', { body: csv, headers: { 'content-type': 'text/csv' } }), 202)
      await untilQuiet(site)
      const mail = await mailTo(smtp, person.email)
      assert.ok(mail && `${mail.text}${mail.html}`.includes(first), 'The mail does not name the person: the search would prove nothing.')
      const found = expectStatus(await issuer.ask('GET', `/v1/credentials?q=${first.slice(0, 8)}`), 200)
      assert.equal((found.json.credentials as unknown[]).length, 2)
      assert.match(expectStatus(await issuer.ask('GET', publicUrl, { headers: { accept: 'text/html' } }), 200).text, new RegExp(first))
      // A request that fails says no more in the log than one that succeeds.
      await issuer.ask('POST', '/v1/credentials', { json: { recipient: { name: first, email: local }, achievement: { name: '' } } })
      await issuer.ask('GET', `/v1/credentials/${local}`)

      let { size, found: inFiles } = search()
      assert.deepEqual(inFiles, [], 'while it runs')
      expectStatus(await issuer.ask('POST', `/v1/credentials/${id}/revoke`, { json: { reason: 'Mistaken' } }), 200)
      await untilQuiet(site)
      assert.deepEqual(search().found, [], 'once revoked')
      await installation.kill()
      assert.deepEqual(search().found, [], 'after kill -9, in the write-ahead logs')
      await installation.start()
      assert.equal(await installation.stop(), 0)
      ;({ size, found: inFiles } = search())
      assert.deepEqual(inFiles, [], 'after a clean stop')
      say(`${size} files searched`)
    } finally {
      await site.stop()
    }
  },
}

export default [canary]
