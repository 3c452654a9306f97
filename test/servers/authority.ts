import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** PEM, and the same in files. */
export type Issued = { cert: string, key: string, certFile: string, keyFile: string }

/** An authority of the test's own, which issues certificates for this machine. */
export type Authority = { ca: string, caFile: string, issue(name?: string): Issued, remove(): void }

/** Makes an authority in a temporary folder that `remove` takes away. */
export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'vellum-authority-'))
  const file = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => void execFileSync('openssl', args, { stdio: 'ignore' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl('req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=Test authority', '-keyout', file('ca.key'), '-out', file('ca.pem'))
  writeFileSync(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  return {
    ca: readFileSync(file('ca.pem'), 'utf8'),
    caFile: file('ca.pem'),
    issue(name = 'process') {
      const [certFile, keyFile] = [file(`${name}.pem`), file(`${name}.key`)]
      openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', keyFile, '-out', file('csr'))
      openssl('x509', '-req', '-in', file('csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-days', '2', '-extfile', file('names'), '-out', certFile)
      return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certFile, keyFile }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
