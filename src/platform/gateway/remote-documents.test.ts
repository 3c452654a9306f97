import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { createServiceTokens } from '../call/service-token.ts'
import type { Transport } from '../call/transport.ts'
import { Problem } from '../problem.ts'
import { createRemoteDocuments } from './remote-documents.ts'

const away = new Problem('unavailable', 'Away.')

function documentsOf(modules: Record<string, () => Response>, freshMs?: number) {
  const asked: string[] = []
  const transportTo = (module: string): Transport => async () => {
    asked.push(module)
    return modules[module]!()
  }
  const log = pino({ level: 'silent' })
  const documents = createRemoteDocuments({ modules: Object.keys(modules), transportTo, tokens: createServiceTokens(new Uint8Array(32)), log, ...(freshMs !== undefined && { freshMs }) })
  return { asked, documents }
}

describe('what modules elsewhere say of their part of the API', () => {
  it('stays while one is away, is theirs again when they are back, and misses only who was never met', async () => {
    const answers = { library: () => Response.json({ paths: { '/v1': {} } }), gone: () => { throw away } }
    const { documents } = documentsOf(answers, 0)
    expect(await documents()).toEqual({ library: { paths: { '/v1': {} } } })
    answers.library = () => { throw away }
    expect(await documents()).toEqual({ library: { paths: { '/v1': {} } } })
    answers.library = () => Response.json({ paths: { '/v2': {} } })
    expect(await documents()).toEqual({ library: { paths: { '/v2': {} } } })
  })

  it('is not asked for again for every reader', async () => {
    const { asked, documents } = documentsOf({ library: () => Response.json({}) })
    for (let time = 0; time < 3; time++) await documents()
    expect(asked).toEqual(['library'])
  })
})
