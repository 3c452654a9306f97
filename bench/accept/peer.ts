import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { freePort } from '../../test/servers/free-port.ts'
import { startSupervised, untilReady } from '../../test/servers/supervised.ts'
import type { Server } from './server.ts'

/** Starts the peer, and signs an access token for it. */
export async function startPeer(): Promise<Server> {
  const port = await freePort()
  const issuer = `http://localhost:${port}`
  const { publicKey, privateKey } = await generateKeyPair('EdDSA')
  const token = await new SignJWT({ org: randomUUID(), client_id: randomUUID(), scope: 'credentials:read credentials:write' })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'peer' })
    .setIssuer(issuer).setAudience(issuer).setSubject('peer').setJti(randomUUID()).setIssuedAt().setExpirationTime('1 hour')
    .sign(privateKey)
  const directory = mkdtempSync(join(tmpdir(), 'vellum-peer-'))
  const server = startSupervised({
    directory,
    command: [process.execPath, resolve(import.meta.dirname, 'peer-process.ts')],
    env: {
      PORT: String(port),
      DATABASE_FILE: join(directory, 'peer.sqlite'),
      ISSUER: issuer,
      JWKS: JSON.stringify({ keys: [{ ...await exportJWK(publicKey), kid: 'peer', alg: 'EdDSA' }] }),
    },
    signal: 'KILL',
  })
  await untilReady(server, () => fetch(`${issuer}/readyz`))
  return { port, pid: await server.pid, authorization: async () => `Bearer ${token}`, stop: () => server.stop() }
}
