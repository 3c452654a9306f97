import { createRoute, z } from '@hono/zod-openapi'
import { and, asc, gte, lt } from 'drizzle-orm'
import { forEveryone } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import type { VerificationContext } from '../verification-context.ts'
import type { LogKey } from './log-key.ts'
import { newestCheckpoint, nodeReader } from './log-store.ts'
import { hashText } from './merkle-hash.ts'
import { consistencyProof, inclusionProof } from './merkle-tree.ts'
import { verifierText } from './signed-note.ts'
import { entryBundle, hasTile, parseTilePath, TILE_WIDTH, type Tile, tileBytes } from './tile.ts'

const tags = ['Log']
/** What never changes under its address. */
const forEver = { 'cache-control': 'public, max-age=31536000, immutable' }
const brief = { 'cache-control': 'public, max-age=2' }
const text = (description: string) => ({ description, content: { 'text/plain': { schema: z.string() } } })
const proof = (description: string) => ({
  description,
  content: { 'application/json': { schema: z.object({ proof: z.array(z.string()) }).loose() } },
})
const number = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

/** The transparency log: checkpoint, tiles (C2SP tlog-tiles), proofs (RFC 9162) and key. Only signed trees are shown. */
export function logRoutes(app: PublicApp, { database }: VerificationContext, key: LogKey): void {
  const { read, tables } = database
  const readNodes = nodeReader(read, tables)

  app.openapi(
    createRoute({
      method: 'get',
      path: '/log/checkpoint',
      tags,
      ...forEveryone,
      summary: 'The newest checkpoint, a C2SP signed note',
      responses: { 200: text('Origin, size, root, signature') },
    }),
    async () => {
      const newest = await newestCheckpoint(database)
      if (!newest) throw new Problem('not-found', 'The log is empty: nothing has been issued yet.')
      return new Response(newest.note, { headers: { 'content-type': 'text/plain; charset=utf-8', ...brief } }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/log/key',
      tags,
      ...forEveryone,
      summary: 'The key of the log, as verifiers read it',
      responses: { 200: text('name+key id+public key') },
    }),
    async () =>
      new Response(`${verifierText(await key.verifier())}\n`, {
        headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'public, max-age=300' },
      }) as never,
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/log/proof/inclusion',
      tags,
      ...forEveryone,
      summary: 'That a leaf stands in the tree of a size',
      request: { query: z.object({ index: number, size: number.optional() }) },
      responses: { 200: proof('Hashes in base64, lowest first: RFC 9162, section 2.1.3') },
    }),
    async (c) => {
      const { index, size: asked } = c.req.valid('query')
      const size = await signedSize(asked)
      if (index >= size) throw new Problem('bad-request', `Ask for an index below the size, which is ${size}.`)
      const hashes = await inclusionProof(index, size, readNodes)
      return c.json({ index, size, proof: hashes.map(hashText) }, 200, asked === undefined ? brief : forEver) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/log/proof/consistency',
      tags,
      ...forEveryone,
      summary: 'That the tree of one size is the beginning of another',
      request: { query: z.object({ from: number, to: number.optional() }) },
      responses: { 200: proof('Hashes in base64: RFC 9162, section 2.1.4') },
    }),
    async (c) => {
      const { from, to: asked } = c.req.valid('query')
      const to = await signedSize(asked)
      if (from > to) throw new Problem('bad-request', `Ask for a size from 0 to ${to}.`)
      const hashes = await consistencyProof(from, to, readNodes)
      return c.json({ from, to, proof: hashes.map(hashText) }, 200, asked === undefined ? brief : forEver) as never
    },
  )

  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/log/tile/{tile}',
    tags,
    ...forEveryone,
    summary: 'A tile of hashes, or of entries (C2SP tlog-tiles)',
    request: { params: z.object({ tile: z.string().openapi({ example: '0/000.p/12' }) }) },
    responses: { 200: { description: 'Hashes, 32 bytes each', content: { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } } } },
  })
  app.get('/log/tile/*', async (c) => {
    const tile = parseTilePath(new URL(c.req.url).pathname.slice('/log/'.length))
    const size = (await newestCheckpoint(database))?.size ?? 0
    if (!tile || !hasTile(size, tile)) {
      throw new Problem('not-found', 'The log has no such tile; /log/checkpoint tells its size.')
    }
    const bytes = tile.level === 'entries' ? await entries(tile) : await tileBytes(tile, readNodes)
    return c.body(bytes as Uint8Array<ArrayBuffer>, 200, { 'content-type': 'application/octet-stream', ...forEver })
  })

  async function entries({ index, width }: Tile): Promise<Uint8Array> {
    const first = index * TILE_WIDTH
    const { leaves } = tables
    const rows = await read
      .select({ leaf: leaves.leaf })
      .from(leaves)
      .where(and(gte(leaves.leafIndex, first), lt(leaves.leafIndex, first + width)))
      .orderBy(asc(leaves.leafIndex))
    if (rows.length !== width) throw new Error(`The log lacks entries of bundle ${index}`)
    return entryBundle(rows.map(({ leaf }) => leaf))
  }

  /** The size asked for, if a signed tree is that long; else that of the newest checkpoint. */
  async function signedSize(asked: number | undefined): Promise<number> {
    const newest = (await newestCheckpoint(database))?.size ?? 0
    if (asked !== undefined && asked > newest) throw new Problem('bad-request', `The newest checkpoint has size ${newest}; ask for at most that.`)
    return asked ?? newest
  }
}
