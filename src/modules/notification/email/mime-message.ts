import { domainToASCII } from 'node:url'

export interface Mailbox {
  readonly name: string
  readonly address: string
}

/** A mail: plain text beside HTML, and perhaps a file. */
export interface MimeMessage {
  readonly from: Mailbox
  readonly to: Mailbox
  readonly subject: string
  /** Without brackets. */
  readonly messageId: string
  readonly date: Date
  /** Further header fields, ASCII. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly html: string
  readonly attachment?: { readonly fileName: string; readonly mediaType: string; readonly content: Uint8Array }
}

const LINE = 76
/** What fits into an encoded word beside its frame and a field's name: a line with one has 76 characters (RFC 2047, section 2). */
const ENCODED_BYTES = 39
const CRLF = '\r\n'
// Neither can stand in base64.
const MIXED = '=_vellum-mixed'
const ALTERNATIVE = '=_vellum-alternative'

/** Throws where a value would begin another header field; what is checked on the way in is not trusted here. */
function oneLine(value: string): string {
  if (/[\r\n\0]/.test(value)) throw new TypeError('A header field holds a line break.')
  return value
}

/** RFC 2047: words of whole characters in base64, one on each line. */
function encodedWords(text: string): string {
  const words: string[] = []
  let word = ''
  let bytes = 0
  for (const character of text.toWellFormed()) {
    const size = Buffer.byteLength(character)
    if (bytes + size > ENCODED_BYTES) {
      words.push(word)
      word = ''
      bytes = 0
    }
    word += character
    bytes += size
  }
  words.push(word)
  return words.map((part) => `=?utf-8?B?${Buffer.from(part).toString('base64')}?=`).join(`${CRLF} `)
}

/** Text of a header field: as it is where that is ASCII and short, else in encoded words. */
const unstructured = (text: string): string =>
  /^[\x20-\x7e]{0,60}$/.test(oneLine(text)) && !text.includes('=?') && text === text.trim() ? text : encodedWords(text)

/** RFC 5322, section 3.4: a quoted string or encoded words, and the address. */
function mailbox({ name, address }: Mailbox): string {
  const at = oneLine(address).lastIndexOf('@')
  const domain = address.slice(at + 1)
  const plain = `${address.slice(0, at)}@${domainToASCII(domain) || domain}`
  if (/[\s<>,;:"\\()[\]]/.test(plain)) throw new TypeError('An address holds what would end it.')
  if (name === '') return plain
  // Some readers decode encoded words inside quotes too.
  const words = /^[\x20-\x7e]{1,50}$/.test(oneLine(name)) && !name.includes('=?') ? `"${name.replaceAll(/[\\"]/g, '\\$&')}"` : encodedWords(name)
  return `${words}${CRLF} <${plain}>`
}

/** Base64 in lines of 76 characters (RFC 2045, section 6.8), each with its end. */
function base64Lines(content: Uint8Array): Buffer {
  const encoded = Buffer.from(Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('base64'), 'latin1')
  const lines = Math.ceil(encoded.length / LINE)
  const out = Buffer.allocUnsafe(encoded.length + lines * 2)
  let end = 0
  for (let at = 0; at < encoded.length; at += LINE) {
    end += encoded.copy(out, end, at, at + LINE)
    out[end++] = 13
    out[end++] = 10
  }
  return out
}

const part = (type: string, content: string): string =>
  `Content-Type: ${type}; charset=utf-8${CRLF}Content-Transfer-Encoding: base64${CRLF}${CRLF}` +
  base64Lines(Buffer.from(content)).toString('latin1')

/**
 * The message as it goes out (RFC 5322, RFC 2045 to 2047): no line is longer than 78 characters unless an address
 * or an id is, and all bodies are base64. Throws TypeError for a header that would not stay one.
 */
export function composeMime(message: MimeMessage): Buffer {
  const { attachment } = message
  const outer = attachment ? ['mixed', MIXED] : ['alternative', ALTERNATIVE]
  const fields = {
    From: mailbox(message.from),
    To: mailbox(message.to),
    Subject: unstructured(message.subject),
    'Message-ID': `<${oneLine(message.messageId)}>`,
    Date: message.date.toUTCString().replace('GMT', '+0000'),
    ...Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, oneLine(value)])),
    'MIME-Version': '1.0',
    'Content-Type': `multipart/${outer[0]};${CRLF} boundary="${outer[1]}"`,
  }
  const header = Object.entries(fields).map(([name, value]) => `${name}: ${value}${CRLF}`).join('')
  const alternatives =
    `--${ALTERNATIVE}${CRLF}${part('text/plain', message.text)}--${ALTERNATIVE}${CRLF}${part('text/html', message.html)}` +
    `--${ALTERNATIVE}--${CRLF}`
  if (!attachment) return Buffer.from(`${header}${CRLF}${alternatives}`)
  const fileName = oneLine(attachment.fileName)
  if (!/^[\w.-]{1,60}$/.test(fileName)) throw new TypeError('A file name has letters, digits, dots and dashes.')
  const head =
    `${header}${CRLF}--${MIXED}${CRLF}Content-Type: multipart/alternative;${CRLF} boundary="${ALTERNATIVE}"${CRLF}${CRLF}` +
    `${alternatives}${CRLF}--${MIXED}${CRLF}Content-Type: ${oneLine(attachment.mediaType)}; name="${fileName}"${CRLF}` +
    `Content-Transfer-Encoding: base64${CRLF}Content-Disposition: attachment; filename="${fileName}"${CRLF}${CRLF}`
  return Buffer.concat([Buffer.from(head), base64Lines(attachment.content), Buffer.from(`--${MIXED}--${CRLF}`)])
}
