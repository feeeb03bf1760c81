"""The rich chain that is kept as `tests/vectors/coin/python_chain.*`. Run as a program, writes these files anew.

    bash tests/coin_verifier.sh --python -m coin_verifier.tests.python_chain
"""

import json
from pathlib import Path

from coin_verifier import rlp
from coin_verifier.chain import Chain
from coin_verifier.hashing import keccak
from coin_verifier.report import chain_file, verified

from . import contracts
from .builder import COIN, Builder, Key, accounts, parameters

VECTORS = Path(__file__).parents[3] / "vectors" / "coin"
# Accounts of the genesis block: one that is code alone, and one that has a balance as well.
WITNESS, REVERTS = bytes.fromhex("c0de" * 10), bytes.fromhex("dead" * 10)
# A signature on P-256: digest, r, s and the key.
P256 = bytes.fromhex(
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fd35d17c2b7ffb23a4f26e9f393f95107bc86992d034cf02d263a04601764fd70"
    "ee33eaf5738fb8fe20be9d84765fc0c3bf4599bf7eae12954cddd5073e042e30dacc2598696d8feff1693a003a3324db9a6005da6a93d9bd7b780ca0583f4cbb"
    "3af2478a720a762a6fe47f3243ed3a621e794aee55323aa2a7a96048a06bbd3c"
)


def created(sender: bytes, nonce: int) -> bytes:
    return keccak(rlp.encode([sender, nonce]))[12:]


class People:
    """Who has keys. Dave and Erin have code as well, from the genesis block on; Erin's delegates (EIP-7702)."""

    def __init__(self):
        self.alice, self.bob, self.carol, self.dave, self.erin = (
            Key(f"python chain, {name}") for name in ("alice", "bob", "carol", "dave", "erin")
        )


def build(people: People | None = None) -> Builder:
    people = people or People()
    alice, bob, carol = people.alice, people.bob, people.carol
    network = parameters(
        ahead=3_600,
        byte_limit=52_000,
        accounts=accounts(
            (alice.address, 1_000 * COIN, b""),
            (bob.address, 3 * COIN + 1, b""),
            (people.dave.address, COIN, contracts.KEEPER),
            (people.erin.address, COIN, b"\xef\x01\x00" + WITNESS),
            (WITNESS, 0, contracts.WITNESS),
            (REVERTS, 5, contracts.REVERTS),
        ),
    )
    builder, chain_id = Builder(network), network.chain_id
    nobody, miner = b"\x11" * 20, carol.address

    def create(key: Key, kind: int, code: bytes, **others) -> tuple[bytes, bytes]:
        address = created(key.address, key.nonce)
        return key.pay(chain_id, kind, b"", payload=code, **({"gas": 500_000} | others)), address

    def call(key: Key, kind: int, to: bytes, payload: bytes = b"", **others) -> bytes:
        return key.pay(chain_id, kind, to, payload=payload, **({"gas": 800_000} | others))

    # 1: nothing but the subsidy.
    builder.mine([], miner, 5, b"the first")
    # 2: transfers of each type; the last is of nothing, and makes no account.
    slots = ["0x" + "00" * 31 + "01", "0x" + "ff" * 32]
    builder.mine(
        [
            alice.pay(chain_id, 0, nobody, COIN),
            alice.pay(chain_id, 1, bob.address, 2 * COIN, gas=40_000, accessList=[{"address": bob.address, "storageKeys": slots}]),
            bob.pay(chain_id, 2, alice.address, 12_345),
            carol.pay(chain_id, 2, b"\x22" * 20, 0),
        ],
        miner,
        1,
    )
    # 3: creations, and what a block tells.
    keep, keeper = create(alice, 2, contracts.deploying(contracts.KEEPER))
    modernise, modern = create(bob, 0, contracts.deploying(contracts.MODERN))
    builder.mine([keep, modernise, call(alice, 2, WITNESS, value=77), call(bob, 1, keeper, b"\x07" * 32)], miner, 1)
    # 4: what fails: a revert, an invalid opcode, gas that ends, and calldata at its floor price. The fee is the least.
    builder.mine(
        [
            call(alice, 2, REVERTS, value=COIN),
            call(alice, 0, b"", payload=b"\xfe", value=5),
            call(bob, 1, WITNESS, gas=60_000),
            call(bob, 2, nobody, b"\x01\x00" * 500, gas=60_000, maxFeePerGas=7, maxPriorityFeePerGas=0),
        ],
        alice.address,
        2,
    )
    # 5, the first after a halving: coins are destroyed, by a creation and by a child.
    burn, _ = create(alice, 2, contracts.BURNS_ITSELF, value=3 * COIN)
    by_child, burner = create(bob, 2, contracts.deploying(contracts.BURNS_BY_CHILD), value=10)
    burn_again = call(alice, 2, burner, value=1_000)
    stay, stays = create(alice, 1, contracts.deploying(contracts.PAYS_AND_STAYS), value=9)
    builder.mine([burn, by_child, burn_again, stay], miner, 1)
    # 6: storage cleared, with a refund; a long-lived contract told to end pays and stays.
    builder.mine(
        [
            call(alice, 2, keeper, bytes(32)),
            call(bob, 2, keeper, b"\x01" * 32),
            call(alice, 0, stays),
            call(alice, 0, stays, value=4),
        ],
        miner,
        3,
    )
    # 7: what the latest upgrades brought.
    builder.mine([call(alice, 2, modern, P256), call(bob, 1, modern, P256[:-1] + b"\0")], nobody, 1)
    # 8: frames in frames until gas ends; code that must not be; precompiles called directly.
    deepen, deep = create(alice, 2, contracts.deploying(contracts.DEEP))
    builder.mine(
        [
            deepen,
            call(alice, 2, deep, gas=16_000_000),
            create(bob, 2, contracts.deploying(b"\xef\x00"), gas=200_000)[0],
            call(bob, 0, bytes(19) + b"\x02", b"digest me"),
            call(bob, 1, bytes(19) + b"\x05", bytes(31) + b"\x01" + bytes(31) + b"\x01" + bytes(31) + b"\x01" + b"\x03\x05\x07"),
        ],
        miner,
        1,
    )
    # 9, after another halving: the miner is a contract that ends, which loses the fee, and is then paid the subsidy.
    ends, ending = create(alice, 2, contracts.BURNS_ITSELF, value=COIN)
    builder.mine([ends], ending, 2)
    # 10: a long night, of which two half-lives count.
    builder.mine([], miner, 500, b"\xff" * 32)
    # 11: the miner's own transactions; a payment to itself; all that it has.
    builder.mine(
        [
            carol.pay(chain_id, 2, carol.address, 5 * COIN),
            call(carol, 1, WITNESS, value=1, accessList=[{"address": WITNESS, "storageKeys": slots}, {"address": modern, "storageKeys": []}]),
            call(alice, 2, people.erin.address, value=6),
            call(alice, 2, people.dave.address),
        ],
        miner,
        1,
    )
    # 12: bob spends all but the dust, at a fixed price.
    left = int(builder.chain.tip.state.accounts[bob.address].balance)
    builder.mine(
        [bob.pay(chain_id, 0, nobody, left - 21_000 * 10**9, gas=21_000), alice.pay(chain_id, 2, burner, 1, gas=600_000)], miner, 4
    )
    return builder


def files(builder: Builder) -> dict[str, bytes]:
    encoded = chain_file(builder.blocks)
    report = verified(Chain(builder.parameters), encoded, each=True)
    return {
        "python_chain.genesis.json": builder.parameters.to_json().encode(),
        "python_chain.bin": encoded,
        "python_chain.report.json": (json.dumps(report, indent=1) + "\n").encode(),
    }


if __name__ == "__main__":
    VECTORS.mkdir(parents=True, exist_ok=True)
    for name, content in files(build()).items():
        (VECTORS / name).write_bytes(content)
        print(VECTORS / name, len(content))
