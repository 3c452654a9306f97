import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest()
const text64 = (data: string | Uint8Array) => Buffer.from(data).toString('base64url')

/** What an answer may say otherwise than it should. */
export interface Answering {
  readonly origin?: string
  readonly rpId?: string
  readonly challenge?: string
  /** Signatures so far; 0: it does not count. */
  readonly counter?: number
  /** Without a look at a finger, a face or a PIN. */
  readonly unverified?: boolean
  readonly userHandle?: string
}

/** An authenticator with one passkey (ES256, no attestation), as Web Authentication, sections 6.1 and 6.5.4 have it. */
export function authenticator(publicUrl: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' }) as { x: string; y: string }
  const id = randomBytes(32)
  let userHandle = ''

  const clientData = (type: string, options: { challenge: string }, { origin = new URL(publicUrl).origin, challenge = options.challenge }: Answering) =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
  const authenticatorData = (attested: Uint8Array, { rpId = new URL(publicUrl).hostname, counter = 0, unverified = false }: Answering) => {
    const flags = 1 | (unverified ? 0 : 4) | (attested.length > 0 ? 64 : 0)
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    return Buffer.concat([sha256(rpId), Buffer.of(flags), count, attested])
  }
  const own = { id: text64(id) }

  return {
    ...own,

    create(options: any, answering: Answering = {}) {
      userHandle = options.user.id
      const key = Buffer.concat([Buffer.from('a5010203262001215820', 'hex'), Buffer.from(x, 'base64url'), Buffer.from('225820', 'hex'), Buffer.from(y, 'base64url')])
      const data = authenticatorData(Buffer.concat([Buffer.alloc(16), Buffer.of(0, id.length), id, key]), answering)
      const attestationObject = Buffer.concat([
        Buffer.of(0xa3), Buffer.of(0x63), Buffer.from('fmt'), Buffer.of(0x64), Buffer.from('none'), Buffer.of(0x67), Buffer.from('attStmt'), Buffer.of(0xa0),
        Buffer.of(0x68), Buffer.from('authData'), Buffer.of(0x59, data.length >> 8, data.length & 255), data,
      ])
      return { ...own, clientDataJSON: text64(clientData('webauthn.create', options, answering)), attestationObject: text64(attestationObject), transports: ['internal'] }
    },

    get(options: any, answering: Answering = {}) {
      const client = clientData('webauthn.get', options, answering)
      const data = authenticatorData(Buffer.alloc(0), answering)
      const signature = sign('sha256', Buffer.concat([data, sha256(client)]), privateKey)
      return {
        ...own,
        clientDataJSON: text64(client), authenticatorData: text64(data), signature: text64(signature), userHandle: answering.userHandle ?? userHandle,
      }
    },
  }
}
