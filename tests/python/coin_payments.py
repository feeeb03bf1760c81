"""Payments between the rich accounts of the network `dev`, signed by eth-account. Import it once `needs_eth_account` has returned."""

import os
import sys
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import environment

WORDS = "test test test test test test test test test test test junk"
COIN = 10**18
CHAIN = 31337
FIRST_BALANCE = 10_000 * COIN
GAS = 21_000


@dataclass(frozen=True)
class Payment:
    hash: str
    raw: str
    sender: str
    receiver: str
    nonce: int
    value: int
    fee: int


def needs_eth_account():
    """Goes on in the environment that has eth-account, made when it is missing."""
    interpreter = environment.python("wallet-venv", "wallet_requirements.txt", "eth-account, for the wallet")
    if Path(sys.prefix) != Path(interpreter).parent.parent:
        os.execv(interpreter, [interpreter, *sys.argv])


def accounts(count):
    from eth_account import Account

    Account.enable_unaudited_hdwallet_features()
    return [Account.from_mnemonic(WORDS, account_path=f"m/44'/60'/0'/0/{index}") for index in range(count)]


def signed(account, receiver, nonce, value, price):
    """A transaction of type 2 that pays the miner `price` units a gas at dev's base fee."""
    from eth_utils import to_checksum_address

    fields = {"type": 2, "chainId": CHAIN, "nonce": nonce, "to": to_checksum_address(receiver), "value": value, "gas": GAS, "maxFeePerGas": price, "maxPriorityFeePerGas": price - 1}
    made = account.sign_transaction(fields)
    return Payment(made.hash.to_0x_hex(), made.raw_transaction.to_0x_hex(), account.address, receiver, nonce, value, GAS * price)


def _row(job):
    account, receivers, count = job
    others = [receiver for receiver in receivers if receiver != account.address]
    return [signed(account, others[nonce % len(others)], nonce, (nonce + 1) * COIN // 1000, 10**9 + nonce + 1) for nonce in range(count)]


def rows(senders, receivers, count):
    """For each sender so many payments, one a nonce, from 0 on."""
    with Pool(min(len(senders), os.cpu_count() or 1)) as pool:
        return pool.map(_row, [(sender, receivers, count) for sender in senders])
