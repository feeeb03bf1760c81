"""A chain with transactions in the name of an account and of a contract (section 10), kept for the node's tests.

    bash tests/coin_verifier.sh --python -m coin_verifier.tests.marked_chain
"""

from coin_verifier import rlp
from coin_verifier.report import chain_file
from coin_verifier.transactions import DEV_CHAIN

from . import contracts
from .builder import COIN, GAS_PRICE, Builder, accounts, parameters
from .python_chain import VECTORS

# Nobody has a key for either; the second is a contract.
PERSON, CONTRACT = b"\x51" * 20, b"\xc0" * 20
RECEIVER = b"\x77" * 20


def marked(sender: bytes, nonce: int, to: bytes, value: int, kind: int = 2, chain_id: int = DEV_CHAIN) -> bytes:
    r, gas = int.from_bytes(sender, "big"), 1_000_000
    if kind == 2:
        return b"\x02" + rlp.encode([chain_id, nonce, GAS_PRICE, 2 * GAS_PRICE, gas, to, value, b"", [], 0, r, 1])
    if kind == 1:
        return b"\x01" + rlp.encode([chain_id, nonce, GAS_PRICE, gas, to, value, b"", [], 0, r, 1])
    return rlp.encode([nonce, GAS_PRICE, gas, to, value, b"", 35 + 2 * chain_id, r, 1])


def build() -> Builder:
    rich = accounts((PERSON, 10 * COIN, b""), (CONTRACT, 10 * COIN, contracts.WITNESS))
    builder = Builder(parameters(name="marked", chain_id=DEV_CHAIN, accounts=rich))
    builder.mine([marked(PERSON, 0, RECEIVER, COIN, 0), marked(CONTRACT, 1, RECEIVER, COIN, 1)], CONTRACT)
    # The contract calls itself: its own code runs, and it is ORIGIN and CALLER.
    builder.mine([marked(CONTRACT, 2, CONTRACT, 7), marked(PERSON, 1, CONTRACT, 3)], RECEIVER)
    return builder


def files(builder: Builder) -> dict[str, bytes]:
    return {
        "marked_chain.genesis.json": builder.parameters.to_json().encode(),
        "marked_chain.bin": chain_file(builder.blocks),
    }


if __name__ == "__main__":
    for name, content in files(build()).items():
        (VECTORS / name).write_bytes(content)
        print(VECTORS / name, len(content))
