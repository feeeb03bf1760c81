#!/usr/bin/env python3
"""A node of the network `dev` as other people's wallets meet it: transactions of every type signed by eth-account, handed in as {"raw"}.

Balances, nonces, receipts, fees and the supply are computed here beside the node; each wrong transaction must be refused with a reason, and restarting must change nothing.

    coin_wallets.py [--bcoin target/release/bcoin] [--rounds 3] [--seed 1]
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import environment
from nodes import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
WORDS = "test test test test test test test test test test test junk"
COIN = 10**18
CHAIN = 31337
MINER = "0x" + "00" * 18 + "beef"
# Puts its caller's value into slot 0 and logs it; init code and what it leaves behind.
RUNTIME = "34600055346000526020 6000a000".replace(" ", "")
CREATION = f"0x6d{RUNTIME}600052600e6012f3"


class Node:
    def __init__(self, bcoin, folder):
        self.bcoin, self.folder, self.port = bcoin, folder, free_port()

    def start(self):
        command = [self.bcoin, "node", "--network", "dev", "--port", str(self.port), "--miner", MINER, "--data-dir", self.folder]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(400):
            try:
                return self.get("/v1/node")
            except urllib.error.URLError:
                time.sleep(0.05)
        raise SystemExit("the node does not answer")

    def stop(self):
        self.process.kill()
        self.process.wait()

    def ask(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())

    def get(self, path):
        status, answer = self.ask(path)
        assert status == 200, (path, status, answer)
        return answer

    def hand_in(self, raw):
        return self.ask("/add_transaction", {"raw": raw})

    def mine(self):
        status, block = self.ask("/mine_block", {}, "POST")
        assert status == 200, block
        return block


def units(coins):
    whole, _, part = coins.partition(".")
    return int(whole) * COIN + int(part.ljust(18, "0") or 0)


def expect(found, wanted, what):
    if found != wanted:
        raise SystemExit(f"{what}: {found!r}, expected {wanted!r}")


class Ledger:
    """What everybody should have, by simple sums."""

    def __init__(self, accounts):
        self.balances = {account.address: 10_000 * COIN for account in accounts}
        self.nonces = {account.address: 0 for account in accounts}
        self.miner = 0

    def sent(self, sender, receiver, value, gas, price):
        self.balances[sender] -= value + gas * price
        self.balances[receiver] = self.balances.get(receiver, 0) + value
        self.nonces[sender] += 1
        self.miner += gas * price


def fields_of(kind, nonce, to, value, chance, gas=21_000, data="0x"):
    fields = {"chainId": CHAIN, "nonce": nonce, "value": value, "gas": gas, "data": data}
    if to:
        fields["to"] = to
    price = chance.randrange(10**9, 5 * 10**9)
    if kind == 0:
        fields["gasPrice"] = price
    elif kind == 1:
        fields |= {"type": 1, "gasPrice": price, "accessList": []}
    else:
        fields |= {"type": 2, "maxFeePerGas": price + 10**9, "maxPriorityFeePerGas": price - 1}
    # The base fee is 1.
    return fields, price


def round_of_payments(node, ledger, accounts, chance):
    sent = []
    for _ in range(12):
        sender, kind = chance.choice(accounts), chance.randrange(3)
        receiver = chance.choice([chance.choice(accounts).address, "0x" + chance.randbytes(20).hex()])
        value = chance.choice([0, 1, chance.randrange(100 * COIN)])
        fields, price = fields_of(kind, ledger.nonces[sender.address], receiver, value, chance)
        if receiver.islower() or receiver.startswith("0x"):
            from eth_utils import to_checksum_address

            fields["to"] = receiver = to_checksum_address(receiver)
        signed = sender.sign_transaction(fields)
        status, answer = node.hand_in(signed.raw_transaction.to_0x_hex())
        expect(status, 201, f"{fields}: {answer}")
        expect(answer["hash"], signed.hash.to_0x_hex(), "hash")
        waiting = node.get(f"/v1/transactions/{answer['hash']}")
        expect(waiting["state"], "waiting", "state")
        # A second time is no harm.
        assert node.hand_in(signed.raw_transaction.to_0x_hex())[0] in (200, 201)
        ledger.sent(sender.address, receiver, value, 21_000, price)
        sent.append((answer["hash"], sender.address, receiver))
    block = node.mine()
    ledger.miner += 50 * COIN
    expect(len(block["transactions"]), len(sent), "transactions in the block")
    for hash_, sender, receiver in sent:
        mined = node.get(f"/v1/transactions/{hash_}")
        expect((mined["state"], mined["block"], mined["confirmations"]), ("mined", block["number"], 1), hash_)
        entries = node.get(f"/v1/accounts/{sender}/history")["entries"]
        assert any(entry["transaction"] == hash_ for entry in entries), (sender, entries)
        node.get(f"/v1/proofs/transactions/{hash_}")


def contract(node, ledger, sender, chance):
    fields, price = fields_of(2, ledger.nonces[sender.address], None, 0, chance, 200_000, CREATION)
    signed = sender.sign_transaction(fields)
    status, answer = node.hand_in(signed.raw_transaction.to_0x_hex())
    expect(status, 201, str(answer))
    node.mine()
    ledger.miner += 50 * COIN
    made = node.get(f"/v1/transactions/{answer['hash']}")
    gas = int(made["gas_used"])
    ledger.sent(sender.address, made["created"], 0, gas, price)
    assert node.get(f"/v1/accounts/{made['created']}")["code_hash"], made
    return made["created"]


def refusals(node, ledger, sender, chance):
    nonce = ledger.nonces[sender.address]
    to = "0x" + "11" * 20
    good, _ = fields_of(2, nonce, to, 1, chance)
    stale = [({"nonce": nonce - 1}, 409, "nonce")] if nonce else []
    for change, status, word in [
        *stale,
        ({"chainId": 1}, 422, "tx_chain_id"),
        ({"gas": 20_999}, 422, "tx_intrinsic_gas"),
        ({"gas": 2**24 + 1}, 422, "tx_gas_cap"),
        ({"value": 10**30}, None, "coins"),
    ]:
        found, answer = node.hand_in(sender.sign_transaction(good | change).raw_transaction.to_0x_hex())
        assert 400 <= found < 500 and (status is None or found == status), (change, found, answer)
        assert word in json.dumps(answer), (change, answer)
    for raw in ["0x", "0x00", "0xzz", "", 7, "0x02" + "00" * 200, None]:
        found, answer = node.hand_in(raw)
        assert 400 <= found < 500 and answer.get("detail"), (raw, found, answer)
    unprotected = {"nonce": nonce, "to": to, "value": 1, "gas": 21_000, "gasPrice": 10**9}
    found, answer = node.hand_in(sender.sign_transaction(unprotected).raw_transaction.to_0x_hex())
    assert 400 <= found < 500 and "tx_unprotected" in json.dumps(answer), answer


def check(node, ledger):
    for address, balance in ledger.balances.items():
        account = node.get(f"/v1/accounts/{address}")
        expect(int(account["balance_units"]), balance, f"balance of {address}")
        expect(units(account["balance"]), balance, f"coins of {address}")
        expect(account["nonce"], ledger.nonces.get(address, account["nonce"]), f"nonce of {address}")
    expect(int(node.get(f"/v1/accounts/{MINER}")["balance_units"]), ledger.miner, "the miner's balance")
    supply = node.get("/v1/supply")
    everybody = sum(ledger.balances.values()) + ledger.miner
    expect(units(supply["total"]), everybody, "all coins")
    expect(node.get("/is_valid")["message"], "Everything is fine. The Blockchain is correct.", "is_valid")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bcoin", default=str(ROOT / "target/release/bcoin"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    interpreter = environment.python("wallet-venv", "wallet_requirements.txt", "eth-account, for the wallet")
    if Path(sys.prefix) != Path(interpreter).parent.parent:
        os.execv(interpreter, [interpreter, *sys.argv])
    from eth_account import Account

    Account.enable_unaudited_hdwallet_features()
    accounts = [Account.from_mnemonic(WORDS, account_path=f"m/44'/60'/0'/0/{index}") for index in range(10)]
    chance = random.Random(options.seed)
    ledger = Ledger(accounts)
    with tempfile.TemporaryDirectory() as folder:
        node = Node(str(Path(options.bcoin).resolve()), folder)
        node.start()
        try:
            for _ in range(options.rounds):
                round_of_payments(node, ledger, accounts, chance)
                made = contract(node, ledger, accounts[0], chance)
                refusals(node, ledger, accounts[1], chance)
                check(node, ledger)
                node.stop()
                node.start()
                check(node, ledger)
                assert node.get(f"/v1/proofs/accounts/{made}")
        finally:
            node.stop()
    print(f"{options.rounds} rounds of transactions signed by eth-account, all sums hold, after a kill too")


if __name__ == "__main__":
    main()
