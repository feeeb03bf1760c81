// What a client checks for itself, with @ethereumjs: a block's hash from its header, accounts and slots from the state root.
import { library } from './libraries.mjs'

const { RLP } = library('@ethereumjs/rlp')
const { verifyMerkleProof } = library('@ethereumjs/mpt')
const { bytesToBigInt, bytesToHex, createAccountFromRLP, hexToBytes } = library('@ethereumjs/util')
const { keccak256 } = library('viem')

const HEADER = [
    'parentHash', 'sha3Uncles', 'miner', 'stateRoot', 'transactionsRoot', 'receiptsRoot', 'logsBloom', 'difficulty', 'number',
    'gasLimit', 'gasUsed', 'timestamp', 'extraData', 'mixHash', 'nonce',
]
const APPENDED = ['baseFeePerGas', 'withdrawalsRoot', 'blobGasUsed', 'excessBlobGas', 'parentBeaconBlockRoot', 'requestsHash']
const NUMBERS = new Set(['difficulty', 'number', 'gasLimit', 'gasUsed', 'timestamp', 'baseFeePerGas', 'blobGasUsed', 'excessBlobGas'])

// Keccak of the header's RLP, from a block as JSON.
export function headerHash(block) {
    const names = [...HEADER, ...APPENDED.filter((name) => block[name] != null)]
    return keccak256(RLP.encode(names.map((name) => (NUMBERS.has(name) ? BigInt(block[name]) : hexToBytes(block[name])))))
}

// What the trie with that root holds at the key, by the proof alone.
const trieValue = (root, key, proof) =>
    verifyMerkleProof(hexToBytes(key), proof.map((node) => hexToBytes(node)), { root: hexToBytes(root), useKeyHashing: true })

export async function provenAccount(root, { address, accountProof }) {
    const value = await trieValue(root, address, accountProof)
    if (!value) return null
    const account = createAccountFromRLP(value)
    return { balance: account.balance, nonce: account.nonce, storageRoot: bytesToHex(account.storageRoot) }
}

export async function provenSlot(root, slot, proof) {
    const value = await trieValue(root, slot, proof)
    return value ? bytesToBigInt(RLP.decode(value)) : 0n
}
