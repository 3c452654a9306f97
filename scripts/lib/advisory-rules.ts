/** One advisory on a package that ships. */
export type Advisory = { name: string, severity: string, title: string, url: string }

const serious = new Set(['high', 'critical'])

/**
 * What a report of `npm audit --json` says; undefined when it is none, because the registry did not answer. An advisory is told
 * once, under the package that it is about, and not again under those that depend on it.
 */
export function readAdvisories(report: string): { all: Advisory[], serious: Advisory[] } | undefined {
  let parsed: { vulnerabilities?: Record<string, { via: (string | Advisory)[] }> }
  try {
    parsed = JSON.parse(report) as typeof parsed
  } catch {
    return undefined
  }
  if (!parsed.vulnerabilities) return undefined
  const all = Object.entries(parsed.vulnerabilities).flatMap(([name, { via }]) =>
    via.filter((one) => typeof one !== 'string').map(({ severity, title, url }) => ({ name, severity, title, url })))
  return { all, serious: all.filter(({ severity }) => serious.has(severity)) }
}
