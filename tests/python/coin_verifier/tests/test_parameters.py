"""Genesis files: what they may say, and what they come to."""

import json

import pytest

from coin_verifier import rlp
from coin_verifier.chain import Chain
from coin_verifier.hashing import keccak
from coin_verifier.parameters import BadParameters, Parameters

from .builder import COIN, accounts, parameters
from .python_chain import VECTORS

FILE = (VECTORS / "python_chain.genesis.json").read_text()


def changed(**members) -> str:
    return json.dumps(json.loads(FILE) | members)


def test_reading_and_writing_are_one():
    read = Parameters.from_json(FILE)
    assert read.to_json() == FILE
    shuffled = json.dumps(dict(reversed(json.loads(FILE).items())), indent=7)
    assert Parameters.from_json(shuffled) == read
    # Decimal text is a number, great or small.
    assert Parameters.from_json(changed(spacing="10")) == read
    louder = [account | {"address": account["address"].upper().replace("0X", "0x")} for account in json.loads(FILE)["accounts"]]
    assert Parameters.from_json(changed(accounts=louder)) == read


def test_the_canonical_form_by_hand():
    network = parameters(accounts=accounts((b"\x02" * 20, 5, b""), (b"\x01" * 20, 0, b"\xfe")))
    expected = rlp.encode([
        b"\x01", b"python", b"\x12\xd6\x87", b"\x65\x53\xf1\x00", b"\x0a", b"\x3c", b"\x20\x7f\xff\xff", b"", bytes.fromhex("02b5e3af16b1880000"),
        b"\x04", b"\x01\x31\x2d\x00", b"\x01\x00\x00", b"\x07", b"\x03\xe8", [[b"", b"osaka"]],
        [[b"\x01" * 20, b"", b"\xfe"], [b"\x02" * 20, b"\x05", b""]],
    ])  # fmt: skip
    assert network.canonical() == expected and network.hash() == keccak(expected)
    genesis = Chain(network).genesis.block
    assert genesis.record.extra_data == network.hash()
    assert genesis.header.encoded() == bytes.fromhex("01000000") + bytes(32) + genesis.header.commitment + bytes.fromhex("00f15365ffff7f2000000000")


@pytest.mark.parametrize(
    "members",
    [
        {"format": 2}, {"name": ""}, {"name": "A"}, {"name": "1a"}, {"name": "a" * 33}, {"name": "a_b"}, {"name": "a\n"}, {"name": 7}, {"chain_id": 0},
        {"chain_id": str(2**63)}, {"time": 2**32}, {"time": -1}, {"spacing": 0}, {"spacing": 86_401}, {"half_life": 2**31}, {"easiest_bits": 545259519},
        {"easiest_bits": "0x20800000"}, {"easiest_bits": "0x20007fff"}, {"easiest_bits": "0x00000000"}, {"easiest_bits": "0x7fffff"}, {"ahead": 2**31},
        {"subsidy": str(2**127)}, {"halving": 0}, {"halving": str(2**63)}, {"halving": str(2**63 - 1)}, {"gas_limit": 20_999}, {"gas_limit": 2**40 + 1},
        {"byte_limit": 1_023}, {"byte_limit": 2**26 + 1}, {"base_fee": str(2**63)}, {"reorg_depth": 0}, {"reorg_depth": 2**31}, {"specs": []},
        {"specs": [[1, "osaka"]]}, {"specs": [[0, "osaka"], [0, "osaka"]]}, {"specs": [[0, "prague"]]}, {"specs": [["osaka", 0]]},
        {"accounts": [{"address": "0x" + "01" * 20, "balance": 0}]}, {"accounts": [{"address": "0x" + "01" * 19, "balance": 1}]}, {"accounts": [{"address": "0x" + "01" * 20, "balance": 1, "code": "0x0"}]},
        {"accounts": [{"address": "0x" + "02" * 20, "balance": 1}, {"address": "0x" + "01" * 20, "balance": 1}]}, {"accounts": [{"address": "0x" + "01" * 20, "balance": 1}] * 2},
        {"accounts": [{"address": "0x" + "01" * 20, "balance": str(2**127)}]}, {"accounts": [{"address": "01" * 20, "balance": 1}]}, {"subsidy": 2**53 + 1}, {"subsidy": 1.5}, {"subsidy": True},
        {"subsidy": "01"}, {"subsidy": "1e3"}, {"subsidy": None}, {"unknown": 1},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_refused(members):
    with pytest.raises(BadParameters):
        Parameters.from_json(changed(**members))


def test_other_ways_to_be_no_genesis_file():
    for text in ["", "[]", "{}", FILE.replace('"format": 1', '"format": 1, "format": 1'), FILE + "x"]:
        with pytest.raises(BadParameters):
            Parameters.from_json(text)


def test_all_coins_for_ever_stay_below_2_to_the_127():
    # 50 coins halved 66 times come to 1 unit; each era rounds down.
    network = parameters(halving=210_000)
    room = 2**127 - network.schedule() - 1
    assert parameters(halving=210_000, accounts=((b"\x01" * 20, room, b""),)).first_supply() == room
    with pytest.raises(BadParameters):
        parameters(halving=210_000, accounts=((b"\x01" * 20, room + 1, b""),))
    assert network.schedule() == 210_000 * sum(50 * COIN >> era for era in range(66))
