import { sign } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { DataIntegrityProof } from '@digitalbazaar/data-integrity'
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite'
import * as vc from '@digitalbazaar/vc'
import { generate } from '@pdfme/generator'
import { barcodes, rectangle, text } from '@pdfme/schemas'
import { createTransport } from 'nodemailer'
import { loadContext } from '../../src/platform/credentials/contexts.ts'
import { didKeyFromPublicKey, verificationMethodId } from '../../src/platform/credentials/did.ts'
import { generateEd25519KeyPair } from '../../src/platform/credentials/multikey.ts'
import { buildOpenBadge } from '../../src/modules/issuance/credential/open-badge.ts'
import type { Person } from './people.ts'

/** What anyone would write: for each credential @digitalbazaar/vc, stock pdfme, nodemailer, one after the other. */
const key = generateEd25519KeyPair()
const did = didKeyFromPublicKey(key.publicKey)
const id = verificationMethodId(did, key.publicKey)
const signer = { id, algorithm: 'Ed25519', sign: async ({ data }: { data: Uint8Array }) => sign(null, data, key.privateKey) }
const { smtpUrl } = workerData as { smtpUrl: string }
const transport = createTransport({ url: smtpUrl, pool: true, maxConnections: 4, maxMessages: Number.POSITIVE_INFINITY } as Parameters<typeof createTransport>[0])

const place = (y: number, size: number) => ({ position: { x: 20, y }, width: 257, height: size, fontSize: size, alignment: 'center' })
const template = {
  basePdf: { width: 297, height: 210, padding: [0, 0, 0, 0] },
  schemas: [[
    { type: 'rectangle', name: 'frame', readOnly: true, position: { x: 10, y: 10 }, width: 277, height: 190, borderWidth: 1, borderColor: '#1b2a49', color: '' },
    ...[['issuer', 30, 16], ['recipient', 70, 32], ['statement', 95, 14], ['achievement', 110, 24], ['date', 150, 12], ['link', 190, 8]]
      .map(([name, y, size]) => ({ type: 'text', name, ...place(Number(y), Number(size)) })),
    { type: 'qrcode', name: 'qr', position: { x: 235, y: 145 }, width: 35, height: 35 },
  ]],
} as Parameters<typeof generate>[0]['template']

async function issue({ name, email, course, completedOn, number }: Person): Promise<void> {
  const documentId = crypto.randomUUID()
  const link = `http://localhost:3000/v/${documentId}`
  const unsigned = buildOpenBadge({
    publicUrl: 'http://localhost:3000',
    credentialId: documentId,
    issuer: { did, name: 'Riverside Academy' },
    validFrom: new Date(),
    recipient: { name, email, salt: documentId },
    achievement: {
      id: 'http://localhost:3000/achievements/1', name: course, description: course, criteria: course,
      achievementType: 'Certificate',
    },
    completedOn,
    status: { revocation: { listId: '1', index: number } },
    test: true,
  })
  const credential = await vc.issue({
    credential: unsigned, suite: new DataIntegrityProof({ cryptosuite, signer }), documentLoader: loadContext,
  })
  const pdf = await generate({
    template,
    inputs: [{
      issuer: 'Riverside Academy', recipient: name, statement: 'has successfully completed', achievement: course,
      date: completedOn, link, qr: link,
    }],
    plugins: { text, rectangle, qrcode: barcodes.qrcode },
  })
  await transport.sendMail({
    from: { name: 'Riverside Academy', address: 'no-reply@localhost' },
    to: { name, address: email },
    subject: `Your certificate: ${course}`,
    text: `Dear ${name},\n\nyou have completed ${course}. Your certificate is attached. It stands at ${link}\n`,
    html: `<p>Dear ${name.replaceAll('<', '&lt;')},</p><p>you have completed ${course}.</p><p><a href="${link}">Your certificate</a></p>`,
    attachments: [
      { filename: 'certificate.pdf', content: Buffer.from(pdf), contentType: 'application/pdf' },
      { filename: 'credential.json', content: JSON.stringify(credential), contentType: 'application/json' },
    ],
  })
}

parentPort!.on('message', async (people: Person[]) => {
  for (const person of people) await issue(person)
  parentPort!.postMessage('done')
})
parentPort!.postMessage('ready')
