import type { ApiOperation } from './document.ts'
import { idsOf, nameOf, requestOf, withId } from './requests.ts'
import type { TwoOrganizations } from './two-organizations.ts'

/** To write a template is to make one's own. */
export const ofNamedThings = (operations: readonly ApiOperation[]): ApiOperation[] =>
  operations.filter(({ scope, path, method }) => scope !== undefined && path.includes('{') && method !== 'PUT')

/** The routes that answer a stranger otherwise for what is another's than for what nobody has, or with something else than 404. */
export async function differences(world: TwoOrganizations, operations: readonly ApiOperation[]): Promise<string[]> {
  const ask = async (operation: ApiOperation, id: string) => {
    const response = await world.stranger.fetch(withId(operation.path, id), requestOf(operation))
    return `${response.status} ${response.headers.get('content-type')} ${(await response.text().catch(() => 'cut')).replaceAll(id, '(id)')}`
  }
  const found: string[] = []
  for (const operation of ofNamedThings(operations)) {
    const { foreign, unknown } = idsOf(operation.path, world.belongings)
    const expected = await ask(operation, unknown)
    if (!expected.startsWith('404 ')) found.push(`${nameOf(operation)}: ${expected} for what nobody has`)
    for (const id of foreign) {
      const answer = await ask(operation, id)
      if (answer !== expected) found.push(`${nameOf(operation)}: ${answer} instead of ${expected}`)
    }
  }
  return found
}

/** The lists in which a stranger finds something of the owner's. */
export async function foundIn({ belongings, stranger }: TwoOrganizations, operations: readonly ApiOperation[]): Promise<string[]> {
  const ids = Object.values(belongings).filter((id) => id !== belongings.templateSlug)
  const found: string[] = []
  for (const { path, query, scope, method } of operations) {
    if (scope === undefined || method !== 'GET' || path.includes('{')) continue
    const filters = query.filter((one) => !['limit', 'state'].includes(one)).flatMap((one) => ids.map((id) => `?${one}=${id}`))
    for (const filter of ['', ...filters, ...(query.includes('q') ? ['?q=zephyrine', '?q=canary'] : [])]) {
      const text = await (await stranger.fetch(path + filter)).text().catch(() => undefined)
      // A stream that finds what it cannot open ends in the middle.
      if (text === undefined) found.push(`${path}${filter}: cut`)
      // A refusal may repeat what was asked for, but not find it.
      for (const id of [...ids, 'Zephyrine']) if (text?.includes(id)) found.push(`${path}${filter}: ${id}`)
    }
  }
  return found
}
