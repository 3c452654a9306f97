// The reference implementation carries no types; these are the parts that tests compare with.

declare module '@digitalbazaar/vc' {
  type Loader = (url: string) => Promise<{ contextUrl: null, documentUrl: string, document: unknown }>

  export function issue<Credential>(options: {
    credential: Credential, suite: unknown, documentLoader: Loader, now?: Date
  }): Promise<Credential & { proof: unknown }>

  export function verifyCredential(options: {
    credential: unknown, suite: unknown, documentLoader: Loader, now?: Date
    checkStatus?: (options: unknown) => Promise<{ verified: boolean }>
  }): Promise<{ verified: boolean, error?: unknown }>
}

declare module '@digitalbazaar/data-integrity' {
  export const DataIntegrityProof: new (options: {
    cryptosuite: unknown
    date?: Date | string
    signer?: { id: string, algorithm: string, sign: (options: { data: Uint8Array }) => Promise<Uint8Array> }
  }) => object
}

declare module '@digitalbazaar/eddsa-rdfc-2022-cryptosuite' {
  export const cryptosuite: object
}
