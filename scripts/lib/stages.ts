import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** How much of the tests runs: seconds, the usual, or with long fault runs too. */
export type Profile = 'fast' | 'usual' | 'full'

/** One stage of the tests. `report` names a JSON report of vitest that it writes. */
export type Stage = { name: string, command: string[], report?: string }

const bin = (name: string) => `node_modules/.bin/${name}`

/** Test files that start a database or a chain, themselves or by a file that they import (by a relative path). */
function testsWithServers(): string[] {
  const imports = new Map(globSync('{src,test,scripts}/**/*.ts').map(file => [
    file,
    [...readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, path = '']) => join(dirname(file), path)),
  ]))
  const starting = new Set(['postgres', 'redis', 'anvil'].map(name => `test/servers/${name}.ts`))
  for (let before = -1; before < starting.size;) {
    before = starting.size
    for (const [file, paths] of imports) if (paths.some(path => starting.has(path))) starting.add(file)
  }
  return [...starting].filter(file => file.endsWith('.test.ts'))
}

/** Random documents of a property, where all the time in the world is given. */
const FULL_PROPERTY_RUNS = 5_000

const vitest = (report: string, exclude: string[]): string[] => [
  bin('vitest'), 'run', '--reporter=dot', '--reporter=json', `--outputFile.json=${report}`,
  ...exclude.flatMap(file => ['--exclude', file]),
]

/** The stages of a profile, in the order in which they run. A stage whose folder is not there is not in the list. */
export function stages(profile: Profile): Stage[] {
  const fast = profile === 'fast'
  const report = '.cache/vitest.json'
  const list: (Stage & { needs?: string })[] = [
    { name: 'types', command: [bin('tsc'), '--noEmit'] },
    { name: 'lint', command: [bin('oxlint'), '--deny-warnings', '--format', 'unix', 'src', 'test', 'scripts', 'bench'] },
    { name: 'unused', command: [bin('knip'), '--no-progress'] },
    { name: 'boundaries', command: ['node', 'scripts/boundaries.ts'] },
    { name: 'licences', command: ['node', 'scripts/check-licences.ts'] },
    { name: 'advisories', command: ['node', 'scripts/check-advisories.ts'] },
    {
      name: 'unit',
      command: [
        ...(profile === 'full' ? ['env', `VELLUM_PROPERTY_RUNS=${FULL_PROPERTY_RUNS}`] : []),
        ...vitest(report, fast ? ['test/**', ...testsWithServers()] : []),
      ],
      report,
    },
  ]
  if (!fast) {
    list.push(
      {
        name: 'topologies',
        command: ['./scripts/topologies', '--json', ...(profile === 'full' ? ['--full'] : [])],
        needs: 'scripts/topologies',
      },
      {
        name: 'faults',
        command: ['node', 'test/faults/run.ts', ...(profile === 'full' ? [] : ['--quick'])],
        needs: 'test/faults/run.ts',
      },
      { name: 'browser', command: ['node', 'test/browser/run.ts'], needs: 'test/browser/run.ts' },
    )
  }
  return list.filter(stage => !stage.needs || existsSync(stage.needs))
}
