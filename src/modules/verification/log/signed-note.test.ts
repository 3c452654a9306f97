import { describe, expect, it } from 'vitest'
import { NoteRejected, noteSigner, noteVerifier, openNote } from './signed-note.ts'
import { parseVerifierText, signNote, verifierText } from './signed-note.ts'

// Keys, text and signatures of the reference implementation's tests (golang.org/x/mod/sumdb/note, note_test.go).
const peter = parseVerifierText('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')
const enoch = parseVerifierText('EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop')
const peterSeed = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1)
const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const peterLine =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'
const enochLine =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n'
const note = `${text}\n${peterLine}`

describe('signing a note (C2SP signed-note)', () => {
  it('makes the reference implementation’s note, byte for byte', () => {
    expect(signNote(text, [noteSigner('PeterNeumann', peterSeed)])).toBe(note)
  })

  it('writes the verifier as the reference does, and reads it back', () => {
    const signer = noteSigner('PeterNeumann', peterSeed)
    expect(verifierText(signer)).toBe('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')
    expect(verifierText(parseVerifierText(verifierText(signer)))).toBe(verifierText(signer))
  })

  it.each([
    'PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    'PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==',
    '',
  ])('refuses the verifier %s', (bad) => {
    expect(() => parseVerifierText(bad)).toThrow(TypeError)
  })

  it.each(['', 'two words', 'a+b', 'a\u00a0b', 'line\nbreak'])('refuses the key name %o', (name) => {
    expect(() => noteVerifier(name, peter.publicKey)).toThrow('key name')
  })

  it.each(['no newline', 'tab\t\n', 'bell\u0007\n', 'lone \ud800\n'])('refuses to sign %o', (bad) => {
    expect(() => signNote(bad, [noteSigner('PeterNeumann', peterSeed)])).toThrow(TypeError)
  })
})

describe('opening a note', () => {
  it('gives the text, and who signed of those whom the reader trusts', () => {
    const both = `${note}${enochLine}`
    expect(openNote(both, [peter])).toEqual({ text, signedBy: [peter] })
    expect(openNote(both, [peter, enoch]).signedBy).toEqual([peter, enoch])
    expect(openNote(`${text}\n${enochLine}${peterLine}`, [peter]).signedBy).toEqual([peter])
  })

  it('rejects a note that only strangers signed', () => {
    expect(() => openNote(note, [])).toThrow(NoteRejected)
    expect(() => openNote(note, [enoch])).toThrow('No trusted key')
  })

  it('rejects a changed text', () => {
    expect(() => openNote(note.replace('cryptography', 'cryptographY'), [peter])).toThrow('false')
  })

  it('rejects the whole note for one false signature of a known key, though another is true', () => {
    const false_ = peterLine.replace('JkuBS9', 'JkuBS8')
    const opening = () => openNote(`${text}\n${false_}${enochLine}`, [peter, enoch])
    expect(opening).toThrow('The signature of PeterNeumann is false')
  })

  it('does not take a signature under a key id that it does not know for one of the same name', () => {
    const otherId = `— PeterNeumann ${Buffer.concat([Buffer.alloc(4), Buffer.alloc(64)]).toString('base64')}\n`
    expect(openNote(`${text}\n${otherId}${peterLine}`, [peter]).signedBy).toEqual([peter])
  })

  it('splits at the last empty line, so that a text may contain empty lines', () => {
    const long = `one\n\ntwo\n`
    expect(openNote(signNote(long, [noteSigner('PeterNeumann', peterSeed)]), [peter]).text).toBe(long)
  })

  it.each([
    ['without signature', text],
    ['with an empty tail', `${text}\n`],
    ['without last newline', note.slice(0, -1)],
    ['with a control character', `\u0001${note}`],
    ['with a space in a key name', `${text}\n— Bad Name x08go/ZJkuBS9UG/SffcvIAQ\n`],
    ['with another line after it', `${note}Unexpected line.\n`],
    ['with a loose base64', note.replace('JkuB', 'Jk uB')],
    ['with 101 signatures', `${text}\n${peterLine.repeat(101)}`],
  ])('rejects a note %s', (_what, bad) => {
    expect(() => openNote(bad, [peter])).toThrow(NoteRejected)
  })
})
