import { ConfigurationError, type Environment } from './config.ts'

/** Which modules run in this process, and where the others are. */
export interface Topology {
  readonly hosted: readonly string[]
  /** Base URLs of the internal listeners of modules elsewhere, one for each replica. */
  readonly remote: Readonly<Record<string, readonly string[]>>
  /** Whether this process is the front door: it has the public listener. */
  readonly front: boolean
}

/** What the checks need to know of a hosted module. */
export interface ModuleNeeds {
  readonly uses: readonly string[]
  readonly hears: readonly string[]
}

/** Words separated by commas. */
const namesIn = (text: string): string[] => text.split(',').map((name) => name.trim()).filter((name) => name !== '')

const list = (names: readonly string[]) => [...names].sort().join(', ')

/** Reads `MODULES` and the `<MODULE>_URL`s. Says in one sentence each what is wrong. */
export function readTopology(modules: string, known: readonly string[], environment: Environment): Topology {
  const messages: string[] = []
  const asked = namesIn(modules)
  const all = asked.includes('all')
  const hosted = all ? known : asked.filter((name) => name !== 'gateway')
  for (const name of hosted)
    if (!known.includes(name))
      messages.push(`MODULES: there is no module "${name}"; choose from all, gateway, ${list(known)}.`)
  if (asked.length === 0) messages.push('MODULES: names nothing; write "all" to run everything in one process.')
  const remote: Record<string, readonly string[]> = {}
  for (const name of known) {
    const variable = `${name.toUpperCase()}_URL`
    const value = environment[variable]
    if (!value || hosted.includes(name)) continue
    const addresses = namesIn(value).map((address) => address.replace(/\/$/, ''))
    const wrong = addresses.find((address) => !/^https?:\/\/[^/]+$/.test(address))
    if (wrong === undefined && addresses.length > 0) remote[name] = addresses
    else messages.push(`${variable}: "${wrong ?? value}" is no address of an internal listener; write it as http://host:port, several of them with commas.`)
  }
  if (messages.length > 0) throw new ConfigurationError(messages)
  return { hosted, remote, front: all || asked.includes('gateway') }
}

/** Refuses a topology that cannot work. */
export function checkTopology(
  topology: Topology,
  needs: Readonly<Record<string, ModuleNeeds>>,
  options: { redis: boolean },
): void {
  const messages: string[] = []
  const near = (name: string) => topology.hosted.includes(name)
  for (const [name, { uses, hears }] of Object.entries(needs)) {
    for (const used of uses)
      if (!near(used) && topology.remote[used] === undefined)
        messages.push(`${name} calls ${used}, which runs nowhere: add it to MODULES or set ${used.toUpperCase()}_URL.`)
    for (const publisher of hears) {
      if (!near(publisher) && topology.remote[publisher] === undefined)
        messages.push(`${name} hears events of ${publisher}, which runs nowhere: add it to MODULES or set ${publisher.toUpperCase()}_URL.`)
      if (!near(publisher) && !options.redis)
        messages.push(`${name} hears events of ${publisher}, which runs elsewhere: set REDIS_URL, or run both in one process.`)
    }
  }
  if (messages.length > 0) throw new ConfigurationError([...new Set(messages)])
}

/** Where processes show certificates to each other, none is called in clear. */
export function refuseClearText({ remote }: Topology): void {
  const clear = Object.entries(remote).filter(([, addresses]) => addresses.some((address) => !address.startsWith('https:')))
  if (clear.length === 0) return
  throw new ConfigurationError(
    clear.map(([name]) => `${name.toUpperCase()}_URL: with INTERNAL_TLS_CERT_FILE set, write it as https://host:port.`),
  )
}
