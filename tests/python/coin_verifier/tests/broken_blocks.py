"""Blocks upon the chain of `python_chain.py` that break one rule each, and a few that come close and break none.

Kept as `tests/vectors/coin/broken_blocks.json`. Run as a program, writes it anew.
"""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass

from coin_verifier import rlp, targets
from coin_verifier.blocks import Block
from coin_verifier.execution import U256, Account, Address, Uint
from coin_verifier.hashing import keccak
from coin_verifier.transactions import GROUP_ORDER
from coin_verifier.trie import ordered_root

from . import contracts
from .builder import GAS_PRICE, Builder, Key, proven, sealed
from .python_chain import VECTORS, P256, People, build

MINER, PAYEE = b"\x33" * 20, b"\x44" * 20


@dataclass(frozen=True)
class Case:
    name: str  # rule, or `valid`, then what is done
    rule: str | None
    block: bytes


class Cases:
    def __init__(self):
        self.people = People()
        self.builder: Builder = build(self.people)
        self.chain_id = self.builder.parameters.chain_id
        self.nonces = {key: key.nonce for key in vars(self.people).values()}

    def all(self) -> list[Case]:
        cases = []
        for name, block in [*self.seals(), *self.headers(), *self.records(), *self.transactions(), *self.places(), *self.executions()]:
            rule = name.split("/")[0]
            encoded = block.encoded() if isinstance(block, Block) else block
            cases.append(Case(name, None if rule == "valid" else rule, encoded))
        return cases

    def good(self, envelopes: list[bytes] | None = None, **others) -> Block:
        return sealed(self.builder.draft(self.three() if envelopes is None else envelopes, MINER, **others))

    def three(self) -> list[bytes]:
        """A transfer of each type."""
        self.rewind()
        return [self.people.alice.pay(self.chain_id, kind, PAYEE, 1 + kind) for kind in (0, 1, 2)]

    def rewind(self) -> None:
        for key, nonce in self.nonces.items():
            key.nonce = nonce

    def seals(self) -> Iterator[tuple[str, Block | bytes]]:
        good = self.good()
        encoded = good.encoded()
        yield "valid/three_transfers", good
        yield "valid/nothing_in_it", self.good([])
        yield "valid/extra_data_of_32", self.good(extra_data=b"\x5a" * 32)
        yield "seal_version/0", b"\0" + encoded[1:]
        yield "seal_version/2", b"\x02" + encoded[1:]
        yield "seal_version/empty", b""
        self.rewind()
        long = self.people.alice.pay(self.chain_id, 2, PAYEE, payload=bytes(52_000), gas=800_000)
        yield "byte_limit/one_long_payload", self.good([long])
        self.rewind()
        fits = 52_000 - len(self.good([self.people.alice.pay(self.chain_id, 2, PAYEE, payload=bytes(51_000), gas=800_000)]).encoded())
        self.rewind()
        filled = self.good([self.people.alice.pay(self.chain_id, 2, PAYEE, payload=bytes(51_000 + fits), gas=800_000)])
        assert len(filled.encoded()) == 52_000
        yield "valid/exactly_byte_limit", filled
        yield "encoding/a_byte_follows", encoded + b"\0"
        yield "encoding/cut_off", encoded[:-1]
        yield "encoding/header_alone", encoded[:81]
        yield "encoding/header_cut_off", encoded[:50]
        record, envelopes = rlp.decode(encoded[81:])
        head = encoded[:81]
        for name, items in {
            "three_parts": [record, envelopes, []],
            "transactions_missing": [record],
            "record_of_15": [record[:15], envelopes],
            "record_of_17": [[*record, b""], envelopes],
            "transaction_as_list": [record, [rlp.decode(envelopes[0]), *envelopes[1:]]],
            "transactions_as_bytes": [record, rlp.encode(envelopes)],
            "number_as_list": [[*record[:8], [record[8]], *record[9:]], envelopes],
            "number_with_a_zero_before": [[*record[:8], b"\0" + record[8], *record[9:]], envelopes],
            "miner_of_19": [[*record[:2], record[2][1:], *record[3:]], envelopes],
            "bloom_of_255": [[*record[:6], record[6][1:], *record[7:]], envelopes],
            "nonce_of_7": [[*record[:14], bytes(7), record[15]], envelopes],
            "mix_hash_of_33": [[*record[:13], record[13] + b"\0", *record[14:]], envelopes],
        }.items():
            yield f"encoding/{name}", head + rlp.encode(items)
        body = encoded[81:]
        size = int.from_bytes(body[1:3], "big")
        assert body[0] == 0xF9
        yield "encoding/length_with_a_zero_before", head + b"\xfa\0" + body[1:]
        yield "encoding/length_too_great", head + b"\xf9" + (size + 1).to_bytes(2, "big") + body[3:]
        # The difficulty, a byte below 0x80, with a prefix that it does not need.
        at = body.index(rlp.encode(record[6])) + 259
        assert body[at : at + 1] == record[7] and len(record[7]) == 1
        yield "encoding/byte_with_a_prefix", head + body.replace(
            rlp.encode(record[6]) + record[7], rlp.encode(record[6]) + b"\x81" + record[7]
        ).replace(body[:6], b"\xf9" + (size + 1).to_bytes(2, "big") + b"\xf9" + (int.from_bytes(body[4:6], "big") + 1).to_bytes(2, "big"), 1)

    def headers(self) -> Iterator[tuple[str, Block | bytes]]:
        good = self.good()
        for version in (0, 2, 0x20000000):
            yield f"header_version/{version:#x}", sealed(good, version=version)
        for bits in (0x20800000, 0x20FFFFFF, 0, 0x00123456, 0x20000000, 0x22010000, 0xFF123456):
            yield f"bits_invalid/{bits:#010x}", sealed(good, bits=bits)
        for bits in (0x2100FFFF, 0x21007FFF + 1):
            yield f"bits_easier_than_easiest/{bits:#010x}", sealed(good, bits=bits)
        yield "proof_of_work/too_great", proven(good, proves=False)
        yield "commitment/one_bit", sealed(good, commitment=bytes([good.header.commitment[0] ^ 1]) + good.header.commitment[1:])
        yield "commitment/hash_once", sealed(good, commitment=keccak(good.record.encoded()))
        for step in (1, -1):
            yield f"time_mismatch/{step:+d}", sealed(good, time=good.header.time + step)

    def records(self) -> Iterator[tuple[str, Block | bytes]]:
        good = self.good()
        record = good.record
        for name, changes in {
            "ommers_hash/zeros": {"ommers_hash": bytes(32)},
            "record_nonce/1": {"nonce": bytes(7) + b"\x01"},
            "gas_limit/one_more": {"gas_limit": record.gas_limit + 1},
            "gas_limit/one_less": {"gas_limit": record.gas_limit - 1},
            "base_fee/one_more": {"base_fee": record.base_fee + 1},
            "base_fee/zero": {"base_fee": 0},
            "difficulty_field/one_more": {"difficulty": record.difficulty + 1},
            "difficulty_field/zero": {"difficulty": 0},
            "extra_data_length/33": {"extra_data": bytes(33)},
            "gas_used_over_limit/one_more": {"gas_used": record.gas_limit + 1},
            "mix_hash/zeros": {"mix_hash": bytes(32)},
            "mix_hash/of_the_record": {"mix_hash": keccak(record.parent_hash)},
            "transactions_root/another_order": {"transactions_root": ordered_root(list(good.envelopes[::-1]))},
            "transactions_root/empty": {"transactions_root": ordered_root([])},
        }.items():
            yield name, sealed(good.with_record(**changes))
        yield "transactions_root/one_missing", sealed(dataclasses.replace(good, envelopes=good.envelopes[:2]))
        yield "transactions_root/of_what_breaks_rules", sealed(dataclasses.replace(good, envelopes=(*good.envelopes, b"\x03")))

    def transactions(self) -> Iterator[tuple[str, Block | bytes]]:
        self.rewind()
        alice, chain_id = self.people.alice, self.chain_id
        nonce = alice.nonce
        legacy = [nonce, GAS_PRICE, 21_000, PAYEE, 1, b""]
        priced = [chain_id, nonce, GAS_PRICE, 21_000, PAYEE, 1, b"", []]
        market = [chain_id, nonce, GAS_PRICE, 2 * GAS_PRICE, 21_000, PAYEE, 1, b"", []]

        def changed(items: list, **at) -> list:
            return [at.get(f"_{index}", item) for index, item in enumerate(items)]

        def of(*envelopes: bytes) -> Block:
            return self.good(list(envelopes))

        signed = alice.sign(2, market, None)
        assert alice.sign(0, legacy, chain_id) == alice.pay(chain_id, 0, PAYEE, 1)
        yield "valid/fees_alike", of(alice.sign(2, changed(market, _2=2 * GAS_PRICE), None))
        yield "tx_type/3", of(b"\x03" + signed[1:])
        yield "tx_type/4", of(b"\x04" + signed[1:])
        yield "tx_type/0", of(b"\x00" + signed[1:])
        yield "tx_type/0x7f", of(b"\x7f" + signed[1:])
        yield "tx_type/3_alone", of(b"\x03")
        yield "tx_encoding/a_byte_follows", of(signed + b"\0")
        yield "tx_encoding/type_alone", of(b"\x02")
        yield "tx_encoding/one_missing", of(b"\x02" + rlp.encode(rlp.decode(signed[1:])[:-1]))
        yield "tx_encoding/one_more", of(b"\x01" + signed[1:])
        yield "tx_encoding/nonce_with_a_zero_before", of(alice.sign(2, changed(market, _1=b"\0" + bytes([nonce])), None))
        yield "tx_encoding/to_of_19", of(alice.sign(2, changed(market, _5=PAYEE[1:]), None))
        yield "tx_encoding/to_of_21", of(alice.sign(0, changed(legacy, _3=PAYEE + b"\0"), chain_id))
        yield "tx_encoding/value_of_33", of(alice.sign(1, changed(priced, _5=1 << 256), None))
        yield "tx_encoding/payload_as_list", of(alice.sign(1, changed(priced, _6=[]), None))
        yield "tx_encoding/slot_of_31", of(alice.sign(1, changed(priced, _3=50_000, _7=[[PAYEE, [bytes(31)]]]), None))
        yield "tx_encoding/access_of_three", of(alice.sign(1, changed(priced, _3=50_000, _7=[[PAYEE, [], []]]), None))
        yield "tx_encoding/fee_of_2^128", of(alice.sign(2, changed(market, _3=1 << 128), None))
        yield "tx_encoding/priority_of_2^128", of(alice.sign(2, changed(market, _2=1 << 128), None))
        yield "tx_encoding/price_of_2^128", of(alice.sign(0, changed(legacy, _1=1 << 128), chain_id))
        yield "tx_encoding/parity_of_2", of(alice.sign(2, market, None, v=2))
        yield "tx_unprotected/27_or_28", of(alice.sign(0, legacy, None))
        yield "tx_chain_id/legacy", of(alice.sign(0, legacy, chain_id + 1))
        yield "tx_chain_id/1", of(alice.sign(1, changed(priced, _0=chain_id - 1), None))
        yield "tx_chain_id/2", of(alice.sign(2, changed(market, _0=0), None))
        yield "tx_nonce_max/2^64-1", of(alice.sign(2, changed(market, _1=2**64 - 1), None))
        yield "tx_gas_cap/one_more", of(alice.sign(2, changed(market, _4=16_777_217), None))
        yield "valid/gas_cap", of(alice.sign(2, changed(market, _4=16_777_216), None))
        yield "tx_intrinsic_gas/transfer", of(alice.sign(0, changed(legacy, _2=20_999), chain_id))
        slots = [[PAYEE, [bytes(32), b"\x01" * 32]]]
        yield "valid/access_list", of(alice.sign(1, changed(priced, _3=27_200, _7=slots), None))
        yield "tx_intrinsic_gas/access_list", of(alice.sign(1, changed(priced, _3=27_199, _7=slots), None))
        payload = b"\x01\x00" * 10  # 50 tokens: 21,200 to begin with, 21,500 at least
        yield "valid/floor", of(alice.sign(2, changed(market, _4=21_500, _7=payload), None))
        yield "tx_intrinsic_gas/floor", of(alice.sign(2, changed(market, _4=21_499, _7=payload), None))
        init = bytes(33)  # 53,000 + 33 · 4 + 2 words · 2
        yield "valid/creation", of(alice.sign(2, changed(market, _4=53_136, _5=b"", _7=init), None))
        yield "tx_intrinsic_gas/creation", of(alice.sign(2, changed(market, _4=53_135, _5=b"", _7=init), None))
        yield "valid/init_code_of_49152", of(alice.sign(2, changed(market, _4=1_000_000, _5=b"", _7=bytes(49_152)), None))
        yield "tx_init_code/49153", of(alice.sign(2, changed(market, _4=1_000_000, _5=b"", _7=bytes(49_153)), None))
        yield "tx_priority_over_max/one_more", of(alice.sign(2, changed(market, _2=2 * GAS_PRICE + 1), None))

        def other(s: int) -> int:
            return GROUP_ORDER - s

        def flipped(v: int) -> int:
            return v ^ 1 if v < 2 else v + (1 if v % 2 else -1)

        yield "tx_high_s/mirrored_2", of(alice.sign(2, market, None, s=other, v=flipped))
        yield "tx_high_s/mirrored_legacy", of(alice.sign(0, legacy, chain_id, s=other, v=flipped))
        yield "tx_high_s/just_above", of(alice.sign(1, priced, None, s=GROUP_ORDER // 2 + 1))
        no_point = next(r for r in range(1, 100) if not is_square(r**3 + 7))
        yield "tx_signature/r_is_no_point", of(alice.sign(2, market, None, r=no_point))
        yield "tx_signature/r_is_zero", of(alice.sign(2, market, None, r=0))
        yield "tx_signature/s_is_zero", of(alice.sign(0, legacy, chain_id, s=0))
        yield "tx_signature/r_is_the_order", of(alice.sign(1, priced, None, r=GROUP_ORDER))
        # Forms come before signatures: the second one's form is named, not the first one's signature.
        yield "tx_chain_id/after_a_bad_signature", of(alice.sign(2, market, None, r=0), alice.sign(0, legacy, chain_id + 1))

    def places(self) -> Iterator[tuple[str, Block | bytes]]:
        good = self.good()
        record, header = good.record, good.header
        stranger = keccak(b"nobody's block")
        yield "parent_unknown/stranger", sealed(good.with_record(mix_hash=keccak(stranger)), previous=stranger)
        yield "parent_unknown/shown_the_other_way", sealed(
            good.with_record(mix_hash=keccak(header.previous[::-1])), previous=header.previous[::-1]
        )
        yield "record_parent/zeros", sealed(good.with_record(parent_hash=bytes(32)))
        yield "record_parent/proof_hash", sealed(good.with_record(parent_hash=header.previous))
        for step in (1, -1):
            yield f"number/{step:+d}", sealed(good.with_record(number=record.number + step))
        yield "time_not_above_parent/equal", self.good(seconds=0)
        yield "time_not_above_parent/below", self.good(seconds=-1)
        yield "valid/a_second_later", self.good(seconds=1)
        yield "time_too_far_ahead/the_last_second", self.good(seconds=2**32 - 1 - (record.timestamp - 10))
        harder = targets.compact(targets.expand(header.bits) - (1 << 240))
        yield "bits_wrong/harder", sealed(good.with_record(difficulty=targets.work(targets.expand(harder))), bits=harder)
        tenth = self.builder.chain.tip.parent.parent
        elsewhere = self.builder.draft([], MINER, parent=tenth)
        yield "valid/beside_the_eleventh", sealed(elsewhere)
        ninth = tenth.parent
        fast = self.builder.draft([], MINER, seconds=1, parent=ninth)
        easiest = self.builder.parameters.easiest_bits
        assert fast.header.bits != easiest
        yield "valid/beside_the_tenth", sealed(fast)
        yield "bits_wrong/easiest_too_early", sealed(
            fast.with_record(difficulty=targets.work(targets.expand(easiest))), bits=easiest
        )
        target = targets.expand(fast.header.bits)
        loose = (fast.header.bits >> 24) + 1 << 24 | (fast.header.bits & 0xFFFFFF) >> 8
        if targets.expand(loose) == target:
            yield "bits_wrong/not_canonical", sealed(fast, bits=loose)

    def executions(self) -> Iterator[tuple[str, Block | bytes]]:
        self.rewind()
        alice, bob, chain_id = self.people.alice, self.people.bob, self.chain_id
        nonce = alice.nonce

        def pay(key=alice, kind=2, to=PAYEE, value=1, at=None, **others) -> bytes:
            key.nonce = self.nonces[key] if at is None else at
            return key.pay(chain_id, kind, to, value, **others)

        yield "tx_nonce/too_high", self.good([pay(at=nonce + 1)])
        yield "tx_nonce/too_low", self.good([pay(at=nonce - 1)])
        yield "tx_nonce/twice_the_same", self.good([pay(), pay()])
        yield "tx_nonce/mined_before", self.good([self.builder.chain.tip.block.envelopes[1]])
        yield "tx_fee_below_base/2", self.good([pay(maxFeePerGas=6, maxPriorityFeePerGas=6)])
        yield "tx_fee_below_base/legacy", self.good([pay(kind=0, gasPrice=6)])
        yield "valid/fee_at_base", self.good([pay(maxFeePerGas=7, maxPriorityFeePerGas=0), pay(kind=0, gasPrice=7, at=nonce + 1)])
        has = int(self.builder.chain.tip.state.accounts[alice.address].balance)
        fee = 21_000 * 3 * GAS_PRICE
        yield "valid/all_that_it_may_spend", self.good([pay(value=has - fee)])
        yield "tx_balance/one_more", self.good([pay(value=has - fee + 1)])
        yield "tx_balance/2^256-1", self.good([pay(value=2**256 - 1)])
        yield "tx_balance/greatest_fee", self.good([pay(value=0, maxFeePerGas=2**128 - 1)])
        yield "tx_balance/no_account", self.good([self.stranger_pays()])
        yield "tx_sender_has_code/dave", self.good([pay(key=self.people.dave, at=1)])
        yield "tx_sender_has_code/erin_who_delegates", self.good([pay(key=self.people.erin, at=1)])
        burns = pay(kind=0, to=b"", value=0, payload=b"\xfe", gas=16_000_000)
        yield "valid/gas_to_the_last", self.good([burns, pay(at=nonce + 1, gas=4_000_000)])
        yield "tx_gas_over_block/one_more", self.good([burns, pay(at=nonce + 1, gas=4_000_001)])
        logs = pay(to=bytes.fromhex("c0de" * 10), gas=300_000)
        good = self.good([logs, pay(at=nonce + 1)])
        record = good.record
        assert any(record.logs_bloom)
        for name, changes in {
            "gas_used/one_more": {"gas_used": record.gas_used + 1},
            "gas_used/zero": {"gas_used": 0},
            "receipts_root/empty": {"receipts_root": ordered_root([])},
            "receipts_root/parent's": {"receipts_root": self.builder.chain.tip.block.record.receipts_root},
            "logs_bloom/empty": {"logs_bloom": bytes(256)},
            "logs_bloom/all": {"logs_bloom": b"\xff" * 256},
            "state_root/parent's": {"state_root": self.builder.chain.tip.block.record.state_root},
            "state_root/zeros": {"state_root": bytes(32)},
            "state_root/another_miner's": {"miner": b"\x55" * 20},
        }.items():
            # Who mines shows in what the contract sees: take a block without it there.
            yield name, sealed((self.good() if "miner" in changes else good).with_record(**changes))
        yield "state_root/a_subsidy_too_much", self.paid_too_much()
        yield "valid/logs", good
        modern = pay(to=b"", value=0, payload=contracts.deploying(contracts.MODERN) + P256, gas=500_000)
        yield "valid/creation_with_more", self.good([modern])

    def stranger_pays(self) -> bytes:
        return Key("someone without a coin").pay(self.chain_id, 2, PAYEE, 0)

    def paid_too_much(self) -> Block:
        """The state that a miner would like: one unit more than it is due."""
        good = self.good([])
        parent = self.builder.chain.tip
        accounts = dict(parent.state.accounts)
        subsidy = self.builder.parameters.subsidy_of(good.record.number)
        accounts[Address(MINER)] = Account(nonce=Uint(0), balance=U256(subsidy), code=b"")
        right = parent.state.followed_by(accounts, parent.state.storage)
        assert right.root() == good.record.state_root
        accounts[Address(MINER)] = Account(nonce=Uint(0), balance=U256(subsidy + 1), code=b"")
        return sealed(good.with_record(state_root=parent.state.followed_by(accounts, parent.state.storage).root()))


def is_square(number: int) -> bool:
    """In the field of secp256k1."""
    prime = 2**256 - 2**32 - 977
    return pow(number, (prime - 1) // 2, prime) in (0, 1)


def document(cases: list[Case]) -> bytes:
    lines = [json.dumps({"name": case.name, "rule": case.rule, "block": "0x" + case.block.hex()}) for case in cases]
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


if __name__ == "__main__":
    (VECTORS / "broken_blocks.json").write_bytes(document(Cases().all()))
