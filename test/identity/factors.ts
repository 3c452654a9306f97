import { authenticator } from './authenticator.ts'
import { publicUrl } from './identity-alone.ts'
import { type Browser, password } from './people.ts'
import { codeOf } from './time-codes.ts'

/** Registers a passkey of who is signed in. */
export async function addPasskey(who: Pick<Browser, 'ask'>) {
  const key = authenticator(publicUrl)
  const { json } = await who.ask('POST', '/v1/passkeys/options', { json: {} })
  const added = await who.ask('POST', '/v1/passkeys', { json: { name: 'Telephone', credential: key.create(json) } })
  if (added.status !== 201) throw new Error(`Adding a passkey answers ${added.status}: ${added.text}`)
  return { key, id: added.json.id as string }
}

/** Sets an app up and confirms it, by the pages. @returns its secret */
export async function addApp(who: Pick<Browser, 'ask'>): Promise<string> {
  const { text } = await who.ask('POST', '/account/second-factor', { form: { password } })
  const secret = /<code>([^<]+)<\/code>/.exec(text)![1]!
  const confirmed = await who.ask('POST', '/account/second-factor/confirm', { form: { code: codeOf(secret) } })
  if (confirmed.status !== 303) throw new Error(`Confirming an app answers ${confirmed.status}: ${confirmed.text}`)
  return secret
}
