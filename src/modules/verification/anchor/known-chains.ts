/**
 * What stands behind a chain decides what an anchor on it is worth: many who do not know each other; a network that its
 * makers call a test and may end; one program on somebody's desk. A chain that is not here is nothing of these to us.
 */
export type ChainKind = 'public' | 'test' | 'development'

export interface KnownChain {
  readonly kind: ChainKind
  /** Absent: it has none but its number. */
  readonly name?: string
  /** The page of a transaction is behind this address. */
  readonly explorer?: string
}

const of = (kind: ChainKind, name?: string, explorer?: string): KnownChain =>
  ({ kind, ...(name !== undefined && { name }), ...(explorer !== undefined && { explorer: `${explorer}/tx/` }) })

/** By chain id (EIP-155), as https://chainlist.org lists them. */
export const knownChains: Readonly<Record<number, KnownChain>> = {
  1: of('public', 'Ethereum', 'https://etherscan.io'),
  10: of('public', 'OP Mainnet', 'https://optimistic.etherscan.io'),
  100: of('public', 'Gnosis', 'https://gnosisscan.io'),
  137: of('public', 'Polygon', 'https://polygonscan.com'),
  8453: of('public', 'Base', 'https://basescan.org'),
  42161: of('public', 'Arbitrum One', 'https://arbiscan.io'),
  10200: of('test', 'Gnosis Chiado', 'https://gnosis-chiado.blockscout.com'),
  17000: of('test', 'Holesky', 'https://holesky.etherscan.io'),
  80002: of('test', 'Polygon Amoy', 'https://amoy.polygonscan.com'),
  84532: of('test', 'Base Sepolia', 'https://sepolia.basescan.org'),
  421614: of('test', 'Arbitrum Sepolia', 'https://sepolia.arbiscan.io'),
  560048: of('test', 'Hoodi', 'https://hoodi.etherscan.io'),
  11155111: of('test', 'Sepolia', 'https://sepolia.etherscan.io'),
  11155420: of('test', 'OP Sepolia', 'https://sepolia-optimism.etherscan.io'),
  // They mine a block when a transaction comes, and otherwise none: nothing there is ever confirmed twice.
  1337: of('development'),
  31337: of('development'),
}
