/** What `S3_URL` says: `https://ACCESS_KEY:SECRET_KEY@host/bucket/prefix?region=eu-central-1`. */
export interface S3Address {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  /** Host and bucket, and the prefix if there is one, without a last slash: names are put behind it. */
  readonly root: URL
  readonly bucket: string
  /** Put before every key; empty, or with a last slash. */
  readonly prefix: string
}

const form = 'write it as https://ACCESS_KEY:SECRET_KEY@host/bucket?region=REGION, keys percent-encoded'

/** Reads an address. Throws one sentence, without the keys, when it is none. */
export function s3Address(text: string): S3Address {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) throw new Error(`is not the address of a bucket; ${form}`)
  const path = url.pathname.replace(/^\/+|\/+$/g, '')
  const [bucket = '', ...folders] = path.split('/')
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) throw new Error(`names no bucket; ${form}`)
  if (!folders.every((folder) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(folder)))
    throw new Error('has a prefix of other signs than letters, digits, "-", "_", "."; choose another')
  if (url.username === '' || url.password === '') throw new Error(`has no access key and secret key; ${form}`)
  return {
    accessKeyId: decodeURIComponent(url.username),
    secretAccessKey: decodeURIComponent(url.password),
    region: url.searchParams.get('region') ?? 'us-east-1',
    root: new URL(`/${bucket}`, url.origin),
    bucket,
    prefix: folders.map((folder) => `${folder}/`).join(''),
  }
}
