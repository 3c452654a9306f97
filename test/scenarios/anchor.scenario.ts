import assert from 'node:assert/strict'
import { Interface } from 'ethers'
import { verification } from '#modules/verification/index.ts'
import { expectStatus } from './expect.ts'
import { entryOf, readEntries, rootFromProof, rootOf } from './reference-log.ts'
import { scenario } from './scenario.ts'
import { until } from './until.ts'

/** As its source declares it; anyone may call it, without us. */
const contract = new Interface([
  'function anchors(address sender, uint64 size) view returns (tuple(bytes32 root, uint64 blockNumber, uint64 timestamp))',
])

export default [
  scenario('a credential becomes anchored, and the chain holds the root of the log', async (world) => {
    const { ask, anvil, client } = world
    const issuer = await world.issuer()
    // With leaves before it, so that its proof is not empty.
    await Promise.all(['grace', 'hedy'].map(async (who) => issuer.published((await issuer.issue({ email: issuer.email(who) })).publicUrl)))
    const { publicUrl } = await issuer.issue()
    const { anchor, credential, log } = await until('the anchor', async () => {
      const { status, json } = await ask('GET', publicUrl, { headers: { accept: 'application/json' } })
      return status === 200 && json.anchor && json
    })
    assert.equal(anchor.state, 'final')
    assert.equal(anchor.chainId, 31_337)
    assert.equal(anchor.sender, anvil.accounts[0]!.address)
    assert.ok(anchor.size > log.index && anchor.inclusionProof.length > 0)

    const data = contract.encodeFunctionData('anchors', [anchor.sender, anchor.size])
    const returned = await anvil.rpc('eth_call', { to: anchor.contractAddress, data }, 'latest')
    const [{ root, blockNumber }] = contract.decodeFunctionResult('anchors', String(returned)) as unknown as [{ root: string; blockNumber: bigint }]
    assert.equal(Buffer.from(root.slice(2), 'hex').toString('base64'), anchor.root)
    assert.equal(Number(blockNumber), anchor.blockNumber)
    const receipt = await anvil.rpc('eth_getTransactionReceipt', anchor.transactionHash) as { status: string; blockNumber: string }
    assert.deepEqual([Number(receipt.status), Number(receipt.blockNumber)], [1, anchor.blockNumber])

    const entries = await readEntries(ask, anchor.size)
    assert.equal(rootOf(entries).toString('base64'), anchor.root)
    const proof = anchor.inclusionProof.map((hash: string) => Buffer.from(hash, 'base64'))
    const led = rootFromProof(entryOf(credential, log.salt), log.index, anchor.size, proof)
    assert.equal(led.toString('base64'), anchor.root)
    const state = await client(verification).logState({})
    assert.ok(state.anchoredSize >= anchor.size && state.size >= state.anchoredSize)
    assert.equal(state.contractAddress, anchor.contractAddress)
    const page = expectStatus(await ask('GET', publicUrl, { headers: { accept: 'text/html' } }), 200)
    assert.ok(page.text.includes(anchor.transactionHash), 'The page does not tell the transaction.')
  }),
]
