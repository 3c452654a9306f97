// The two JSON-LD libraries carry no types; these are the parts that canonicalize.ts uses.

declare module 'jsonld' {
  import type { JsonObject } from '#platform/credentials/json.ts'
  import type { RdfQuad } from '#platform/credentials/canonicalize.ts'

  type RemoteDocument = { contextUrl: null, documentUrl: string, document: JsonObject, tag?: 'static' }

  const jsonld: {
    toRDF: (document: JsonObject, options: {
      base: null
      safe: boolean
      rdfDirection: 'i18n-datatype'
      produceGeneralizedRdf: boolean
      documentLoader: (url: string) => Promise<RemoteDocument>
    }) => Promise<RdfQuad[]>
  }
  export default jsonld
}

declare module 'rdf-canonize' {
  import type { RdfQuad } from '#platform/credentials/canonicalize.ts'

  export function canonize(dataset: RdfQuad[], options: {
    algorithm: 'RDFC-1.0'
    format: 'application/n-quads'
    rejectURDNA2015: boolean
  }): Promise<string>
}
