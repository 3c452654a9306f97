// Lists the licences of every package that ships, and exits with 1 when one of them is not permissive or not named.
import { existsSync, readFileSync } from 'node:fs'
import { mayShip } from './lib/licence-rules.ts'

type Manifest = { name?: string, version?: string, license?: string | { type?: string }, licenses?: { type?: string }[] }
type Locked = { dev?: boolean, devOptional?: boolean, optional?: boolean, peer?: boolean, license?: string }

const licenceOf = ({ license, licenses }: Manifest): string =>
  typeof license === 'string' ? license : license?.type ?? licenses?.map(({ type }) => type ?? '').join(' OR ') ?? ''

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> }
const byLicence = new Map<string, string[]>()
for (const [path, locked] of Object.entries(packages)) {
  // What is only there because something would work with it (`peer`) is in no image; see deploy/Dockerfile.
  if (path === '' || locked.dev || locked.devOptional || locked.peer) continue
  const file = `${path}/package.json`
  // An optional package of another platform is not here; the lock says what it is under.
  const manifest = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as Manifest : { license: locked.license ?? '' }
  const licence = licenceOf(manifest)
  byLicence.set(licence, [...byLicence.get(licence) ?? [], path.replace(/^.*node_modules\//, '')])
}

const refused = [...byLicence].filter(([licence]) => !mayShip(licence))
for (const [licence, names] of [...byLicence].sort((a, b) => b[1].length - a[1].length)) {
  process.stdout.write(`${String(names.length).padStart(4)}  ${licence || '(none named)'}\n`)
}
for (const [licence, names] of refused) {
  process.stdout.write(`May not ship under "${licence}": ${names.join(', ')}. Use another package.\n`)
}
process.exitCode = refused.length > 0 || byLicence.size === 0 ? 1 : 0
