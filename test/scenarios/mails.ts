import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ParsedMail, simpleParser } from 'mailparser'

const parsed = new Map<string, Promise<ParsedMail>>()

/** The e-mails in the folder that went to an address. */
export async function mailsTo(mailDir: string, email: string): Promise<ParsedMail[]> {
  let names: string[]
  try {
    names = readdirSync(mailDir).filter((name) => name.endsWith('.eml'))
  } catch {
    return []
  }
  const mails = await Promise.all(
    names.map(async (name) => {
      const file = join(mailDir, name)
      let mail = parsed.get(file)
      if (!mail) {
        mail = simpleParser(readFileSync(file))
        parsed.set(file, mail)
      }
      return mail
    }),
  )
  return mails.filter((mail) => [mail.to].flat().some((to) => to?.value.some(({ address }) => address === email)))
}
