import { describe, expect, it } from 'vitest'
import { CheckpointRejected, logOrigin, openCheckpoint, signCheckpoint } from './checkpoint.ts'
import { NoteRejected, noteSigner, signNote } from './signed-note.ts'

const origin = 'credentials.example.org/log'
const signer = noteSigner(origin, Buffer.alloc(32, 1))
const root = Buffer.from('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=', 'base64')
const checkpoint = { origin, size: 20852163, root }

describe('the name of the log', () => {
  it.each([
    ['https://credentials.example.org', 'credentials.example.org/log'],
    ['https://example.org/badges/', 'example.org/badges/log'],
    ['http://localhost:3000', 'localhost:3000/log'],
  ])('of an installation at %s is %s', (url, name) => {
    expect(logOrigin(url)).toBe(name)
  })
})

describe('a checkpoint (C2SP tlog-checkpoint)', () => {
  const note = signCheckpoint(checkpoint, [signer])

  it('is three lines, an empty one, and a signature under the log’s name', () => {
    const lines = note.split('\n')
    expect(lines.slice(0, 4)).toEqual([origin, '20852163', 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=', ''])
    expect(lines[4]).toMatch(/^— credentials\.example\.org\/log [A-Za-z0-9+/]{91}=$/)
    expect(lines.slice(5)).toEqual([''])
  })

  it('is the same bytes for the same tree and key, and reads back', () => {
    expect(signCheckpoint(checkpoint, [signer])).toBe(note)
    expect(openCheckpoint(note, origin, [signer])).toEqual(checkpoint)
  })

  it('carries the signatures of both keys while one replaces the other', () => {
    const next = noteSigner(origin, Buffer.alloc(32, 2))
    const both = signCheckpoint(checkpoint, [signer, next])
    expect(openCheckpoint(both, origin, [signer]).size).toBe(checkpoint.size)
    expect(openCheckpoint(both, origin, [next]).size).toBe(checkpoint.size)
  })

  it('is rejected when changed, signed by another key, or of another log', () => {
    expect(() => openCheckpoint(note.replace('20852163', '20852164'), origin, [signer])).toThrow(NoteRejected)
    expect(() => openCheckpoint(note, origin, [noteSigner(origin, Buffer.alloc(32, 9))])).toThrow(NoteRejected)
    expect(() => openCheckpoint(note, 'example.org/log', [signer])).toThrow(CheckpointRejected)
  })

  it.each([
    ['leading zero', `${origin}\n01\n${root.toString('base64')}\n`],
    ['negative size', `${origin}\n-1\n${root.toString('base64')}\n`],
    ['size beyond 2^53', `${origin}\n9007199254740993\n${root.toString('base64')}\n`],
    ['short root', `${origin}\n1\nAAAA\n`],
    ['no root', `${origin}\n1\n`],
    ['empty extension line', `${origin}\n1\n${root.toString('base64')}\n\nmore\n`],
  ])('is rejected, though signed, with a %s', (_what, text) => {
    expect(() => openCheckpoint(signNote(text, [signer]), origin, [signer])).toThrow(CheckpointRejected)
  })

  it('cannot be signed for what is no tree', () => {
    expect(() => signCheckpoint({ ...checkpoint, size: -1 }, [signer])).toThrow(RangeError)
    expect(() => signCheckpoint({ ...checkpoint, root: root.subarray(1) }, [signer])).toThrow(TypeError)
    expect(() => signCheckpoint({ ...checkpoint, origin: 'a\nb' }, [signer])).toThrow(TypeError)
  })
})
