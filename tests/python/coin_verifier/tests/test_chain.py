"""Chains as a whole: what the builder's chain shows, held against the execution specs where they have an opinion."""

import dataclasses
import random

import pytest
from ethereum.forks.osaka import vm
from ethereum.forks.osaka.blocks import Log
from ethereum.forks.osaka.fork import process_transaction
from ethereum.forks.osaka.state import set_account_balance, state_root
from ethereum.forks.osaka.state import get_account as account_of
from ethereum.forks.osaka.transactions import LegacyTransaction, decode_transaction
from ethereum.forks.osaka.trie import Trie as SpecsTrie
from ethereum.forks.osaka.trie import root as specs_root
from ethereum.forks.osaka.trie import trie_set
from ethereum_rlp import rlp as specs_rlp
from ethereum_types.bytes import Bytes, Bytes32
from ethereum_types.numeric import U64, U256, Uint

from coin_verifier import rlp, targets
from coin_verifier.blocks import Block
from coin_verifier.chain import Chain
from coin_verifier.hashing import keccak
from coin_verifier.report import chain_file, verified
from coin_verifier.rules import Broken
from coin_verifier.trie import Trie, ordered_root

from . import contracts
from .builder import COIN, Builder, Key, accounts, parameters, proven, sealed
from .python_chain import VECTORS, WITNESS, People, build, files

PEOPLE = People()
BUILT = build(PEOPLE)


def places():
    place, row = BUILT.chain.tip, []
    while place is not None:
        row.append(place)
        place = place.parent
    return row[::-1]


def test_the_kept_files_are_what_is_built():
    for name, content in files(BUILT).items():
        assert (VECTORS / name).read_bytes() == content, name


def test_it_shows_what_it_should():
    row = places()
    envelopes = [envelope for place in row for envelope in place.block.envelopes]
    assert {min(envelope[0], 0xC0) for envelope in envelopes} == {1, 2, 0xC0}
    assert len({place.block.header.bits for place in row}) > 8
    assert [place.destroyed - place.parent.destroyed for place in row[1:]].count(0) == len(row) - 3
    # Block 5 destroys what a creation was given, and what two children were: 10 - 2 by none, for they were not made yet.
    assert row[5].destroyed == 3 * COIN + 998
    # Block 9: a coin, and the whole fee of its miner that ended.
    ending = row[9].block.record
    price = 10**9 + 7
    assert row[9].destroyed - row[8].destroyed == COIN + ending.gas_used * price
    assert int(row[9].state.accounts[ending.miner].balance) == BUILT.parameters.subsidy_of(9)
    assert [BUILT.parameters.subsidy_of(n) * 2 // COIN for n in (0, 1, 4, 5, 8, 9, 12)] == [0, 100, 100, 50, 50, 25, 25]
    assert any(any(place.block.record.logs_bloom) for place in row)


def test_all_balances_together_are_what_was_issued_less_what_was_destroyed():
    for place in places():
        balances = sum(int(account.balance) for account in place.state.accounts.values())
        assert balances == BUILT.parameters.first_supply() + place.issued - place.destroyed == place.state.supply


def test_the_witness_saw_the_block():
    place = places()[3]
    record, slots = place.block.record, {int.from_bytes(slot, "big"): int(value) for slot, value in place.state.storage[WITNESS].items()}

    def number(octets: bytes) -> int:
        return int.from_bytes(octets, "big")

    alice = PEOPLE.alice.address
    before = place.parent
    expected = {
        0: 1, 1: number(record.miner), 2: record.timestamp, 3: 3, 4: number(keccak(place.block.header.previous)), 5: 20_000_000,
        6: 1_234_567, 7: 7, 8: 1, 9: number(before.block.record.hash), 11: number(before.parent.block.record.hash), 12: 10**9 + 7,
        13: number(alice), 14: 77, 16: number(BUILT.chain.genesis.block.record.hash),
    }  # fmt: skip
    assert {slot: value for slot, value in slots.items() if slot != 15} == expected
    # Erin's code delegates to the witness (EIP-7702): the calls are counted in her own storage.
    erin = places()[11].state.storage[PEOPLE.erin.address]
    assert int(erin[Bytes32(bytes(32))]) == 1


def test_the_specs_agree_on_transactions_receipts_and_state():
    """The same blocks through the specs' own `process_transaction`, the base fee given to the miner after each."""
    for place in places()[1:]:
        record, state = place.block.record, place.parent.state._for_the_specs()
        env = vm.BlockEnvironment(
            chain_id=U64(BUILT.parameters.chain_id), state=state, block_gas_limit=Uint(record.gas_limit),
            block_hashes=[Bytes32(ancestor) for ancestor in place.parent.ancestors()], coinbase=vm.Address(record.miner),
            number=Uint(record.number), base_fee_per_gas=Uint(record.base_fee), time=U256(record.timestamp),
            prev_randao=Bytes32(record.mix_hash), excess_blob_gas=U64(0), parent_beacon_block_root=Bytes32(bytes(32)),
        )  # fmt: skip
        output = vm.BlockOutput()

        def to_the_miner(amount: int) -> None:
            set_account_balance(state, env.coinbase, account_of(state, env.coinbase).balance + U256(amount))

        for index, envelope in enumerate(place.block.envelopes):
            used = output.block_gas_used
            legacy = envelope[0] >= 0xC0
            transaction = specs_rlp.decode_to(LegacyTransaction, envelope) if legacy else decode_transaction(Bytes(envelope))
            process_transaction(env, output, transaction, Uint(index))
            to_the_miner(record.base_fee * int(output.block_gas_used - used))
        if BUILT.parameters.subsidy_of(record.number):
            to_the_miner(BUILT.parameters.subsidy_of(record.number))
        if record.number == 9:
            # Here the miner ends with the transaction: the base fee given afterwards, as done above, is not destroyed with it.
            to_the_miner(0)
            balance = account_of(state, env.coinbase).balance
            set_account_balance(state, env.coinbase, balance - U256(record.base_fee * record.gas_used))
        assert int(output.block_gas_used) == record.gas_used
        assert specs_root(output.transactions_trie) == record.transactions_root
        assert specs_root(output.receipts_trie) == record.receipts_root
        assert vm_bloom(output.block_logs) == record.logs_bloom
        assert state_root(state) == record.state_root, record.number


def vm_bloom(logs: tuple[Log, ...]) -> bytes:
    """A bloom by hand (Yellow Paper, 4.4.1), beside the specs' that the verifier uses."""
    bloom = 0
    for log in logs:
        for entry in (log.address, *log.topics):
            digest = keccak(entry)
            for at in (0, 2, 4):
                bloom |= 1 << (int.from_bytes(digest[at : at + 2], "big") & 2047)
    return bloom.to_bytes(256, "big")


def test_the_trie_is_the_specs_one():
    chance = random.Random(7)
    for _ in range(60):
        ours, theirs = Trie(), SpecsTrie(secured=False, default=b"")
        width, count = chance.choice([1, 2, 3, 32]), chance.choice([1, 5, 60])
        snapshot = None
        for step in range(count):
            key = bytes(chance.randrange(4 if width > 1 else 256) for _ in range(width)) if width < 32 else chance.randbytes(32)
            value = chance.randbytes(chance.choice([1, 5, 31, 32, 40])) if chance.random() < 0.7 else b""
            ours = ours.with_item(key, value)
            trie_set(theirs, Bytes(key), Bytes(value))
            if step == count // 2:
                snapshot = ours, ours.root()
        assert ours.root() == specs_root(theirs)
        assert snapshot[0].root() == snapshot[1]
    values = [chance.randbytes(chance.randrange(1, 90)) for _ in range(300)]
    theirs = SpecsTrie(secured=False, default=None)
    for index, value in enumerate(values):
        trie_set(theirs, specs_rlp.encode(Uint(index)), Bytes(value))
    assert ordered_root(values) == specs_root(theirs)


def test_rlp_of_noise_is_refused_or_kept():
    chance = random.Random(8)
    kept = 0
    for _ in range(20_000):
        noise = bytes(chance.choice([0, 1, 0x7F, 0x80, 0x81, 0x82, 0xB7, 0xB8, 0xBF, 0xC0, 0xC1, 0xC3, 0xF7, 0xF8, 0xFF]) for _ in range(chance.randrange(9)))
        try:
            item = rlp.decode(noise)
        except rlp.NotCanonical:
            continue
        assert rlp.encode(item) == noise
        kept += 1
    assert kept > 1_000


def test_lists_in_lists_end_no_interpreter():
    nested = b"\xc0"
    while len(nested) < 100_000:
        nested = rlp._prefix(len(nested), 0xC0) + nested
    depth, item = 0, rlp.decode(nested)
    while item:
        item, depth = item[0], depth + 1
    assert depth > 20_000


def test_every_block_decodes_to_itself():
    for encoded in BUILT.blocks:
        assert Block.decode(encoded[1:]).encoded() == encoded


def test_a_fault_is_reported_with_its_place():
    blocks = list(BUILT.blocks)
    blocks[4] = blocks[4][:-1] + bytes([blocks[4][-1] ^ 1])
    report = verified(Chain(BUILT.parameters), chain_file(blocks))
    assert (report["valid"], report["fault"]["index"], report["fault"]["rule"], report["blocks"]) == (False, 4, "transactions_root", 4)
    other = dataclasses.replace(BUILT.parameters, reorg_depth=999)
    assert verified(Chain(other), chain_file(blocks))["fault"] == {
        "index": 0, "rule": "genesis", "detail": "the first block is not the one of these parameters",
    }  # fmt: skip


def test_the_tip_has_the_most_work_and_of_equals_was_first():
    builder = Builder(parameters())
    miner = b"\x01" * 20
    first = builder.mine([], miner, 10, b"first")
    second = sealed(builder.draft([], miner, 10, b"second", parent=builder.chain.genesis)).encoded()
    beside = builder.chain.extend(second)
    assert builder.chain.tip is first and beside.work == first.work
    longer = builder.chain.extend(sealed(builder.draft([], miner, 10, parent=beside)).encoded())
    assert builder.chain.tip is longer and len(builder.chain) == 4
    known = builder.chain.extend(second)
    assert known.work == beside.work and len(builder.chain) == 4


def test_time_ahead_goes_by_the_clock():
    builder = Builder(parameters(ahead=60))
    block = sealed(builder.draft([], b"\x01" * 20, 100)).encoded()
    with pytest.raises(Broken) as broken:
        builder.chain.judged(block, now=1_700_000_039)
    assert broken.value.rule == "time_too_far_ahead"
    builder.chain.judged(block, now=1_700_000_040)
    free = Builder(parameters(ahead=0))
    free.chain.judged(sealed(free.draft([], b"\x01" * 20, 2**32 - 1 - 1_700_000_000)).encoded(), now=0)


def test_bits_must_be_canonical():
    builder = Builder(parameters(easiest_bits=0x20010000))
    good = builder.draft([], b"\x01" * 20)
    assert targets.expand(0x21000100) == targets.expand(0x20010000)
    with pytest.raises(Broken) as broken:
        builder.chain.judged(sealed(good, bits=0x21000100).encoded())
    assert broken.value.rule == "bits_wrong"
    builder.chain.judged(sealed(good).encoded())


def test_a_night_without_miners_counts_two_half_lives():
    builder = Builder(parameters(half_life=100))
    miner = b"\x01" * 20
    builder.mine([], miner, 4_000)  # before block 1 no gap counts
    for _ in range(60):
        builder.mine([], miner, 1)
    chain = builder.chain
    assert (chain.tip.number, chain.tip.elapsed) == (61, 60)
    night = builder.mine([], miner, 54_000)
    assert night.elapsed == 60 + 200
    # 260 s for 61 gaps of 10 s: 3.5 half-lives too fast.
    assert chain.bits_after(night) == targets.bits_demanded(0x207FFFFF, 10, 100, 63, 260)
    easiest = targets.expand(0x207FFFFF)
    ratio = targets.expand(chain.bits_after(night)) / easiest
    assert abs(ratio / 2**-3.5 - 1) < 0.001


def test_difficulty_is_exact_at_the_limits():
    most = 2**32
    for elapsed, wished, half_life in [(0, 86_400 * most, 1), (0, 86_400 * most, 2**31 - 1), (2 * most, 1, 1), (7, 8, 2**31 - 1), (8, 7, 2**31 - 1)]:
        target = targets.asert(1 << 255, elapsed, wished, half_life, (1 << 256) - 1)
        assert 1 <= target < 1 << 256
    # A fraction of a step below zero rounds towards zero, so that the target stays.
    assert targets.asert(1 << 240, 7, 8, 2**31 - 1, 1 << 255) == 1 << 240
    assert targets.asert(1 << 240, 0, 100, 100, 1 << 255) == 1 << 239
    assert targets.bits_demanded(0x207FFFFF, 10, 0, 99, 12) == 0x207FFFFF


def test_the_schedule_ends():
    main = parameters(halving=210_000)
    assert main.subsidy_of(210_000) == 50 * COIN and main.subsidy_of(210_001) == 25 * COIN
    assert main.schedule() < 21_000_000 * COIN
    assert (main.subsidy_of(66 * 210_000), main.subsidy_of(66 * 210_000 + 1)) == (1, 0)
    short = parameters(halving=1, subsidy=2**125)
    assert [short.subsidy_of(n) for n in (1, 2, 126, 127, 128, 129, 10**9)] == [2**125, 2**124, 1, 0, 0, 0, 0]
    builder = Builder(parameters(halving=1, subsidy=1))
    for _ in range(3):
        builder.mine([], b"\x07" * 20)
    assert builder.chain.tip.issued == 1 and len(builder.chain.tip.state.accounts) == 1
    # A subsidy of nothing touches no account.
    assert builder.mine([], b"\x08" * 20).state.root() == builder.chain.tip.parent.state.root()


def test_fees_may_be_nothing_where_the_base_fee_is():
    alice = Key("alice")
    builder = Builder(parameters(base_fee=0, subsidy=0, accounts=accounts((alice.address, COIN, b""))))
    chain_id = builder.parameters.chain_id
    place = builder.mine([alice.pay(chain_id, 0, alice.address, 5, gasPrice=0), alice.pay(chain_id, 2, b"\x05" * 20, 0, maxFeePerGas=0, maxPriorityFeePerGas=0)], b"\x09" * 20)
    assert set(place.state.accounts) == {alice.address} and place.destroyed == 0


def test_block_hashes_reach_256_blocks_back():
    alice = Key("alice")
    # Answers in slots: the hash of block 0, and of block 1.
    code = contracts.assembled("PUSH0 BLOCKHASH PUSH0 SSTORE 1 BLOCKHASH 1 SSTORE STOP")
    ask = b"\x0a" * 20
    builder = Builder(parameters(half_life=0, accounts=accounts((alice.address, COIN, b""), (ask, 0, code))))
    for _ in range(256):
        builder.mine([], b"\x01" * 20, 1)
    place = builder.mine([alice.pay(builder.parameters.chain_id, 2, ask, gas=200_000)], b"\x01" * 20)
    assert place.number == 257
    first = place
    while first.number > 1:
        first = first.parent
    slots = {int.from_bytes(slot, "big"): value.to_be_bytes32() for slot, value in place.state.storage[ask].items()}
    assert slots == {1: first.block.record.hash}


def test_a_proof_is_needed_of_every_block_but_the_first():
    chain = Chain(parameters(easiest_bits=0x1F00FFFF))
    builder = Builder(chain.parameters)
    good = builder.draft([], b"\x01" * 20)
    with pytest.raises(Broken) as broken:
        chain.judged(proven(sealed(good), proves=False).encoded())
    assert broken.value.rule == "proof_of_work"
    assert chain.genesis.block.header.proof() > targets.expand(0x1F00FFFF)
