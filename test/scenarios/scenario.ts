import type { Placed } from '../placements.ts'
import type { Issuer } from './issuer.ts'
import type { Ask } from './ask.ts'

/** What a scenario is given. Nothing in it tells the placement. */
export interface World extends Pick<Placed, 'installation' | 'anvil' | 'openIdProvider' | 'client' | 'openDocument'> {
  /** A request to the public listener without a token. */
  readonly ask: Ask
  /** A new organization with a client of all scopes, so that scenarios share nothing but the installation. */
  issuer(): Promise<Issuer>
}

/** One promise of the product: at most 20 rows and 5 s in one process, and true in every placement. */
export interface Scenario {
  /** A sentence: what holds. */
  readonly name: string
  /** Modules whose boundary it crosses: of a module by itself only these are asked at every change. */
  readonly crosses: readonly string[]
  run(world: World): Promise<void>
}

export const scenario = (name: string, run: Scenario['run'], crosses: Scenario['crosses'] = []): Scenario => ({ name, run, crosses })

export const everyBoundary: Scenario['crosses'] = ['identity', 'issuance', 'verification', 'notification']
