import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { startSupervised, untilReady } from './supervised.ts'

/** A store of the test's own that speaks Amazon's S3 protocol and checks signatures. */
export type S3 = {
  /** As `S3_URL` wants it, with the one bucket that there is. */
  url: string
  /** Holds every object as a file. */
  directory: string
  stop(): Promise<void>
}

/** Starts an empty store on a free port of 127.0.0.1, in a temporary folder that goes when it stops. */
export async function startS3(): Promise<S3> {
  const directory = mkdtempSync(join(tmpdir(), 'vellum-s3-'))
  const port = await freePort()
  const server = startSupervised({
    directory,
    // It makes the tokens of its pages with DES.
    command: [process.execPath, '--openssl-legacy-provider', join(import.meta.dirname, 's3-process.ts'), String(port), directory],
    signal: 'KILL',
  })
  await untilReady(server, () => fetch(`http://127.0.0.1:${port}/`))
  return { url: `http://S3RVER:S3RVER@127.0.0.1:${port}/vellum`, directory, stop: server.stop }
}
