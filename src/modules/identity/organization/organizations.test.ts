import { describe, expect, it } from 'vitest'
import { ask, clients, filesWith, identityAlone, organizationWithToken } from '../../../../test/identity/identity-alone.ts'

identityAlone()

describe('an organization', () => {
  it('is made once per slug', async () => {
    const order = { slug: 'acme', name: 'Acme', url: 'https://acme.example', contactEmail: 'office@acme.example' }
    const [one, two] = await Promise.all([clients.createOrganization(order), clients.createOrganization(order)])
    expect(two).toEqual(one)
    expect(one).toMatchObject({ ...order, defaultLocale: 'en' })
    await expect(clients.createOrganization({ ...order, name: 'Not Acme' })).rejects.toMatchObject({ code: 'already-exists' })
    expect(await clients.organization({ slug: 'acme' })).toEqual(await clients.organization({ id: one.id }))
    await expect(clients.organization({ slug: 'nobody' })).rejects.toMatchObject({ code: 'not-found' })
    expect(filesWith('office@acme.example')).toEqual([])
  })

  it.each(['A', 'a', '-a', 'a-', 'a--b', 'ä-b', 'a b', 'a/b', 'a'.repeat(51)])('has no slug %s', async (slug) => {
    await expect(clients.createOrganization({ slug, name: 'X' })).rejects.toMatchObject({ code: 'validation-failed' })
  })

  it('changes what is sent and keeps its slug once it is frozen', async () => {
    const { token, organizationId } = await organizationWithToken()
    await organizationWithToken('other')
    const patch = (json: unknown) => ask('PATCH', '/v1/organization', { token, json })
    const changed = await patch({ slug: 'acme-2', url: 'https://acme.example', contactEmail: 'a@acme.example' })
    expect(changed.json).toMatchObject({ slug: 'acme-2', name: 'The acme', url: 'https://acme.example', contactEmail: 'a@acme.example' })
    expect((await patch({ slug: 'other' })).json.type).toBe('urn:vellum:problem:already-exists')
    expect((await patch({ colour: 'red' })).status).toBe(422)
    const frozen = await clients.freezeOrganization({ id: organizationId })
    expect(await clients.freezeOrganization({ id: organizationId })).toEqual(frozen)
    expect((await patch({ slug: 'acme-3' })).json.type).toBe('urn:vellum:problem:state-refused')
    expect((await patch({ slug: 'acme-2', name: 'Acme', url: null })).json).toMatchObject({ slug: 'acme-2', name: 'Acme' })
    expect((await ask('GET', '/v1/organization', { token })).json).not.toHaveProperty('url')
    expect((await patch({})).status).toBe(200)
  })
})
