import { mkdtempSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HDNodeWallet } from 'ethers'
import { startSupervised, untilReady } from './supervised.ts'

/** A local EVM node of the test's own, with funded accounts. */
export type Anvil = {
  url: string
  accounts: { address: string, privateKey: string }[]
  /** A JSON-RPC call to the node, `anvil_*` and `evm_*` included. Throws with the node's message. */
  rpc(method: string, ...params: unknown[]): Promise<unknown>
  stop(): Promise<void>
}

export type AnvilOptions = {
  /** Mine by hand with `rpc('anvil_mine', '0x1')`. Default: every transaction is mined at once. */
  manualMining?: boolean
  /** Mine a block every so many seconds, whether or not there is a transaction. */
  blockSeconds?: number
  /** Start on this port, for example to come back where another has been. Default: a free one. */
  port?: number
}

const ACCOUNTS = 3
const MNEMONIC = 'test test test test test test test test test test test junk'

// The wrapper of the package only forwards signals; the binary itself is supervised better.
function binaryPath(): string {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  const require = createRequire(import.meta.url)
  return require.resolve(`@foundry-rs/anvil-${process.platform}-${architecture}/bin/anvil`)
}

/**
 * Starts an EVM node with an empty chain (id 31337) on 127.0.0.1. It ends with this process, even when that is killed.
 */
export async function startAnvil({ manualMining, blockSeconds, port = 0 }: AnvilOptions = {}): Promise<Anvil> {
  const directory = mkdtempSync(join(tmpdir(), 'vellum-anvil-'))
  const server = startSupervised({
    directory,
    command: [
      binaryPath(), '--host', '127.0.0.1', '--port', String(port), '--accounts', String(ACCOUNTS),
      '--mnemonic', MNEMONIC, '--cache-path', directory,
      ...(manualMining ? ['--no-mining'] : []),
      ...(blockSeconds ? ['--block-time', String(blockSeconds)] : []),
    ],
    signal: 'TERM',
  })
  let url = ''
  await untilReady(server, async () => {
    const listening = /Listening on ([\d.]+:\d+)/.exec(server.log())
    if (!listening) throw new Error('not yet')
    url = `http://${listening[1]}`
  })
  const accounts = Array.from({ length: ACCOUNTS }, (_, i) => {
    const { address, privateKey } = HDNodeWallet.fromPhrase(MNEMONIC, undefined, `m/44'/60'/0'/0/${i}`)
    return { address, privateKey }
  })
  const rpc = async (method: string, ...params: unknown[]) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    const answer = await response.json() as { result?: unknown, error?: { message: string } }
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`)
    return answer.result
  }
  return { url, accounts, rpc, stop: server.stop }
}
