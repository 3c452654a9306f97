import { createServer } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../config.ts'
import { Problem } from '../problem.ts'
import { linesFor } from './error-lines.ts'

describe('what an operator is told of an error', () => {
  it('is every fault of a configuration', () => {
    expect(linesFor(new ConfigurationError(['PORT: is no port.', 'HOST: is no host.']))).toHaveLength(2)
  })

  it('is the sentence of a problem, and the fields that it names', () => {
    const errors = [{ path: 'slug', message: 'Use small letters.' }]
    expect(linesFor(new Problem('validation-failed', 'Correct the fields.', { extensions: { errors } })))
      .toEqual(['Correct the fields.', '  slug: Use small letters.'])
    expect(linesFor(new Problem('not-found', 'There is no such organization.'))).toEqual(['There is no such organization.'])
  })

  it('is which port is taken', async () => {
    const first = createServer().listen(0, '127.0.0.1')
    await once(first, 'listening')
    const { port } = first.address() as { port: number }
    const second = createServer().listen(port, '127.0.0.1')
    const [error] = await once(second, 'error')
    first.close()
    expect(linesFor(error)).toEqual([expect.stringContaining(`Port ${port} is taken`)])
  })

  it('is a sentence that the start says, without a stack', () => {
    expect(linesFor(new Error('Another process uses the data directory.'))).toEqual(['Another process uses the data directory.'])
  })

  it('is nothing of a fault in the program: its stack is wanted', () => {
    expect(linesFor(new TypeError('undefined is not a function'))).toBeUndefined()
    expect(linesFor('text')).toBeUndefined()
  })
})
