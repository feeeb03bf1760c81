"""Blocks that are nearly right, by the thousand, with what this verifier says of each: for another reader to say the same.

    bash tests/coin_verifier.sh --python -m coin_verifier.tests.mutants GENESIS CHAIN COUNT [--seed N] [--keys FILE]

prints lines of `{"block":"0x…","made":"…"}` with `"valid":true` or `"rule":"…"` (and `"alike"`, see README.md). What signs is told by a file of
private keys, a hexadecimal one a line; without it, those of the kept chain.
"""

import argparse
import dataclasses
import json
import random
from collections.abc import Callable
from pathlib import Path

from coin_verifier import rlp, targets
from coin_verifier.blocks import Block
from coin_verifier.chain import Chain, Place
from coin_verifier.hashing import keccak
from coin_verifier.parameters import Parameters
from coin_verifier.report import blocks_of, judged
from coin_verifier.rlp import NotCanonical
from coin_verifier.transactions import GAS_CAP, GROUP_ORDER
from coin_verifier.trie import ordered_root

from .builder import Builder, Key, proven, sealed
from .python_chain import People

NUMBERS = [0, 1, 2, 127, 128, 255, 256, 20_999, 21_000, 21_001, GAS_CAP, GAS_CAP + 1, 2**32 - 1, 2**32, 2**63, 2**64 - 2, 2**64 - 1, 2**64,
           2**128 - 1, 2**128, 2**255, 2**256 - 1, 2**256]  # fmt: skip


class Mutator:
    def __init__(self, chain: Chain, blocks: list[bytes], keys: list[Key], chance: random.Random):
        self.builder = Builder(chain.parameters)
        self.builder.chain = chain
        self.chain, self.chance, self.keys = chain, chance, keys
        self.blocks = [Block.decode(encoded[1:]) for encoded in blocks[1:]]
        self.places: list[Place] = [chain.genesis]
        place, row = chain.tip, []
        while place is not chain.genesis:
            row.append(place)
            place = place.parent
        self.places += row[::-1]
        self.envelopes = [envelope for block in self.blocks for envelope in block.envelopes]

    def next(self) -> tuple[str, bytes]:
        ways: list[Callable[[], Block | bytes]] = [
            self.noise, self.noise_within, self.header, self.record, self.record, self.row, self.row, self.envelope, self.payment, self.payment,
            self.payments,
        ]  # fmt: skip
        while True:
            way = self.chance.choice(ways)
            made = way()
            encoded = made.encoded() if isinstance(made, Block) else made
            if len(encoded) < 20_000:
                return way.__name__, encoded

    def some(self) -> Block:
        """A block of the chain, or a fresh one upon any of it."""
        return self.chance.choice(self.blocks) if self.chance.random() < 0.5 else sealed(self.fresh(self.pick_envelopes(3)))

    def fresh(self, envelopes: list[bytes], parent: Place | None = None) -> Block:
        parent = parent or self.chance.choice(self.places)
        seconds = self.chance.choice([1, 2, 10, 10, 60, 10_000])
        miner = self.chance.choice([b"\x33" * 20, self.chance.choice(self.keys).address])
        return self.builder.draft(envelopes, miner, seconds, self.chance.randbytes(self.chance.choice([0, 4, 32])), parent)

    def pick_envelopes(self, most: int) -> list[bytes]:
        return self.chance.sample(self.envelopes, min(self.chance.randrange(most), len(self.envelopes)))

    def scratched(self, octets: bytes) -> bytes:
        octets, at = bytearray(octets), self.chance.randrange(max(1, len(octets)))
        match self.chance.randrange(5):
            case 0 | 1 if octets:
                octets[at] ^= 1 << self.chance.randrange(8)
            case 2 if octets:
                octets[at] = self.chance.choice([0, 1, 0x7F, 0x80, 0x81, 0xB8, 0xC0, 0xF8, 0xFF])
            case 3:
                octets[at:at] = self.chance.randbytes(self.chance.randrange(1, 4))
            case _:
                del octets[at : at + self.chance.randrange(1, 4)]
        return bytes(octets)

    def noise(self) -> bytes:
        """Bytes changed, and no more."""
        return self.scratched(self.some().encoded())

    def noise_within(self) -> Block | bytes:
        """Bytes changed behind the header, which commits to the outcome if it still decodes."""
        encoded = self.some().encoded()
        scratched = encoded[:81] + self.scratched(encoded[81:])
        try:
            return sealed(Block.decode(scratched[1:]))
        except NotCanonical:
            return scratched

    def header(self) -> Block:
        block = self.some()
        header = block.header
        field = self.chance.choice(["version", "previous", "commitment", "time", "bits", "nonce"])
        if field in ("previous", "commitment"):
            value = self.chance.choice([bytes(32), self.chance.randbytes(32), self.chance.choice(self.blocks).header.hash])
        elif field == "bits":
            value = self.chance.choice([0x207FFFFF, 0x207FFFFE, 0x20FFFFFF, 0x21010000, 0x2100007F, 0x1F7FFFFF, 0, self.chance.randrange(2**32)])
        else:
            value = (getattr(header, field) + self.chance.choice([-1, 1, 2, 256])) % 2**32
        changed = dataclasses.replace(block, header=dataclasses.replace(header, **{field: value}))
        if field == "bits" and self.chance.random() < 0.5:
            target = targets.expand(value)
            if target is not None and target >> 240:
                changed = sealed(changed.with_record(difficulty=targets.work(target)))
        if field == "previous" and self.chance.random() < 0.7:
            changed = sealed(changed.with_record(mix_hash=keccak(value)))
        target = targets.expand(changed.header.bits)
        # What is too hard to prove stays unproven.
        return proven(changed) if self.chance.random() < 0.8 and (target is None or target >> 244) else changed

    def record(self) -> Block:
        """One field of the record, or two, in a block that is sealed again."""
        block = self.some()
        for _ in range(self.chance.choice([1, 1, 1, 2])):
            field = self.chance.choice(list(block.record.__dataclass_fields__))
            value = getattr(block.record, field)
            other = getattr(self.chance.choice(self.blocks).record, field)
            if isinstance(value, int):
                value = self.chance.choice([max(0, value - 1), value + 1, other, self.chance.choice(NUMBERS)])
            elif field == "extra_data":
                value = self.chance.randbytes(self.chance.choice([0, 31, 32, 33, 60]))
            else:
                value = self.chance.choice([bytes(len(value)), other, self.chance.randbytes(len(value)), self.flipped(value)])
            block = block.with_record(**{field: value})
        return sealed(block)

    def flipped(self, octets: bytes) -> bytes:
        octets = bytearray(octets)
        octets[self.chance.randrange(len(octets))] ^= 1 << self.chance.randrange(8)
        return bytes(octets)

    def committed(self, block: Block, envelopes: list[bytes]) -> Block:
        """The block with other transactions: run again, or only committed to."""
        if self.chance.random() < 0.5:
            parent = next((place for place in self.places if place.block.header.hash == block.header.previous), None)
            return sealed(self.fresh(envelopes, parent))
        return sealed(dataclasses.replace(block.with_record(transactions_root=ordered_root(envelopes)), envelopes=tuple(envelopes)))

    def row(self) -> Block:
        """Transactions left out, doubled, in another order, of other blocks."""
        block = self.chance.choice(self.blocks)
        envelopes = list(block.envelopes)
        for _ in range(self.chance.choice([1, 1, 2])):
            match self.chance.randrange(4):
                case 0 if envelopes:
                    envelopes.pop(self.chance.randrange(len(envelopes)))
                case 1 if envelopes:
                    envelopes.insert(self.chance.randrange(len(envelopes) + 1), self.chance.choice(envelopes))
                case 2:
                    self.chance.shuffle(envelopes)
                case _ if self.envelopes:
                    envelopes.insert(self.chance.randrange(len(envelopes) + 1), self.chance.choice(self.envelopes))
        return self.committed(block, envelopes)

    def envelope(self) -> Block:
        """Bytes of a transaction changed, or one of its items."""
        block = self.some()
        envelopes = list(block.envelopes) or [self.chance.choice(self.envelopes)]
        at = self.chance.randrange(len(envelopes))
        if self.chance.random() < 0.5:
            envelopes[at] = self.scratched(envelopes[at])
        else:
            prefix = b"" if envelopes[at][0] >= 0xC0 else envelopes[at][:1]
            items = rlp.decode(envelopes[at][len(prefix) :])
            which = self.chance.randrange(len(items))
            values = [b"", b"\0", b"\x01", rlp_number(self.chance.choice(NUMBERS)), self.chance.randbytes(20), self.chance.randbytes(32), []]
            items[which] = self.chance.choice(values)
            envelopes[at] = prefix + rlp.encode(items)
        return self.committed(block, envelopes)

    def payment(self, parent: Place | None = None, key: Key | None = None, nonce: int | None = None, calm: float = 0.5) -> Block:
        parent = parent or self.chance.choice(self.places)
        return sealed(self.fresh([self.signed(parent, key, nonce, calm)], parent))

    def payments(self) -> Block:
        """Some in a row by one key, most of them right."""
        parent, key = self.chance.choice(self.places), self.chance.choice(self.keys)
        nonce = int(parent.state.accounts[key.address].nonce) if key.address in parent.state.accounts else 0
        count = self.chance.randrange(1, 5)
        return sealed(self.fresh([self.signed(parent, key, nonce + i, 0.9) for i in range(count)], parent))

    def signed(self, parent: Place, key: Key | None, nonce: int | None, calm: float) -> bytes:
        """A transaction newly signed; each item is as it should be with the chance `calm`, or near an edge."""
        chance, chain_id = self.chance, self.chain.parameters.chain_id
        key = key or chance.choice(self.keys)
        account = parent.state.accounts.get(key.address)
        has = int(account.balance) if account else 0
        if nonce is None:
            nonce = int(account.nonce) if account else 0

        def edge(right, *others):
            return right if chance.random() < max(calm, 0.7) else chance.choice([*others, chance.choice(NUMBERS)])

        kind = chance.choice([0, 1, 2])
        base = self.chain.parameters.base_fee
        gas = edge(chance.choice([21_000, 60_000, 200_000]), 20_999, 53_000, self.chain.parameters.gas_limit)
        price = edge(10**9, base, base - 1 if base else 0, has // max(gas, 1), has // max(gas, 1) + 1)
        priority = edge(min(price, 10**9), price, price + 1, 0)
        codes = [address for address, account in parent.state.accounts.items() if account.code]
        to = chance.choice([b"\x44" * 20, key.address, bytes(19) + bytes([chance.randrange(20)]), b"", *map(bytes, codes)])
        value = edge(chance.choice([0, 1, 10**15]), has, max(0, has - gas * price), max(0, has - gas * price + 1))
        payload = chance.choice([b"", b"", bytes(32), chance.randbytes(chance.randrange(100)), bytes(chance.randrange(300))])
        accesses = chance.choice([[], [], [[to or bytes(20), [bytes(32)]]], [[b"\x44" * 20, []]]])
        named = edge(chain_id, chain_id + 1, 1)
        unsigned = {
            0: [edge(nonce, nonce + 1, max(0, nonce - 1)), price, gas, to, value, payload],
            1: [named, nonce, price, gas, to, value, payload, accesses],
            2: [named, nonce, priority, price, gas, to, value, payload, accesses],
        }[kind]
        changes = {}
        if chance.random() > max(calm, 0.8):
            changes = chance.choice([
                {"r": chance.choice([0, GROUP_ORDER, chance.randrange(2**256)])}, {"s": lambda s: GROUP_ORDER - s}, {"s": chance.choice([0, GROUP_ORDER])},
                {"v": chance.choice([0, 1, 2, 26, 27, 28, 29, 34, 35, 36, 2 * chain_id + 34, 2 * chain_id + 37, 2**64, 2**66])}, {"v": lambda v: v ^ 1},
            ])  # fmt: skip
        return key.sign(kind, unsigned, named if named and chance.random() < max(calm, 0.9) else None, **changes)


def rlp_number(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def mutants(genesis: bytes, chain_bytes: bytes, keys: list[Key], seed: int):
    """Endless pairs of how a block was made and what is said of it."""
    chain, blocks = Chain(Parameters.from_json(genesis)), list(blocks_of(chain_bytes))
    for encoded in blocks[1:]:
        chain.extend(encoded)
    mutator = Mutator(chain, blocks, keys, random.Random(seed))
    while True:
        made, encoded = mutator.next()
        answer = judged(chain, json.dumps({"block": encoded.hex()}))
        yield {"block": "0x" + encoded.hex(), "made": made, **answer}


def main() -> None:
    parser = argparse.ArgumentParser(prog="coin_verifier.tests.mutants")
    parser.add_argument("genesis", type=Path)
    parser.add_argument("chain", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keys", type=Path)
    given = parser.parse_args()
    keys = list(vars(People()).values())
    if given.keys:
        keys = [Key.of(bytes.fromhex(line.removeprefix("0x"))) for line in given.keys.read_text().split()]
    told = mutants(given.genesis.read_bytes(), given.chain.read_bytes(), keys, given.seed)
    for _ in range(given.count):
        print(json.dumps(next(told)))


if __name__ == "__main__":
    main()
