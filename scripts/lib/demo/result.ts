/** What the demo counted, all of it from the outside. */
export interface DemoResult {
  /** Records of the file, without its header. */
  readonly rows: number
  readonly issued: number
  readonly rejected: number
  /** Message-IDs with a PDF that the mail server has accepted. */
  readonly mailed: number
  /** Credentials whose inclusion proof leads to a root that stands on the chain. */
  readonly anchored: number
  /** Transactions to the anchor contract; its deployment is none. */
  readonly anchorTransactions: number
  /** Mailed credentials that `@digitalbazaar/vc` accepts with the issuer's DID document. */
  readonly verified: number
  /** 99 of 100 single requests were answered within, while the file was issued. */
  readonly acceptP99Ms: number
  /** Issued ÷ seconds from the first request to the last mail. */
  readonly issuedPerSecond: number
  /** Of the whole demo. */
  readonly seconds: number
  /** What `vellum advise` says of each module afterwards: `keep`, `split` or `unknown`. */
  readonly advice: Readonly<Record<string, string>>
}

/** Nothing was lost: every record is accounted for, and all that was issued arrived, stands on the chain and verifies. */
export const isGood = ({ rows, issued, rejected, mailed, anchored, verified }: DemoResult): boolean =>
  rows > 0 && rows === issued + rejected && [mailed, anchored, verified].every((count) => count === issued)
