"""Network parameters and the genesis block: sections 1 and 4."""

import json
import re
from dataclasses import dataclass

from . import rlp, targets
from .blocks import EMPTY_OMMERS, Block, Header, Record
from .hashing import keccak, sha256d
from .trie import EMPTY_ROOT


class BadParameters(ValueError):
    pass


# name: (least, most)
INTEGERS = {
    "format": (1, 1),
    "chain_id": (1, 2**63 - 1),
    "time": (0, 2**32 - 1),
    "spacing": (1, 86_400),
    "half_life": (0, 2**31 - 1),
    "easiest_bits": (0, 2**32 - 1),
    "ahead": (0, 2**31 - 1),
    "subsidy": (0, 2**128 - 1),
    "halving": (1, 2**63 - 1),
    "gas_limit": (21_000, 2**40),
    "byte_limit": (1_024, 2**26),
    "base_fee": (0, 2**63 - 1),
    "reorg_depth": (1, 2**31 - 1),
}
ORDER = (
    "format name chain_id time spacing half_life easiest_bits ahead subsidy halving gas_limit byte_limit base_fee reorg_depth specs accounts"
).split()


@dataclass(frozen=True)
class Parameters:
    format: int
    name: str
    chain_id: int
    time: int
    spacing: int
    half_life: int
    easiest_bits: int
    ahead: int
    subsidy: int
    halving: int
    gas_limit: int
    byte_limit: int
    base_fee: int
    reorg_depth: int
    specs: tuple[tuple[int, str], ...]
    accounts: tuple[tuple[bytes, int, bytes], ...]

    def __post_init__(self):
        for name, (least, most) in INTEGERS.items():
            if not least <= getattr(self, name) <= most:
                raise BadParameters(f"{name} is {getattr(self, name)}, not from {least} to {most}")
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", self.name):
            raise BadParameters(f"{self.name!r} is no name of a network")
        easiest = targets.expand(self.easiest_bits)
        if easiest is None or targets.compact(easiest) != self.easiest_bits:
            raise BadParameters(f"easiest_bits {self.easiest_bits:#010x} is not canonical")
        heights = [height for height, _ in self.specs]
        if heights[:1] != [0] or any(a >= b for a, b in zip(heights, heights[1:])):
            raise BadParameters("the heights of specs do not ascend from 0")
        if any(not 0 <= height < 2**64 or name != "osaka" for height, name in self.specs):
            raise BadParameters("specs name another than osaka")
        addresses = [address for address, _, _ in self.accounts]
        if any(len(address) != 20 for address in addresses) or any(a >= b for a, b in zip(addresses, addresses[1:])):
            raise BadParameters("the addresses of accounts do not ascend")
        if any(balance < 0 or not (balance or code) for _, balance, code in self.accounts):
            raise BadParameters("an account has neither balance nor code")
        if self.first_supply() + self.schedule() >= 2**127:
            raise BadParameters("first balances and all subsidies come to 2^127 or more")

    @classmethod
    def from_json(cls, text: str | bytes) -> "Parameters":
        try:
            members = json.loads(text, object_pairs_hook=_no_name_twice)
            if not isinstance(members, dict) or set(members) != set(ORDER):
                raise BadParameters("the members are not those of section 1")
            given = {name: _integer(members[name], name) for name in INTEGERS if name != "easiest_bits"}
            given["easiest_bits"] = int.from_bytes(_hexadecimal(members["easiest_bits"], 4), "big")
            given["specs"] = tuple((_integer(height, "height"), name) for height, name in members["specs"])
            given["accounts"] = tuple(_account(account) for account in members["accounts"])
            return cls(name=members["name"], **given)
        except (TypeError, ValueError) as error:
            raise error if isinstance(error, BadParameters) else BadParameters(str(error)) from error

    def to_json(self) -> str:
        members = {name: getattr(self, name) for name in ORDER}
        members["easiest_bits"] = f"{self.easiest_bits:#010x}"
        members["specs"] = [list(spec) for spec in self.specs]
        members["accounts"] = [
            {"address": "0x" + address.hex(), "balance": balance} | ({"code": "0x" + code.hex()} if code else {})
            for address, balance, code in self.accounts
        ]
        return json.dumps(_great_as_text(members), indent=2) + "\n"

    def canonical(self) -> bytes:
        values = [getattr(self, name) for name in ORDER]
        values[1] = self.name.encode()
        values[14] = [[height, name.encode()] for height, name in self.specs]
        return rlp.encode(values)

    def hash(self) -> bytes:
        return keccak(self.canonical())

    def first_supply(self) -> int:
        return sum(balance for _, balance, _ in self.accounts)

    def schedule(self) -> int:
        """All subsidies for ever."""
        return self.halving * sum(self.subsidy >> shift for shift in range(128))

    def subsidy_of(self, number: int) -> int:
        """What block `number` creates; the genesis block creates nothing."""
        if number == 0:
            return 0
        shift = (number - 1) // self.halving
        return 0 if shift > 127 else self.subsidy >> shift

    def spec_at(self, number: int) -> str:
        return [name for height, name in self.specs if height <= number][-1]

    def genesis(self, state_root: bytes) -> Block:
        target = targets.expand(self.easiest_bits)
        record = Record(
            parent_hash=bytes(32),
            ommers_hash=EMPTY_OMMERS,
            miner=bytes(20),
            state_root=state_root,
            transactions_root=EMPTY_ROOT,
            receipts_root=EMPTY_ROOT,
            logs_bloom=bytes(256),
            difficulty=targets.work(target),
            number=0,
            gas_limit=self.gas_limit,
            gas_used=0,
            timestamp=self.time,
            extra_data=self.hash(),
            mix_hash=keccak(bytes(32)),
            nonce=bytes(8),
            base_fee=self.base_fee,
        )
        header = Header(1, bytes(32), sha256d(record.encoded()), self.time, self.easiest_bits, 0)
        return Block(header, record, ())


def _no_name_twice(pairs: list) -> dict:
    if len({name for name, _ in pairs}) != len(pairs):
        raise BadParameters("a member stands twice")
    return dict(pairs)


def _account(given: dict) -> tuple[bytes, int, bytes]:
    if not isinstance(given, dict) or not {"address", "balance"} <= set(given) <= {"address", "balance", "code"}:
        raise BadParameters("an account has an address, a balance and perhaps code")
    return _hexadecimal(given["address"], 20), _integer(given["balance"], "balance"), _hexadecimal(given.get("code", "0x"))


def _integer(value, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 2**53:
        return value
    if isinstance(value, str) and re.fullmatch(r"0|[1-9][0-9]*", value):
        return int(value)
    raise BadParameters(f"{name} is no integer up to 2^53, nor decimal text")


def _hexadecimal(value, size: int | None = None) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(r"0x(?:[0-9a-fA-F]{2})*", value):
        raise BadParameters(f"{value!r} is no 0x hexadecimal text")
    decoded = bytes.fromhex(value[2:])
    if size is not None and len(decoded) != size:
        raise BadParameters(f"{value!r} has not {size} bytes")
    return decoded


def _great_as_text(value):
    if isinstance(value, dict):
        return {name: _great_as_text(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_great_as_text(member) for member in value]
    return str(value) if isinstance(value, int) and value > 2**53 else value
