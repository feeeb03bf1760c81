"""Section 10: transactions in the name of others, on chain 31337 alone."""

import pytest

from coin_verifier import rlp
from coin_verifier.rules import Broken
from coin_verifier.transactions import DEV_CHAIN, GROUP_ORDER, in_form, signed

from .builder import COIN, Builder, accounts, parameters, sealed
from .marked_chain import CONTRACT, PERSON, RECEIVER, build, files, marked
from .python_chain import VECTORS

R = int.from_bytes(PERSON, "big")


def test_the_kept_files_are_what_is_built():
    for name, content in files(build()).items():
        assert (VECTORS / name).read_bytes() == content, name


def test_accounts_and_contracts_have_sent():
    tip = build().chain.tip
    accounts_then = {bytes(address): account for address, account in tip.state.accounts.items()}
    assert (int(accounts_then[PERSON].nonce), int(accounts_then[CONTRACT].nonce)) == (2, 3)
    assert int(accounts_then[RECEIVER].balance) > 2 * COIN
    slots = {int.from_bytes(slot, "big"): int(value) for slot, value in tip.state.storage[CONTRACT].items()}
    assert slots[13] == R, "ORIGIN"


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_the_mark_counts_as_signed_by_the_address(kind):
    transaction = in_form(marked(PERSON, 0, RECEIVER, 1, kind), DEV_CHAIN)
    signed(transaction)
    assert transaction.is_marked and transaction.sender == PERSON


@pytest.mark.parametrize("changed", [{"s": 2}, {"parity": 1}, {"r": R + 2**160}, {"s": GROUP_ORDER // 2}])
def test_only_the_exact_mark_counts(changed):
    parts = {"parity": 0, "r": R, "s": 1} | changed
    items = [DEV_CHAIN, 0, 1, 2, 21_000, RECEIVER, 1, b"", [], parts["parity"], parts["r"], parts["s"]]
    transaction = in_form(b"\x02" + rlp.encode(items), DEV_CHAIN)
    assert not transaction.is_marked and transaction.sender != PERSON


@pytest.mark.parametrize("chain_id", [1, DEV_CHAIN - 1, DEV_CHAIN + 1, 20_090_103])
def test_other_chains_know_no_mark(chain_id):
    transaction = in_form(marked(PERSON, 0, RECEIVER, 1, chain_id=chain_id), chain_id)
    assert not transaction.is_marked and transaction.sender != PERSON
    with pytest.raises(Broken) as broken:
        in_form(marked(PERSON, 0, RECEIVER, 1), chain_id)
    assert broken.value.rule == "tx_chain_id"


def test_a_mark_is_held_to_the_sender_s_nonce_and_balance():
    builder = Builder(parameters(chain_id=DEV_CHAIN, accounts=accounts((PERSON, COIN, b""))))
    for envelope, rule in [(marked(PERSON, 1, RECEIVER, 1), "tx_nonce"), (marked(CONTRACT, 0, RECEIVER, 1), "tx_balance")]:
        with pytest.raises(Broken) as broken:
            builder.chain.extend(sealed(builder.draft([envelope], RECEIVER)).encoded())
        assert broken.value.rule == rule
