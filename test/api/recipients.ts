import type { Installation } from '../installation.ts'
import { mailsTo } from '../scenarios/mails.ts'

type Asked = Pick<Installation, 'fetch' | 'publicUrl' | 'mailDir'>

/** A recipient who came by a mailed link, as a browser would be: with the cookie, and the Origin of a page of the installation. */
export async function recipientOf(installation: Asked, slug: string, email: string) {
  const { publicUrl, mailDir } = installation
  const linkOf = async () => {
    const texts = (await mailsTo(mailDir, email)).map(({ text }) => /\/recipient\/[\w-]+\/link\/[\w-]{43}/.exec(text ?? '')?.[0])
    return texts.find((found) => found !== undefined)
  }
  const post = (path: string, form: Record<string, string> = {}, headers: Record<string, string> = {}) =>
    installation.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: publicUrl, ...headers },
      body: new URLSearchParams(form).toString(),
    })
  await post(`/recipient/${slug}/link`, { email })
  let link: string | undefined
  for (const end = Date.now() + 20_000; (link = await linkOf()) === undefined; await new Promise((resolve) => setTimeout(resolve, 100)))
    if (Date.now() > end) throw new Error('No link was mailed within 20 s')
  const opened = await post(link)
  const cookie = opened.headers.getSetCookie()[0]?.split(';')[0]
  if (opened.status !== 303 || cookie === undefined) throw new Error(`The link answers ${opened.status}`)
  const headers = { cookie, origin: publicUrl }
  return { link, headers, post: (what: string) => post(`/recipient/${slug}/${what}`, {}, headers) }
}
