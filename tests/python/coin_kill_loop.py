#!/usr/bin/env python3
"""kill -9 at random moments under load, on coins: what was acknowledged is there after the next start, and no coin is lost or made.

A node of the network `dev` takes transfers that were signed beforehand, some ahead of their turn, mines, and now and then has its blocks displaced by a second, steady node; then it is
killed and started again. The journal of what it acknowledged is kept here. After every start: each acknowledged transfer is in a block, once, or waits; each acknowledged block is in the
chain, or beside it once a chain was replaced; every balance, nonce and the supply are what the blocks come to; audit and is_valid find nothing.

    coin_kill_loop.py --times 300 [--bcoin target/release/bcoin] [--seed 1]
"""

import argparse
import collections
import random
import statistics
import tempfile
import threading
import time

import coin_payments
import killing
import nodes
from coin_payments import COIN, FIRST_BALANCE

SENDERS = 6
# As many as one sender hands in between two kills, more or less; whoever runs out waits for the next round.
A_ROUND = 8
PAUSE = 0.05
FINE = "Everything is fine. The Blockchain is correct."
KILLED, STEADY = ("0x" + "00" * 18 + end for end in ("beef", "5eed"))
SUBSIDY = 50 * COIN


class Journal:
    """What was handed in, and what of it the node acknowledged."""

    def __init__(self, rows):
        self.lock = threading.Lock()
        self.rows = rows
        self.payments = {payment.hash: payment for row in rows for payment in row}
        # How many of each row are acknowledged, and those beyond that were handed in ahead of their turn.
        self.next = [0] * len(rows)
        self.acknowledged = set()
        self.fresh = []
        self.blocks = set()
        self.replaced = 0
        self.wrong = []

    def answered(self, payment, reply):
        with self.lock:
            if reply.status in (200, 201) and reply.json()["hash"] == payment.hash:
                self.acknowledged.add(payment.hash)
                self.fresh.append(payment.hash)
            elif reply.status != 409 or reply.json()["rule"] != "mempool_too_many_in_a_row":
                self.wrong.append(f"add_transaction {payment}: {reply}")

    def mined(self, reply):
        with self.lock:
            if reply.status == 200:
                self.blocks.add(reply.json()["hash"])
            else:
                self.wrong.append(f"mine_block: {reply}")

    def replaced_chain(self, reply):
        with self.lock:
            if reply.status != 200:
                self.wrong.append(f"replace_chain: {reply}")
            elif reply.json()["replaced"]:
                self.replaced += 1


def load(node, journal, chance, replacing):
    clients = killing.Clients()
    for index in range(SENDERS):
        own = random.Random(chance.random())
        clients.add(lambda own=own: own.random() * PAUSE, paying(node, journal, own, index))
    clients.add(0.15 if replacing else 0.02, lambda _: journal.mined(node.get("/mine_block", timeout=30)))
    if replacing:
        clients.add(0.02, lambda _: journal.replaced_chain(node.get("/replace_chain", timeout=30)))
    return clients


def paying(node, journal, chance, index):
    """Hands in the first transfer of a row that is not acknowledged: after a kill, one whose answer never came. Sometimes the one behind it goes first."""

    def hand_in(payment):
        journal.answered(payment, node.post("/add_transaction", f'{{"raw": "{payment.raw}"}}', timeout=10))

    def step(_):
        row = journal.rows[index]
        while journal.next[index] < len(row) and row[journal.next[index]].hash in journal.acknowledged:
            journal.next[index] += 1
        rest = row[journal.next[index] :]
        if len(rest) > 1 and chance.random() < 0.2 and rest[1].hash not in journal.acknowledged:
            hand_in(rest[1])
        if rest:
            hand_in(rest[0])

    return step


def check(node, journal, everything):
    """Complaints: empty when everything acknowledged is there and every sum holds; and how many blocks there are."""
    chain = node.get("/get_chain").json()["chain"]
    complaints = list(journal.wrong)
    mined = [entry["hash"] for block in chain for entry in block["transactions"]]
    waiting = [entry["hash"] for entry in killing.pages(node, "/v1/mempool", "waiting")]
    found = collections.Counter(mined + waiting)
    for hash_ in journal.acknowledged:
        if found[hash_] != 1:
            complaints.append(f"transfer {hash_} was acknowledged and stands {found[hash_]} times")
    complaints += [f"transfer {hash_} stands {times} times" for hash_, times in found.items() if times > 1 or hash_ not in journal.payments]
    complaints += one_by_one(node, journal, set(mined), everything)
    for lost in journal.blocks - {block["hash"] for block in chain}:
        reply = node.get(f"/v1/blocks/{lost}")
        if not journal.replaced or reply.status != 200 or reply.json()["on_chain"]:
            complaints.append(f"block {lost} was acknowledged and is not in the chain: {reply}")
    complaints += sums(node, journal, chain)
    message = node.get("/is_valid").json()["message"]
    if message != FINE:
        complaints.append(f"is_valid says {message!r}")
    audit = node.get("/v1/audit").json()
    if not audit["sound"] or audit["transactions"] != len(waiting):
        complaints.append(f"{len(waiting)} transfers wait, the audit finds {audit}")
    return complaints, len(chain)


def one_by_one(node, journal, mined, everything):
    """The index of transactions says the same as the blocks: of those acknowledged since the last check, or of all."""
    asked, journal.fresh = journal.acknowledged if everything else set(journal.fresh), []
    for hash_ in asked:
        reply = node.get(f"/v1/transactions/{hash_}")
        state = reply.json().get("state")
        if state != ("mined" if hash_ in mined else "waiting"):
            yield f"transfer {hash_}: {state} ({reply.status}), in a block {hash_ in mined}"


def sums(node, journal, chain):
    """Balances, nonces and the supply, computed here from the blocks."""
    balances, nonces = collections.Counter(), collections.Counter()
    balances.update({row[0].sender: FIRST_BALANCE for row in journal.rows})
    for block in chain[1:]:
        balances[block["miner"].lower()] += SUBSIDY
        for entry in block["transactions"]:
            payment = journal.payments[entry["hash"]]
            balances[payment.sender] -= payment.value + payment.fee
            balances[payment.receiver] += payment.value
            balances[block["miner"].lower()] += payment.fee
            nonces[payment.sender] += 1
    for address, expected in balances.items():
        account = node.get(f"/v1/accounts/{address}").json()
        if (int(account["balance_units"]), account["nonce"]) != (expected, nonces[address]):
            yield f"{address} has {account}, the blocks come to {expected} units and nonce {nonces[address]}"
    supply = node.get("/v1/supply").json()
    # Four of the ten rich accounts take no part.
    total = sum(balances.values()) + (10 - SENDERS) * FIRST_BALANCE
    if coins(supply["total"]) != total or supply["height"] != len(chain) - 1:
        yield f"the supply is {supply}, all balances come to {total} units"


def coins(text):
    whole, _, part = text.partition(".")
    return int(whole) * COIN + int(part.ljust(18, "0") or 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--bcoin", default=nodes.release("bcoin"), help="the program under test")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    coin_payments.needs_eth_account()
    chance = random.Random(options.seed)
    began = time.monotonic()
    senders = coin_payments.accounts(SENDERS)
    receivers = [account.address for account in senders] + ["0x" + f"{number:040x}" for number in range(0x1001, 0x1009)]
    journal = Journal(coin_payments.rows(senders, receivers, A_ROUND * options.times))
    openings, during_start, blocks = [], 0, 0
    with tempfile.TemporaryDirectory(prefix="bcoin-coin-kill-") as folder:
        network = ("--network", "dev")
        steady = nodes.BcoinNode(options.bcoin, folder, miner=STEADY, more=network).start()
        killed = nodes.BcoinNode(options.bcoin, folder, miner=KILLED, more=network).start()
        try:
            if steady.connect([killed]).status != 201 or killed.connect([steady]).status != 201:
                raise SystemExit("the two nodes do not connect")
            for number in range(1, options.times + 1):
                replacing = chance.random() < 0.3
                if replacing:
                    killing.prepare_displacement(killed, steady, journal.mined, chance)
                starts, seconds = killing.kill_under_load(killed, load(killed, journal, chance, replacing), chance)
                during_start += starts
                openings.append(seconds)
                complaints, blocks = check(killed, journal, number == options.times)
                if complaints:
                    shown = "\n".join(complaints[:20])
                    raise SystemExit(f"seed {options.seed}, kill {number}: {len(complaints)} complaints\n{shown}\n{killed.tail()}")
            known = [peer["address"] for peer in killed.get("/v1/peers").json()["peers"]]
            if known != [steady.address]:
                raise SystemExit(f"the peer is not remembered: {killed.get('/v1/peers')}")
        finally:
            killed.stop()
            steady.stop()
    print(
        f"coin kill loop: {options.times} kills and {during_start} more during a start; {len(journal.acknowledged):,} transfers and "
        f"{len(journal.blocks):,} blocks acknowledged, none lost; {journal.replaced} chains replaced, {blocks:,} blocks at the end\n"
        f"opening: median {statistics.median(openings) * 1000:.0f} ms, slowest {max(openings) * 1000:.0f} ms "
        f"(seed {options.seed}, {time.monotonic() - began:.0f} s)"
    )


if __name__ == "__main__":
    main()
