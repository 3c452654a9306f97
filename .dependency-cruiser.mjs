// What may import what. Rules are patterns over folders, so that a new module is held to them from its first file on.
// Run by `npm run boundaries`, together with scripts/lib/source-rules.ts, which sees what imports do not show.
// Each comment says what to do instead. test/boundaries plants one violation of each.

const test = '\\.test\\.tsx?$'
const npm = (...names) => `(^|/)node_modules/(@types/)?(${names.join('|')})/`
const node = (...names) => `^(node:)?(${names.join('|')})$`

/** Rules of the field and formats: told by the file's name, or by the folder. */
const pureName = '(-rules|/rules|-rule|-state|/state)\\.ts$'
const pureFiles = [
  `^src/modules/.*${pureName}`,
  '^src/platform/credentials/',
  '^src/modules/[^/]+/log/(merkle|tile|leaf|checkpoint|signed-note|canonical)[^/]*\\.ts$',
]
const pureInPlatform = `^src/platform/([^/]+)/.*${pureName}`

/** The words of an error are data: whoever judges an error may import its class. */
const errorWords = '^src/platform/.*-error\\.ts$'

/** What touches the world: pure files may not reach it. */
const effects = [
  npm('hono', '@hono/[^/]+', 'drizzle-orm', 'better-sqlite3', 'pg', 'ioredis', 'bullmq', 'nodemailer'),
  '^src/platform/(http|database|work|events|call|outbound)/',
  node('https?', 'http2', 'net', 'tls', 'child_process'),
]

const rules = [
  {
    name: 'module-surface',
    comment: 'A module knows another only by its index.ts. Ask for an operation in its contract.ts, or subscribe to an event.',
    from: { path: '^src/modules/([^/]+)/' },
    to: { path: '^src/modules/[^/]+/', pathNot: ['^src/modules/$1/', '^src/modules/[^/]+/index\\.ts$'] },
  },
  {
    name: 'surface-is-contract',
    comment: 'index.ts re-exports contract.ts and events.ts, and nothing else. Put what others need into one of the two.',
    from: { path: '^src/modules/([^/]+)/index\\.ts$' },
    to: { pathNot: ['^src/modules/$1/(contract|events)\\.ts$'] },
  },
  {
    name: 'contract-is-data',
    comment: 'contract.ts and events.ts are data: zod, #platform/contract.ts, #platform/event.ts, #platform/typed-text.ts and the index.ts of other modules. Move code that runs into the module.',
    from: { path: '^src/modules/([^/]+)/(contract|events)\\.ts$' },
    to: {
      pathNot: [
        npm('zod'),
        '^src/platform/(contract|event|(authority|recipient)-operations|typed-text)\\.ts$',
        '^src/modules/$1/(contract|events)\\.ts$',
        '^src/modules/(?!$1/)[^/]+/index\\.ts$',
      ],
    },
  },
  {
    name: 'only-registry-loads-modules',
    comment: 'A module.ts is loaded by src/modules.ts alone. Name what you use in `uses`, and the platform hands you a client.',
    from: { path: '^src/', pathNot: ['^src/modules\\.ts$', test] },
    to: { path: '^src/modules/[^/]+/module\\.ts$' },
  },
  {
    name: 'only-entries-know-the-registry',
    comment: 'src/modules.ts is read by the programs that start (src/main.ts, src/cli.ts, src/executable.ts) and handed on as an argument.',
    from: { path: '^src/', pathNot: ['^src/(main|cli|executable)\\.ts$', test] },
    to: { path: '^src/modules\\.ts$' },
  },
  {
    name: 'platform-knows-no-module',
    comment: 'The platform works for any module. Take what differs as an argument of defineModule, or move the code into the module.',
    from: { path: '^src/platform/' },
    to: { path: '^src/modules/' },
  },
  {
    name: 'rules-are-pure',
    comment: 'Rules are functions from data to data, also through what they import. Fetch before, store after, in the use case that calls them.',
    from: { path: pureFiles, pathNot: [test, '-store\\.ts$'] },
    to: { path: effects, pathNot: errorWords, reachable: true },
  },
  {
    name: 'rules-are-pure',
    comment: 'Rules of the platform are functions from data to data; beside their own folder they reach nothing that touches the world.',
    from: { path: pureInPlatform, pathNot: test },
    to: { path: effects, pathNot: ['^src/platform/$1/', errorWords], reachable: true },
  },
  {
    name: 'own-tables-only',
    comment: 'A table belongs to one module. Ask its owner by contract, or keep a projection of its events in a table of your own.',
    from: { path: '^src/modules/([^/]+)/' },
    to: { path: '^src/modules/[^/]+/.*tables\\.ts$', pathNot: '^src/modules/$1/' },
  },
  {
    name: 'own-tables-only',
    comment: 'A table belongs to one module. Ask its owner by contract.',
    from: { path: '^src/', pathNot: '^src/modules/' },
    to: { path: '^src/modules/[^/]+/.*tables\\.ts$' },
  },
  {
    name: 'drivers-stay-in-database',
    comment: 'Database drivers and dialects are used in src/platform/database alone (and the durable work queue). Write tables with the column kit; read with db.read and write with db.transaction.',
    from: { path: '^src/', pathNot: ['^src/platform/(database|work)/', test] },
    to: {
      path: [
        npm('better-sqlite3', 'pg', 'drizzle-orm/(pg-core|sqlite-core|mysql-core|node-postgres|better-sqlite3|sqlite-proxy)'),
        node('sqlite'),
      ],
    },
  },
  {
    name: 'console-uses-the-api',
    comment: 'The web app speaks to the public API only, as any other client does.',
    from: { path: '^src/console/' },
    to: { path: '^src/(?!console/)' },
  },
  {
    name: 'product-needs-no-test',
    comment: 'What ships may not import what tests it. Move the shared part into src.',
    from: { path: '^src/', pathNot: test },
    to: { path: ['^test/', test] },
  },
  {
    name: 'no-cycle',
    comment: 'Two files that need each other to run are one thing, or lack a third: move what both use into a file of its own. (Types may refer to each other.)',
    from: { path: '^src/' },
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'resolvable',
    comment: 'This import leads nowhere. Correct its path, or add its package to package.json.',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'no-dev-dependencies',
    comment: 'What ships may import only "dependencies". Move the package there, or the code into a test.',
    from: { path: '^src/', pathNot: test },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: '(^|/)node_modules/@types/' },
  },
  {
    name: 'no-deprecated-builtin',
    comment: 'Node has deprecated this module. Use its successor.',
    from: {},
    to: { dependencyTypes: ['core'], path: node('punycode', 'domain', 'sys', 'constants', '_.*') },
  },
]

export default {
  forbidden: rules.map(rule => ({ ...rule, severity: 'error' })),
  options: {
    doNotFollow: { path: ['(^|/)node_modules/', '^test/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: true,
    skipAnalysisNotInRules: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      importsFields: ['imports'],
      conditionNames: ['import', 'node', 'default', 'types', 'require'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.tsx', '.d.ts', '.mjs', '.js', '.json', '.node'],
    },
  },
}
