import { randomBytes, randomUUID } from 'node:crypto'
import { allScopes, identity } from '#modules/identity/index.ts'
import type { Placed } from '../placements.ts'
import type { Answer, Ask, Question } from './ask.ts'
import { expectStatus } from './expect.ts'
import { until } from './until.ts'

/** An organization and its API client, as scenarios use them. */
export interface Issuer {
  readonly organizationId: string
  readonly slug: string
  readonly name: string
  readonly clientId: string
  readonly clientSecret: string
  readonly token: string
  /** A request with the token. */
  readonly ask: Ask
  /** An e-mail address that nobody else in the installation has. */
  email(name: string): string
  /** Accepts a credential; answers its id and address. */
  accept(order?: Order): Promise<Accepted>
  /** Accepts a credential and follows it until it is issued. */
  issue(order?: Order): Promise<Issued>
  /** A credential once it is issued. */
  issued(id: string): Promise<IssuedCredential>
  /** The public description, once verification has put the credential into a signed checkpoint. */
  published(publicUrl: string): Promise<any>
}

export interface Order {
  readonly name?: string
  readonly email?: string
  readonly achievement?: string
  readonly key?: string
  readonly more?: Record<string, unknown>
}

export interface Accepted {
  readonly id: string
  readonly created: boolean
  readonly links: { readonly self: string; readonly public: string }
}

export interface IssuedCredential {
  readonly id: string
  readonly state: string
  readonly publicUrl: string
  readonly documentUrl: string
  readonly recipient: { readonly id: string; readonly name: string; readonly email: string } | null
}

export type Issued = IssuedCredential & { readonly order: { readonly name: string; readonly email: string; readonly achievement: string } }

/** The body of `POST /v1/credentials`. */
export const orderBody = ({ name, email, achievement, more }: Order & { name: string; email: string; achievement: string }) => ({
  recipient: { name, email },
  achievement: { name: achievement },
  ...more,
})

export const basicAuthorization = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`

/** A token by client credentials; `scope` narrows it. */
export const requestToken = (ask: Ask, client: { clientId: string; clientSecret: string }, scope?: string): Promise<Answer> =>
  ask('POST', '/oauth/token', {
    form: { grant_type: 'client_credentials', ...(scope !== undefined && { scope }) },
    headers: { authorization: basicAuthorization(client.clientId, client.clientSecret) },
  })

/** Makes an organization by contract, as the command line does, and signs in as its client. */
export async function createIssuer(placed: Pick<Placed, 'client'>, ask: Ask): Promise<Issuer> {
  const tag = randomBytes(5).toString('hex')
  const slug = `academy-${tag}`
  const name = `Academy ${tag}`
  const clients = placed.client(identity)
  const { id: organizationId } = await clients.createOrganization({ slug, name })
  const { clientId, clientSecret } = await clients.createClient({
    organizationId, requestId: randomUUID(), name: 'Scenarios', scopes: [...allScopes],
  })
  const token = expectStatus(await requestToken(ask, { clientId, clientSecret }), 200).json.access_token as string
  const withToken: Ask = (method, path, question: Question = {}) => ask(method, path, { token, ...question })
  const complete = (order: Order) => ({ name: 'Ada Lovelace', achievement: 'Distributed Systems', ...order, email: order.email ?? issuer.email('ada') })

  const issuer: Issuer = {
    organizationId, slug, name, clientId, clientSecret, token,
    ask: withToken,
    email: (who) => `${who}.${tag}@example.org`,
    async accept(order = {}) {
      const headers = { ...(order.key !== undefined && { 'idempotency-key': order.key }) }
      const answer = await withToken('POST', '/v1/credentials', { json: orderBody(complete(order)), headers })
      return expectStatus(answer, 202).json as Accepted
    },
    async issue(order = {}) {
      const { id } = await issuer.accept(order)
      const { name, email, achievement } = complete(order)
      return { ...(await issuer.issued(id)), order: { name, email, achievement } }
    },
    issued: (id) =>
      until(`credential ${id} to be issued`, async () => {
        const { json } = expectStatus(await withToken('GET', `/v1/credentials/${id}`), 200)
        return json.state === 'issued' && (json as IssuedCredential)
      }),
    published: (publicUrl) =>
      until(`${publicUrl} to stand in a signed checkpoint`, async () => {
        const answer = await ask('GET', publicUrl, { headers: { accept: 'application/json' } })
        if (answer.status === 404) return undefined
        expectStatus(answer, 200)
        return answer.json.log?.checkpoint ? answer.json : undefined
      }),
  }
  return issuer
}
