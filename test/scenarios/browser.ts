import assert from 'node:assert/strict'
import type { World } from './scenario.ts'

/** Requests as a browser sends them: with cookies, and an Origin. */
export function browser({ ask, installation }: Pick<World, 'ask' | 'installation'>) {
  const cookies = new Map<string, string>()
  return async (method: string, path: string, json?: unknown, form?: Record<string, string>) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await ask(method, path, { ...(json !== undefined && { json }), ...(form && { form }), headers: { origin: installation.publicUrl, ...(cookie && { cookie }) } })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      assert.match(line, /HttpOnly/i)
      assert.match(line, /SameSite=Lax/i)
      if (installation.publicUrl.startsWith('https:')) assert.match(line, /^__Host-.*; Secure/i)
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return answer
  }
}
