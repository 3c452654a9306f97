import { modules } from '../src/modules.ts'

/** Every module of the product, as the registry has them. */
export const moduleNames: readonly string[] = Object.keys(modules)
