"""Builds chains for the tests: signs transactions, mines blocks at easy targets, and seals broken ones."""

import dataclasses

import coincurve
from eth_account import Account

from coin_verifier import rlp, targets
from coin_verifier.blocks import EMPTY_OMMERS, Block, Header, Record
from coin_verifier.chain import Chain, Place
from coin_verifier.execution import execute
from coin_verifier.hashing import keccak, sha256d
from coin_verifier.parameters import Parameters
from coin_verifier.rules import Broken
from coin_verifier.transactions import in_form, signed
from coin_verifier.trie import ordered_root

COIN = 10**18
GAS_PRICE = 10**9


class Key:
    """An account that signs, and counts its nonces."""

    def __init__(self, seed: str, secret: bytes | None = None):
        self.secret = secret or keccak(seed.encode())
        self.address = bytes.fromhex(Account.from_key(self.secret).address[2:])
        self.nonce = 0

    @classmethod
    def of(cls, secret: bytes) -> "Key":
        return cls("", secret)

    def pay(self, chain_id: int, kind: int, to: bytes, value: int = 0, payload: bytes = b"", gas: int = 21_000, **others) -> bytes:
        """An envelope made by eth-account, with the next nonce."""
        members = {
            "chainId": chain_id,
            "nonce": self.nonce,
            "gas": gas,
            "value": value,
            "data": payload,
            "to": to,
        }
        if kind == 2:
            members |= {"type": 2, "maxFeePerGas": 3 * GAS_PRICE, "maxPriorityFeePerGas": GAS_PRICE}
        elif kind == 1:
            members |= {"type": 1, "gasPrice": GAS_PRICE}
        else:
            members |= {"gasPrice": GAS_PRICE}
        if kind:
            members["accessList"] = []
        members |= others
        envelope = bytes(Account.sign_transaction(members, self.secret).raw_transaction)
        self.nonce += 1
        return envelope

    def sign(self, kind: int, unsigned: list, chain_id: int | None, **changes) -> bytes:
        """An envelope of any items, so that any of them can be wrong; `changes` replaces parts of the signature."""
        signed = unsigned + [chain_id, 0, 0] if kind == 0 and chain_id is not None else unsigned
        prefix = bytes([kind]) if kind else b""
        signature = coincurve.PrivateKey(self.secret).sign_recoverable(keccak(prefix + rlp.encode(signed)), hasher=None)
        parity = signature[64]
        v = parity if kind else (27 + parity if chain_id is None else 35 + 2 * chain_id + parity)
        parts = {"v": v, "r": int.from_bytes(signature[:32], "big"), "s": int.from_bytes(signature[32:64], "big")}
        for name, change in changes.items():
            parts[name] = change(parts[name]) if callable(change) else change
        return prefix + rlp.encode([*unsigned, parts["v"], parts["r"], parts["s"]])


def parameters(**changes) -> Parameters:
    """A network with a short spacing, a short half-life and frequent halvings."""
    return dataclasses.replace(
        Parameters(
            format=1,
            name="python",
            chain_id=1_234_567,
            time=1_700_000_000,
            spacing=10,
            half_life=60,
            easiest_bits=0x207FFFFF,
            ahead=0,
            subsidy=50 * COIN,
            halving=4,
            gas_limit=20_000_000,
            byte_limit=65_536,
            base_fee=7,
            reorg_depth=1_000,
            specs=((0, "osaka"),),
            accounts=(),
        ),
        **changes,
    )


def accounts(*given: tuple[bytes, int, bytes]) -> tuple[tuple[bytes, int, bytes], ...]:
    return tuple(sorted(given))


class Builder:
    """A chain that grows by mined blocks."""

    def __init__(self, parameters: Parameters):
        self.parameters = parameters
        self.chain = Chain(parameters)
        self.blocks = [self.chain.genesis.block.encoded()]

    def draft(self, envelopes: list[bytes], miner: bytes, seconds: int = 10, extra_data: bytes = b"", parent: Place | None = None) -> Block:
        """A block that is right but for its proof of work, and, where a transaction has no place, for what execution gives."""
        parent = parent or self.chain.tip
        bits = self.chain.bits_after(parent)
        before = parent.block
        record = Record(
            parent_hash=before.record.hash,
            ommers_hash=EMPTY_OMMERS,
            miner=miner,
            state_root=bytes(32),
            transactions_root=ordered_root(envelopes),
            receipts_root=bytes(32),
            logs_bloom=bytes(256),
            difficulty=targets.work(targets.expand(bits)),
            number=parent.number + 1,
            gas_limit=self.parameters.gas_limit,
            gas_used=0,
            timestamp=before.header.time + seconds,
            extra_data=extra_data,
            mix_hash=keccak(before.header.hash),
            nonce=bytes(8),
            base_fee=self.parameters.base_fee,
        )
        try:
            transactions = [in_form(envelope, self.parameters.chain_id) for envelope in envelopes]
            for transaction in transactions:
                signed(transaction)
            outcome = execute(self.parameters, parent.state, record, transactions, parent.ancestors())
            record = dataclasses.replace(
                record,
                gas_used=outcome.gas_used,
                receipts_root=outcome.receipts_root,
                logs_bloom=outcome.logs_bloom,
                state_root=outcome.state.root(),
            )
        except Broken:
            pass
        header = Header(1, before.header.hash, bytes(32), record.timestamp, bits, 0)
        return Block(header, record, tuple(envelopes))

    def mine(self, envelopes: list[bytes], miner: bytes, seconds: int = 10, extra_data: bytes = b"") -> Place:
        encoded = sealed(self.draft(envelopes, miner, seconds, extra_data)).encoded()
        self.blocks.append(encoded)
        return self.chain.extend(encoded)


def sealed(block: Block, **header_changes) -> Block:
    """The block with its commitment, a time that fits its record, and the first nonce that proves work."""
    changes = {"commitment": sha256d(block.record.encoded()), "time": block.record.timestamp % 2**32} | header_changes
    return proven(dataclasses.replace(block, header=dataclasses.replace(block.header, **changes)))


def proven(block: Block, proves: bool = True) -> Block:
    """The first nonce that proves work, or, asked so, that does not. With `bits` that say nothing, the easiest target is met."""
    target = targets.expand(block.header.bits) or targets.expand(0x207FFFFF)
    head = block.header.encoded()[:76]
    for nonce in range(2**32):
        if (int.from_bytes(sha256d(head + nonce.to_bytes(4, "little")), "little") <= target) == proves:
            return dataclasses.replace(block, header=dataclasses.replace(block.header, nonce=nonce))
    raise AssertionError("no nonce will do")
