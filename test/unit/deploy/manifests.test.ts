import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { platformSettings } from '#platform/config.ts'
import { compose, composeContainers, type Container, image, imageInstructions, kubernetesContainers, kubernetesObjects } from '../../deploy/manifests.ts'
import { modules } from '../../../src/modules.ts'

const root = resolve(import.meta.dirname, '../../..')
const ours = (containers: readonly Container[]) => containers.filter(({ environment }) => environment.MODULES !== undefined)
const everywhere = { one: ours(composeContainers('one')), split: ours(composeContainers('split')), kubernetes: kubernetesContainers() }
/** What opens something; only a file may hold it. */
const secret = /^(MASTER_KEY|SERVICE_SECRET|DATABASE_URL|REDIS_URL|S3_URL|SMTP_URL|ANCHOR_PRIVATE_KEY)$/
const unit = readFileSync(join(root, 'deploy/systemd/vellum.service'), 'utf8')
const unitEnvironment = Object.fromEntries([...unit.matchAll(/^Environment=(.*)$/gm)].flatMap(([, pairs = '']) => pairs.split(' ').map((pair) => pair.split('=', 2))))

/** What scripts/start tells glibc. */
const start = readFileSync(join(root, 'scripts/start'), 'utf8')
const memory = Object.fromEntries([...start.matchAll(/\b(MALLOC_\w+)=(\w+)/g)].map(([, name = '', value]) => [name, value]))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vellum-manifests-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function knownSettings(): Promise<Set<string>> {
  const loaded = await Promise.all(Object.values(modules).map(({ load }) => load()))
  const schemas = [platformSettings, ...loaded.map(({ config }) => config as unknown as z.ZodObject)]
  const names = schemas.flatMap(({ shape }) => Object.keys(shape))
  const secrets = ['MASTER_KEY', 'SERVICE_SECRET', ...names].filter((name) => secret.test(name)).map((name) => `${name}_FILE`)
  const addresses = Object.keys(modules).map((name) => `${name.toUpperCase()}_URL`)
  // Read by Node's packages, and by glibc.
  return new Set([...names, ...secrets, ...addresses, 'NODE_ENV', ...Object.keys(memory)])
}

describe('settings in the manifests', () => {
  it('exist', async () => {
    const known = await knownSettings()
    const used = [...Object.keys(unitEnvironment), ...Object.values(everywhere).flat().flatMap(({ environment }) => Object.keys(environment))]
    expect([...new Set(used)].filter((name) => !known.has(name))).toEqual([])
    expect(new Set(used).size).toBeGreaterThan(15)
  })

  it('hold no secret but the name of its file, which is mounted', () => {
    for (const { name, environment, secrets } of Object.values(everywhere).flat()) {
      expect([name, Object.keys(environment).filter((setting) => secret.test(setting))]).toEqual([name, []])
      const files = Object.entries(environment).filter(([setting]) => secret.test(setting.replace(/_FILE$/, ''))).map(([, file]) => file)
      expect([name, files.toSorted()]).toEqual([name, Object.keys(secrets).toSorted()])
    }
  })

  it('give the key that wraps all others to identity alone', () => {
    for (const where of ['split', 'kubernetes'] as const)
      expect(everywhere[where].filter(({ environment }) => environment.MASTER_KEY_FILE).map(({ name }) => name)).toEqual(['identity'])
  })

  it.each(['split', 'kubernetes'] as const)('run every module and the gateway, each once, and tell all where all are: %s', (where) => {
    const containers = everywhere[where]
    expect(containers.map(({ environment }) => environment.MODULES).toSorted()).toEqual([...Object.keys(modules), 'gateway'].toSorted())
    for (const { environment } of containers)
      for (const module of Object.keys(modules)) expect(environment[`${module.toUpperCase()}_URL`]).toBe(`http://${module}:3001`)
  })
})

describe('deploy/make-secrets', () => {
  it('makes every secret of the manifests but those that only you know, and none anew', () => {
    const make = () => expect(spawnSync(join(root, 'deploy/make-secrets'), [folder], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
    const content = () => Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
    make()
    const made = content()
    make()
    expect(content()).toEqual(made)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(Buffer.from(made.master_key!, 'base64').length).toBe(32)
    const { services, secrets } = compose()
    const used = new Set(Object.values(services).flatMap((service) => service.secrets as string[]))
    expect(Object.keys(secrets).toSorted()).toEqual([...used].toSorted())
    expect(Object.keys(made).toSorted()).toEqual(Object.keys(secrets).toSorted())
    const asked = new Set(everywhere.kubernetes.flatMap((container) => Object.values(container.secrets)))
    expect([...asked].filter((name) => !(name in made)).toSorted()).toEqual(['s3_url', 'smtp_url'])
  })
})

describe('the image', () => {
  it('runs as an ordinary user what scripts/start runs; the systemd unit has the same memory', () => {
    expect(image.user).toBe('1000:1000')
    expect(start).toContain(`exec ${image.command.join(' ').replace('/app', '"$root')}"`)
    expect(Object.keys(memory).length).toBeGreaterThan(0)
    expect(image.environment).toMatchObject(memory)
    expect(unitEnvironment).toMatchObject(memory)
  })

  it('copies only what is there and what .dockerignore lets through', () => {
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
    const copied = imageInstructions().filter(([word, rest]) => word === 'COPY' && !rest.startsWith('--from')).flatMap(([, rest]) => rest.split(' ').slice(0, -1))
    expect(copied).toContain('src')
    for (const file of copied) expect([file, existsSync(join(root, file)), ignored.includes(`!${file}`)]).toEqual([file, true, true])
  })
})

describe('compose.yaml', () => {
  it('keeps containers from what they do not need', () => {
    for (const { name, raw, folders } of [...everywhere.one, ...everywhere.split]) {
      expect([name, raw.user, raw.read_only, raw.cap_drop, raw.security_opt]).toEqual([name, '1000:1000', true, ['ALL'], ['no-new-privileges:true']])
      expect(folders).toContain('/data')
      expect(raw.healthcheck.test.join(' ')).toContain('/readyz')
    }
    const published = Object.entries(compose().services).filter(([, { ports }]) => ports).map(([name]) => name)
    expect(published).toEqual(['vellum', 'gateway'])
  })

  it('declares its volumes, and has a Redis that keeps everything', () => {
    const { services, volumes } = compose()
    const named = Object.values(services).flatMap((service) => service.volumes as string[]).map((volume) => volume.split(':')[0]!).filter((name) => !name.startsWith('.'))
    expect([...new Set(named)].toSorted()).toEqual(Object.keys(volumes).toSorted())
    expect(services.redis.command.join(' ')).toMatch(/--appendonly yes .*--maxmemory-policy noeviction/)
  })
})

describe('kubernetes', () => {
  const objects = kubernetesObjects()
  const of = (kind: string) => objects.filter((object) => object.kind === kind)

  it.each(everywhere.kubernetes.map(({ name, raw }) => [name, raw.spec] as const))('%s is probed, kept small, and never all away', (name, spec) => {
    const { template } = spec
    const [container] = template.spec.containers
    expect([container.livenessProbe.httpGet.path, container.readinessProbe.httpGet.path]).toEqual(['/livez', '/readyz'])
    expect(container.ports.map((port: { name: string }) => port.name)).toContain(container.readinessProbe.httpGet.port)
    expect(template.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 })
    expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } })
    const labels = template.metadata.labels
    for (const selector of [spec.selector.matchLabels, ...['Service', 'PodDisruptionBudget'].map((kind) => {
      const { selector } = of(kind).find(({ metadata }) => metadata.name === name).spec
      return selector.matchLabels ?? selector
    })]) expect(selector).toEqual(labels)
    const scaler = of('HorizontalPodAutoscaler').find(({ metadata }) => metadata.name === name)
    expect([scaler.spec.scaleTargetRef.name, scaler.spec.minReplicas]).toEqual([name, 2])
  })

  it('names every file that is there, and opens the internal ports to its own', () => {
    const files = readdirSync(join(root, 'deploy/kubernetes')).filter((file) => file !== 'kustomization.yaml')
    expect(new Set(objects.map(({ kind }) => kind))).toContain('NetworkPolicy')
    expect(objects.length).toBe(1 + 2 + 4 * everywhere.kubernetes.length)
    expect(files.length).toBe(2 + everywhere.kubernetes.length)
  })
})

describe('the systemd unit', () => {
  it('does not start again what a setting stops, and is understood by systemd where there is one', () => {
    expect(unit).toMatch(/^RestartPreventExitStatus=78$/m)
    expect(unit).toMatch(/^Type=exec$/m)
    const file = join(folder, 'vellum.service')
    // The file that it starts is not here.
    writeFileSync(file, unit.replaceAll('/usr/local/bin/vellum', process.execPath))
    const checked = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
    if (checked.error === undefined) expect([checked.status, checked.stderr]).toEqual([0, ''])
  })
})
