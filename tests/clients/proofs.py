"""What a client checks for itself: a block's hash from its header, accounts and slots from the state root.

With py-trie, rlp and eth-hash, as Ethereum's Python clients do.
"""

import rlp
from eth_hash.auto import keccak
from trie import HexaryTrie

# The header's order, and what later forks appended; a network has those whose field its answer has.
NUMBERS = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas"}
HEADER = [
    "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom", "difficulty", "number",
    "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce",
]
APPENDED = ["baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash"]


def raw(text):
    return bytes.fromhex(text.removeprefix("0x"))


def header_hash(block):
    """Keccak of the header's RLP, from a block as JSON."""
    names = HEADER + [name for name in APPENDED if block.get(name) is not None]
    return keccak(rlp.encode([int(block[name], 16) if name in NUMBERS else raw(block[name]) for name in names]))


def trie_value(root, key, proof):
    """What the trie with that root holds at the key, by the proof alone; raises where the proof does not show it."""
    nodes = [rlp.decode(raw(node)) for node in proof]
    return HexaryTrie.get_from_proof(root, keccak(key), nodes)


def account(root, proof):
    """[nonce, balance, storage root, code hash] as the state root commits to them, or None where there is no account."""
    value = trie_value(root, raw(proof["address"]), proof["accountProof"])
    if not value:
        return None
    nonce, balance, storage, code = rlp.decode(value)
    return int.from_bytes(nonce, "big"), int.from_bytes(balance, "big"), storage, code


def slot(storage_root, proof):
    """The value of a slot as the account's storage root commits to it."""
    key = int(proof["key"], 16).to_bytes(32, "big")
    value = trie_value(storage_root, key, proof["proof"])
    return int.from_bytes(rlp.decode(value), "big") if value else 0


def transactions_root(envelopes):
    return ordered_root(envelopes)


def ordered_root(items):
    """The root of Ethereum's trie of a list."""
    trie = HexaryTrie({})
    for number, item in enumerate(items):
        trie[rlp.encode(number)] = item
    return trie.root_hash
