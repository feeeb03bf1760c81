#!/usr/bin/env python3
"""kill -9 at random moments under load: what was acknowledged is there after the next start.

A node on one data folder takes transactions from several clients, mines, and now and then has its blocks displaced by
a second, steady node; then it is killed and started again. The journal of what it acknowledged is kept here. After
every start: each acknowledged transaction stands exactly once in a block or among the waiting, each acknowledged block
in the chain or among the displaced, and the node finds its chain valid.

    kill_loop.py --times 500 [--bcoin target/release/bcoin] [--seed 1]
"""

import argparse
import collections
import hashlib
import json
import random
import statistics
import tempfile
import threading
import time

import killing
import nodes

CLIENTS = 6
PAUSE = 0.004
FINE = "Everything is fine. The Blockchain is correct."


def block_hash(block):
    return hashlib.sha256(json.dumps(block, sort_keys=True).encode()).hexdigest()


class Journal:
    """What was sent, and what of it the node acknowledged."""

    def __init__(self):
        self.lock = threading.Lock()
        self.acknowledged = set()
        self.unanswered = set()
        self.blocks = set()
        self.replaced = 0
        self.wrong = []

    def sent(self, name):
        with self.lock:
            self.unanswered.add(name)

    def answered(self, name, reply):
        with self.lock:
            self.unanswered.discard(name)
            if reply.status == 201:
                self.acknowledged.add(name)
            else:
                self.wrong.append(f"add_transaction: {reply}")

    def mined(self, reply):
        with self.lock:
            if reply.status != 200:
                self.wrong.append(f"mine_block: {reply}")
                return
            body = reply.json()
            members = ("index", "timestamp", "proof", "previous_hash", "transactions")
            self.blocks.add(block_hash({member: body[member] for member in members}))

    def replaced_chain(self, reply):
        with self.lock:
            if reply.status != 200:
                self.wrong.append(f"replace_chain: {reply}")
            elif reply.json()["replaced"]:
                self.replaced += 1


def load(node, journal, chance, round_number, replacing):
    """Clients that work on a node until it dies."""
    clients = killing.Clients()
    for client in range(CLIENTS):
        own = random.Random(chance.random())
        clients.add(lambda own=own: own.random() * PAUSE, adding(node, journal, own, f"{round_number}.{client}"))
    clients.add(0.15 if replacing else 0.01, lambda _: journal.mined(node.get("/mine_block", timeout=30)))
    if replacing:
        clients.add(0.02, lambda _: journal.replaced_chain(node.get("/replace_chain", timeout=30)))
    return clients


def adding(node, journal, chance, client):
    def step(count):
        name = f"{client}.{count}"
        journal.sent(name)
        text = json.dumps({"sender": name, "receiver": "x" * chance.choice((0, 3, 500)), "amount": count})
        journal.answered(name, node.post("/add_transaction", text, timeout=10))

    return step


def check(node, journal):
    """Complaints: empty when everything acknowledged is there, once."""
    chain = node.get("/get_chain").json()["chain"]
    found = collections.Counter()
    for block in chain:
        found.update(t["sender"] for t in block["transactions"] if t["receiver"] not in ("steady", "killed"))
    found.update(e["transaction"]["sender"] for e in killing.pages(node, "/v1/transactions/waiting", "transactions"))
    complaints = list(journal.wrong)
    for name in journal.acknowledged:
        if found[name] != 1:
            complaints.append(f"transaction {name} was acknowledged and stands {found[name]} times")
    for name, times in found.items():
        if times > 1 or (name not in journal.acknowledged and name not in journal.unanswered):
            complaints.append(f"transaction {name} stands {times} times and was never acknowledged")
    hashes = {block_hash(block) for block in chain}
    lost = journal.blocks - hashes
    if lost:
        lost -= {entry["hash"] for entry in killing.pages(node, "/v1/displaced", "blocks")}
    complaints += [f"block {each} was acknowledged and is neither in the chain nor displaced" for each in lost]
    message = node.get("/is_valid").json()["message"]
    if message != FINE:
        complaints.append(f"is_valid says {message!r}")
    return complaints, len(chain)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=25)
    parser.add_argument("--bcoin", default=nodes.release("bcoin"), help="the program under test")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    journal = Journal()
    openings, during_start, blocks = [], 0, 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bcoin-kill-") as folder:
        steady = nodes.BcoinNode(options.bcoin, folder, miner="steady").start()
        killed = nodes.BcoinNode(options.bcoin, folder, miner="killed").start()
        try:
            if steady.connect([killed]).status != 201 or killed.connect([steady]).status != 201:
                raise SystemExit("the two nodes do not connect")
            for number in range(1, options.times + 1):
                replacing = chance.random() < 0.3
                if replacing:
                    killing.prepare_displacement(killed, steady, journal.mined, chance)
                starts, seconds = killing.kill_under_load(killed, load(killed, journal, chance, number, replacing), chance)
                during_start += starts
                openings.append(seconds)
                complaints, blocks = check(killed, journal)
                if complaints:
                    shown = "\n".join(complaints[:20])
                    raise SystemExit(f"seed {options.seed}, kill {number}: {len(complaints)} complaints\n{shown}\n{killed.tail()}")
            audit = killed.get("/v1/audit").json()
            if not audit["sound"]:
                raise SystemExit(f"after the last kill the audit finds {audit}")
        finally:
            killed.stop()
            steady.stop()
    print(
        f"kill loop: {options.times} kills and {during_start} more during a start; {len(journal.acknowledged):,} transactions and "
        f"{len(journal.blocks):,} blocks acknowledged, none lost; {journal.replaced} chains replaced, {blocks:,} blocks at the end\n"
        f"opening: median {statistics.median(openings) * 1000:.0f} ms, slowest {max(openings) * 1000:.0f} ms "
        f"(seed {options.seed}, {time.monotonic() - began:.0f} s)"
    )


if __name__ == "__main__":
    main()
