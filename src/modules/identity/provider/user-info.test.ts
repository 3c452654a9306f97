import { expect, it } from 'vitest'
import { identityAlone } from '../../../../test/identity/identity-alone.ts'
import { member } from '../../../../test/identity/people.ts'
import { account, organizationWithProvider, provider, signInByProvider, withProvider } from '../../../../test/identity/with-provider.ts'

identityAlone()
withProvider({ inUserInfo: true })

it('an address that is told at the userinfo endpoint alone counts, and one of another subject does not', async () => {
  const { organizationId } = await organizationWithProvider()
  const vera = await member(organizationId, 'viewer', 'Vera')
  provider.tamper = (request, response) => {
    if (request.url !== '/me') return false
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ sub: 'sub-another', email: vera.email, email_verified: true }))
    return true
  }
  expect((await signInByProvider('acme', account('vera'))).answer.status).toBe(401)
  provider.tamper = undefined
  const { who, answer } = await signInByProvider('acme', account('vera'))
  expect(answer.status).toBe(303)
  expect((await who.ask('GET', '/v1/session')).json.person.id).toBe(vera.personId)
})
