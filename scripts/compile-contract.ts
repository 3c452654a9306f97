import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import solc from 'solc'

/**
 * Compiles the anchor contract into the file that is checked in beside it. The compiler is pinned by package-lock.json,
 * the settings are below, so the same source gives the same bytes, and anyone can compare them with a deployed
 * contract.
 *
 *   node scripts/compile-contract.ts            writes contract.json
 *   node scripts/compile-contract.ts --check    exits 1 when contract.json is not what the source compiles to
 */

const NAME = 'VellumAnchor'
const folder = new URL('../src/modules/verification/anchor/', import.meta.url)

/** The checked-in result of a compilation. */
export type ContractArtefact = {
  name: string
  compiler: string
  settings: object
  /** SHA-256 of the source file, hex. */
  sourceSha256: string
  abi: object[]
  /** What a deployment sends, 0x-prefixed hex. */
  bytecode: string
  /** What the chain then holds, 0x-prefixed hex. */
  deployedBytecode: string
}

const settings = {
  // Paris has no PUSH0: the contract then runs on chains that are years behind, too.
  evmVersion: 'paris',
  optimizer: { enabled: true, runs: 200 },
  // The hash of the metadata would tie the bytes to comments and paths.
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
}

/** A fresh compilation of the contract's source. Throws with the compiler's own messages, warnings included. */
export function compileContract(): ContractArtefact {
  const file = `${NAME}.sol`
  const source = readFileSync(new URL(file, folder), 'utf8')
  const input = { language: 'Solidity', sources: { [file]: { content: source } }, settings }
  const output = JSON.parse(solc.compile(JSON.stringify(input)))
  const messages = (output.errors ?? []).map((error: { formattedMessage: string }) => error.formattedMessage)
  if (messages.length > 0) throw new Error(messages.join('\n'))
  const contract = output.contracts[file][NAME]
  return {
    name: NAME,
    compiler: solc.version(),
    settings: { evmVersion: settings.evmVersion, optimizer: settings.optimizer, metadata: settings.metadata },
    sourceSha256: createHash('sha256').update(source).digest('hex'),
    abi: contract.abi,
    bytecode: `0x${contract.evm.bytecode.object}`,
    deployedBytecode: `0x${contract.evm.deployedBytecode.object}`,
  }
}

if (import.meta.main) {
  const file = new URL('contract.json', folder)
  const text = `${JSON.stringify(compileContract(), null, 2)}\n`
  if (!process.argv.includes('--check')) {
    writeFileSync(file, text)
  } else if (readFileSync(file, 'utf8') !== text) {
    console.error('contract.json is not what VellumAnchor.sol compiles to: run node scripts/compile-contract.ts')
    process.exitCode = 1
  }
}
