"""Published vectors: tests/vectors/README.md names their sources."""

import json
from pathlib import Path

import pytest

from coin_verifier import rlp, targets
from coin_verifier.hashing import keccak
from coin_verifier.rules import Broken
from coin_verifier.transactions import gas_needed, in_form, signed
from coin_verifier.trie import EMPTY_ROOT, Trie

VECTORS = Path(__file__).parents[3] / "vectors"


def read(path: str) -> dict:
    return json.loads((VECTORS / path).read_text())


def test_compact_targets():
    for vector in read("targets/compact.json"):
        bits = int(vector["bits"], 16)
        target = targets.expand(bits)
        assert target == (vector["target"] and int(vector["target"], 16)), vector
        if target is not None:
            assert targets.compact(target) == int(vector["canonical"], 16), vector


@pytest.mark.parametrize("run", range(1, 11))
def test_asert_before_the_amendments(run):
    head, *lines = (VECTORS / f"asert/run{run:02}").read_text().split("# iteration,height,time,target\n")
    facts = dict(line.removeprefix("##").strip().rsplit(": ", 1) for line in head.splitlines() if line.startswith("##   "))
    anchor = targets.expand(int(facts["anchor nBits"], 16))
    height, began = int(facts["anchor height"]), int(facts["anchor ancestor time"])
    limit = targets.expand(0x1D00FFFF)
    count = 0
    for line in lines[0].split("\n"):
        if not line:
            continue
        _, at, time, bits = line.split()
        wished = 600 * (int(at) - height + 1)
        target = targets.asert(anchor, int(time) - began, wished, 172_800, limit)
        assert f"{targets.compact(target):#010x}" == bits, line
        count += 1
    assert count == int(facts["iterations"])


def octets(text: str) -> bytes:
    return bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode()


@pytest.mark.parametrize("file", ["trietest", "trieanyorder", "trietest_secureTrie", "trieanyorder_secureTrie", "hex_encoded_securetrie_test"])
def test_tries(file):
    secure = "secure" in file
    for name, vector in read(f"trie/{file}.json").items():
        pairs = vector["in"].items() if isinstance(vector["in"], dict) else vector["in"]
        orders = [list(pairs)] if isinstance(vector["in"], list) else [list(pairs), list(pairs)[::-1]]
        for order in orders:
            trie, kept = Trie(), {}
            for key, value in order:
                key, value = octets(key), octets(value) if value else b""
                kept[key] = value
                trie = trie.with_item(keccak(key) if secure else key, value)
            assert "0x" + trie.root().hex() == vector["root"], name
            for key in kept:
                trie = trie.with_item(keccak(key) if secure else key, b"")
            assert trie.root() == EMPTY_ROOT, name


def test_rlp():
    def given(item):
        if isinstance(item, list):
            return [given(part) for part in item]
        if isinstance(item, str):
            return int(item[1:]) if item.startswith("#") else item.encode()
        return item

    def plain(item):
        if isinstance(item, list):
            return [plain(part) for part in item]
        return item.to_bytes((item.bit_length() + 7) // 8, "big") if isinstance(item, int) else item

    for name, vector in read("rlp/rlptest.json").items():
        encoded = octets(vector["out"])
        assert rlp.encode(given(vector["in"])) == encoded, name
        assert rlp.decode(encoded) == plain(given(vector["in"])), name
    for name, vector in read("rlp/invalidRLPTest.json").items():
        with pytest.raises(rlp.NotCanonical):
            rlp.decode(octets(vector["out"]))


# What coin refuses though Ethereum took it, at the fork of the vectors.
STRICTER = {"tx_unprotected", "tx_chain_id", "tx_gas_cap", "tx_intrinsic_gas"}


def test_transactions():
    taken = refused = 0
    for name, vector in read("transactions/ethereum_tests.json").items():
        envelope = octets(vector["bytes"])
        try:
            transaction = in_form(envelope, 1)
            signed(transaction)
        except Broken as broken:
            if "exception" not in vector:
                assert broken.rule in STRICTER or broken.detail == "a fee a gas is 2^128 or more", (name, broken)
            refused += 1
            continue
        assert "exception" not in vector, name
        assert transaction.hash == octets(vector["hash"]), name
        assert transaction.sender == octets(vector["sender"]), name
        intrinsic, _ = gas_needed(transaction.to, transaction.payload, transaction.access_list)
        assert intrinsic == vector["intrinsic_gas"], name
        taken += 1
    assert taken > 10 and refused > 100, (taken, refused)
