"""Header, record and block: sections 2, 4 and 5."""

import struct
from dataclasses import dataclass, replace
from functools import cached_property

from . import rlp
from .hashing import keccak, sha256d

EMPTY_OMMERS = keccak(rlp.encode([]))
HEADER = struct.Struct("<I32s32sIII")


@dataclass(frozen=True)
class Header:
    version: int
    previous: bytes
    commitment: bytes
    time: int
    bits: int
    nonce: int

    @classmethod
    def decode(cls, encoded: bytes) -> "Header":
        return cls(*HEADER.unpack(encoded))

    def encoded(self) -> bytes:
        return HEADER.pack(self.version, self.previous, self.commitment, self.time, self.bits, self.nonce)

    @cached_property
    def hash(self) -> bytes:
        """The proof-of-work hash, as hashed."""
        return sha256d(self.encoded())

    def proof(self) -> int:
        return int.from_bytes(self.hash, "little")


def shown(proof_hash: bytes) -> str:
    """As Bitcoin shows hashes."""
    return proof_hash[::-1].hex()


@dataclass(frozen=True)
class Record:
    parent_hash: bytes
    ommers_hash: bytes
    miner: bytes
    state_root: bytes
    transactions_root: bytes
    receipts_root: bytes
    logs_bloom: bytes
    difficulty: int
    number: int
    gas_limit: int
    gas_used: int
    timestamp: int
    extra_data: bytes
    mix_hash: bytes
    nonce: bytes
    base_fee: int

    @classmethod
    def from_item(cls, item: rlp.Item) -> "Record":
        values = rlp.items(item, 16)
        hashes = [rlp.fixed(values[i], size) for i, size in enumerate((32, 32, 20, 32, 32, 32, 256))]
        integers = [rlp.integer(value) for value in values[7:12]]
        return cls(
            *hashes, *integers, rlp.text(values[12]), rlp.fixed(values[13], 32), rlp.fixed(values[14], 8), rlp.integer(values[15])
        )

    def encoded(self) -> bytes:
        return rlp.encode([getattr(self, name) for name in self.__dataclass_fields__])

    @cached_property
    def hash(self) -> bytes:
        return keccak(self.encoded())

    def has_wide_integers(self) -> bool:
        """Whether an integer needs more than the 8 bytes (difficulty: 32) that Ethereum's clients give it."""
        return self.difficulty >> 256 > 0 or any(
            value >> 64 for value in (self.number, self.gas_limit, self.gas_used, self.timestamp, self.base_fee)
        )


@dataclass(frozen=True)
class Block:
    header: Header
    record: Record
    envelopes: tuple[bytes, ...]

    @classmethod
    def decode(cls, encoded: bytes) -> "Block":
        """Of what follows the first byte. Raises `NotCanonical`."""
        if len(encoded) < 80:
            raise rlp.NotCanonical("the header is cut off")
        record, envelopes = rlp.items(rlp.decode(encoded[80:]), 2)
        block = cls(
            Header.decode(encoded[:80]),
            Record.from_item(record),
            tuple(rlp.text(envelope) for envelope in rlp.items(envelopes)),
        )
        if block.encoded()[1:] != encoded:
            raise rlp.NotCanonical("it encodes to other bytes")
        return block

    def encoded(self) -> bytes:
        return b"\x01" + self.header.encoded() + rlp.encode([rlp.decode(self.record.encoded()), list(self.envelopes)])

    def with_record(self, **changes) -> "Block":
        return replace(self, record=replace(self.record, **changes))
