import { describe, expect, it } from 'vitest'
import { transition, type CredentialCommand, type CredentialState } from './state.ts'

const states: CredentialState[] = ['accepted', 'issued', 'suspended', 'superseded', 'expired', 'revoked', 'cancelled']
const commands: CredentialCommand[] = ['issue', 'suspend', 'reinstate', 'supersede', 'expire', 'revoke', 'cancel']

function live(...given: CredentialCommand[]) {
  let state: CredentialState = 'accepted'
  const told: string[] = []
  for (const command of given) {
    const result = transition(state, command)
    if (!result.ok) return { refused: result.code, at: command, state }
    state = result.state
    told.push(...result.events)
  }
  return { state, told }
}

describe('the life of a credential', () => {
  it('goes from accepted to issued, and tells of it once', () => {
    expect(live('issue')).toEqual({ state: 'issued', told: ['credential.issued'] })
  })

  it('can be suspended and reinstated as often as needed', () => {
    expect(live('issue', 'suspend', 'reinstate', 'suspend')).toEqual({
      state: 'suspended',
      told: ['credential.issued', 'credential.suspended', 'credential.reinstated', 'credential.suspended'],
    })
  })

  it('can be revoked from everywhere but where it was taken back, and nothing leads back', () => {
    for (const state of states.filter((one) => one !== 'cancelled')) expect(transition(state, 'revoke')).toMatchObject({ ok: true, state: 'revoked' })
    for (const command of commands.filter((one) => one !== 'revoke')) {
      expect(transition('revoked', command), command).toEqual({ ok: false, code: 'credential_revoked' })
    }
  })

  it('revoked before it is issued, is never issued', () => {
    expect(live('revoke', 'issue')).toMatchObject({ refused: 'credential_revoked', at: 'issue' })
  })

  it('can be taken back until it is issued, without a word to anybody, and nothing leads back', () => {
    expect(live('cancel')).toEqual({ state: 'cancelled', told: [] })
    expect(live('issue', 'cancel')).toMatchObject({ refused: 'credential_issued' })
    for (const command of commands.filter((one) => one !== 'cancel')) {
      expect(transition('cancelled', command), command).toEqual({ ok: false, code: 'credential_cancelled' })
    }
  })

  it('cannot suspend what is superseded or expired, nor revive it', () => {
    for (const end of ['supersede', 'expire'] as const) {
      for (const command of ['suspend', 'reinstate'] as const) {
        expect(live('issue', end, command), `${end} ${command}`).toMatchObject({ at: command })
      }
    }
  })

  it('takes every command twice: the second changes nothing and tells nothing', () => {
    for (const state of states) {
      for (const command of commands) {
        const first = transition(state, command)
        if (first.ok) expect(transition(first.state, command), `${state} ${command}`).toEqual({ ...first, events: [] })
      }
    }
  })

  it('never tells of a change that is none', () => {
    for (const state of states) {
      for (const command of commands) {
        const result = transition(state, command)
        if (result.ok && result.state === state) expect(result.events, `${state} ${command}`).toEqual([])
      }
    }
  })
})
