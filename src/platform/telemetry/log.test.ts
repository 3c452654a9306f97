import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { inContext } from '../context.ts'
import { OrganizationId } from '../organization-id.ts'
import { createLog } from './log.ts'

function capture() {
  const lines: string[] = []
  const to = new Writable({ write: (chunk, _, done) => (lines.push(String(chunk)), done()) })
  return { log: createLog({ to, level: 'debug', version: '1.2.3' }), lines, last: () => JSON.parse(lines.at(-1)!) }
}

describe('a log line', () => {
  it('is JSON with time, level, module, trace, organization and actor', () => {
    const { log, last } = capture()
    const context = {
      organizationId: OrganizationId.parse('org-1'),
      actor: 'client:1',
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    }
    inContext(context, () => log.child({ module: 'issuance' }).info({ credentialId: 'c-1', count: 3 }, 'issued'))
    expect(last()).toEqual({
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      level: 'info',
      version: '1.2.3',
      module: 'issuance',
      traceId: 'a'.repeat(32),
      organizationId: 'org-1',
      actor: 'client:1',
      credentialId: 'c-1',
      count: 3,
      msg: 'issued',
    })
  })

  it('never holds a name, an address or a secret, however deep', () => {
    const { log, lines } = capture()
    const canary = 'Zebulon'
    const fields = [
      'name', 'fullName', 'givenName', 'family_name', 'recipientName', 'email', 'emailAddress', 'recipient', 'phone',
      'authorization', 'cookie', 'clientSecret', 'client_secret', 'password', 'access_token', 'apiKey', 'privateKey',
      'masterKey',
    ]
    for (const field of fields) {
      log.info({ [field]: canary }, 'x')
      log.info({ rows: [{ deep: { [field]: canary } }] }, 'x')
      log.child({ [field]: canary }).info('x')
    }
    log.info({ note: `to ${canary}@example.org`, header: `Bearer ${canary}` }, 'x')
    expect(lines.join('')).not.toContain(canary)
    expect(lines).toHaveLength(fields.length * 3 + 1)
  })

  it('does not repeat what a parser quotes', () => {
    const { log, last } = capture()
    for (const write of [(err: unknown) => log.error({ err }, 'x'), (err: unknown) => log.error(err), (err: unknown) => log.error({ err })]) {
      try {
        JSON.parse('Ada Lovelace')
      } catch (error) {
        write(error)
      }
      expect(JSON.stringify(last())).toContain('SyntaxError')
      expect(JSON.stringify(last())).not.toContain('Ada')
    }
  })

  it('keeps the names of things', () => {
    const { log, last } = capture()
    log.info({ fileName: 'a.pdf', tableName: 't', operation: 'issue', tokenId: 'j-1' }, 'x')
    expect(last()).toMatchObject({ fileName: 'a.pdf', tableName: 't', operation: 'issue', tokenId: 'j-1' })
  })

  it("keeps an error's kind, place and causes, without a driver's parameters", () => {
    const { log, last, lines } = capture()
    const cause = Object.assign(new Error('Key (email)=(zeb@example.org) exists'), { code: '23505', detail: 'Zebulon' })
    const error = new Error('Failed query: insert into x\nparams: Zebulon,zeb@example.org', { cause })
    log.error(error, 'failed')
    log.error(error)
    log.error({ err: error })
    log.error(`could not mail zeb@example.org`)
    log.error({ err: error }, 'failed')
    expect(last().err).toMatchObject({
      type: 'Error',
      message: 'Failed query: insert into x',
      stack: expect.stringContaining('log.test.ts'),
      cause: { code: '23505', message: 'Key (email)=([address]) exists' },
    })
    expect(lines.join('')).not.toMatch(/zeb/i)
  })
})
