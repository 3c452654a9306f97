/** A running process that accepts credentials. */
export interface Server {
  readonly port: number
  readonly pid: number
  /** A header that it takes for a quarter of an hour to come. */
  authorization(): Promise<string>
  stop(): Promise<void>
}
