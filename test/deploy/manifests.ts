import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'

/** A container as the manifests describe it, whichever engine would start it. */
export interface Container {
  readonly name: string
  /** What it runs, arguments included; of Vellum's image, the image's own. */
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Names of secrets by the path at which it finds them. */
  readonly secrets: Readonly<Record<string, string>>
  /** Folders that it may write to. */
  readonly folders: readonly string[]
  /** Everything else that its manifest says. */
  readonly raw: any
}

const file = (path: string) => readFileSync(resolve(import.meta.dirname, '../../deploy', path), 'utf8')

/** The instructions of the image's last stage: each word with what follows it. */
export function imageInstructions(): [word: string, rest: string][] {
  const lines = file('Dockerfile').replaceAll('\\\n', ' ').split('\n').filter((line) => /^[A-Z]+ /.test(line))
  const all = lines.map((line): [string, string] => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)])
  return all.slice(all.findLastIndex(([word]) => word === 'FROM'))
}

const instruction = (wanted: string): string => imageInstructions().find(([word]) => word === wanted)?.[1] ?? ''

/** What the image gives to everything that it starts. */
export const image = {
  command: JSON.parse(instruction('ENTRYPOINT')) as string[],
  environment: Object.fromEntries(instruction('ENV').split(/\s+/).map((pair) => pair.split('=', 2))) as Record<string, string>,
  user: instruction('USER'),
}

/** `${NAME:-default}` becomes the default, `$$` a dollar. */
const interpolated = (text: string): string => text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1').replaceAll('$$', '$')

export const compose = () => parse(file('compose.yaml'), { merge: true }) as { services: Record<string, any>; secrets: Record<string, { file: string }>; volumes: object }

/** The containers of a profile of compose.yaml. */
export function composeContainers(profile: string): Container[] {
  return Object.entries(compose().services).filter(([, { profiles }]) => profiles.includes(profile)).map(([name, raw]) => {
    const own = raw.image === 'vellum'
    const environment = Object.entries({ ...(own && image.environment), ...raw.environment })
    return {
      name,
      command: (own ? image.command : raw.command as string[] ?? []).map(interpolated),
      environment: Object.fromEntries(environment.map(([key, value]) => [key, interpolated(String(value))])),
      secrets: Object.fromEntries((raw.secrets as string[] ?? []).map((secret) => [`/run/secrets/${secret}`, secret])),
      folders: [...(raw.volumes as string[] ?? []).map((volume) => volume.split(':')[1]!), ...(raw.tmpfs as string[] ?? [])],
      raw,
    }
  })
}

/** The objects of every file that the kustomization names. */
export function kubernetesObjects(): any[] {
  const { resources } = parse(file('kubernetes/kustomization.yaml')) as { resources: string[] }
  return resources.flatMap((name) => parseAllDocuments(file(`kubernetes/${name}`)).map((document) => document.toJS()))
}

/** The containers of all deployments of the kustomization. */
export function kubernetesContainers(): Container[] {
  const objects = kubernetesObjects()
  const settings = objects.find(({ kind }) => kind === 'ConfigMap').data as Record<string, string>
  return objects.filter(({ kind }) => kind === 'Deployment').map((deployment) => {
    const { containers: [raw], volumes } = deployment.spec.template.spec
    const mounted = (name: string): string => raw.volumeMounts.find((mount: any) => mount.name === name)?.mountPath
    const keys = volumes.find((volume: any) => volume.name === 'secrets').secret.items as { key: string; path: string }[]
    const own = (raw.env as { name: string; value: string }[]).map(({ name, value }) => [name, String(value)])
    return {
      name: deployment.metadata.name,
      command: image.command,
      environment: { ...image.environment, ...settings, ...Object.fromEntries(own) },
      secrets: Object.fromEntries(keys.map(({ key, path }) => [`${mounted('secrets')}/${path}`, key])),
      folders: volumes.filter(({ emptyDir }: any) => emptyDir).map(({ name }: any) => mounted(name)),
      raw: deployment,
    }
  })
}
