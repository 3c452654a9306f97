/** What `vellum doctor` found: `fail` cannot go on like this, `warn` works and is not what an installation wants. */
export interface Finding {
  readonly state: 'ok' | 'warn' | 'fail'
  /** One sentence; of a `warn` or `fail` it says what to do. No secret, no name of a person. */
  readonly say: string
}

/** One thing that an operator can get wrong. It changes nothing; what it throws is a `fail`. */
export interface Check {
  readonly name: string
  readonly run: () => Promise<Finding>
}

export const ok = (say: string): Finding => ({ state: 'ok', say })
export const warn = (say: string): Finding => ({ state: 'warn', say })
export const fail = (say: string): Finding => ({ state: 'fail', say })
