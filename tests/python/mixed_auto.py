#!/usr/bin/env python3
"""Three B-Coin nodes that follow others by themselves, and two Python nodes that do not: whoever mines, all hold one chain.

Each round some nodes get a transaction and one of the five mines. Then nobody asks a B-Coin node for anything: all three
must hold the miner's chain within two polling intervals. In the first half the Python nodes are asked to replace their
chains, by their own call; in the second the B-Coin nodes run with --nudge, and nobody asks anybody.

    mixed_auto.py [--bcoin target/release/bcoin] [--rounds 20] [--seed 1] [--poll-seconds 2]
"""

import argparse
import collections
import json
import random
import tempfile
import time

import nodes
from mixed_network import canonical, expect

# For a busy machine, beyond the two intervals.
GRACE = 1.0


class Network:
    def __init__(self, options, folder, nudge):
        self.chance = random.Random(options.seed + nudge)
        self.nudge = nudge
        self.patience = 2 * options.poll_seconds + GRACE
        follow = ["--sync", "auto", "--poll-seconds", str(options.poll_seconds)]
        if nudge:
            follow.append("--nudge")
        self.bcoin = [nodes.BcoinNode(options.bcoin, folder, miner=f"Rust {n}", more=follow) for n in range(3)]
        self.python = [nodes.BookNode(folder, miner=f"Python {n}") for n in range(2)]
        self.all = self.bcoin + self.python
        self.times = collections.defaultdict(list)
        self.sent = 0

    def start(self):
        for node in self.all:
            node.spawn()
        for node in self.all:
            node.wait_ready("/get_chain", 60)
        for node in self.bcoin:
            expect(node.connect(self.all), 201, node, "connect_node")
        if not self.nudge:
            for node in self.python:
                expect(node.connect(self.all), 201, node, "connect_node")

    def stop(self):
        for node in self.all:
            node.stop()

    def chain(self, node):
        return expect(node.get("/get_chain"), 200, node, "get_chain").json()["chain"]

    def tip(self, node):
        """The text of the last block, which names all before it."""
        return canonical(self.chain(node)[-1])

    def all_hold(self, tip, some, what):
        """Waits until each of these nodes ends with this block; notes the seconds that took."""
        began = time.monotonic()
        waiting = list(some)
        while waiting:
            waiting = [node for node in waiting if self.tip(node) != tip]
            took = time.monotonic() - began
            if waiting and took > self.patience:
                heights = {str(node): len(self.chain(node)) for node in self.all}
                raise AssertionError(f"after {took:.1f} s {', '.join(map(str, waiting))} still lacks the block: {heights}")
            if waiting:
                time.sleep(0.02)
        self.times[what].append(time.monotonic() - began)

    def round(self):
        for node in self.chance.sample(self.all, 2):
            self.sent += 1
            one = {"sender": f"sender {self.sent}", "receiver": node.kind, "amount": self.chance.randint(1, 1000) / 8}
            expect(node.post("/add_transaction", json.dumps(one)), 201, node, "add_transaction")
        miner = self.chance.choice(self.all)
        expect(miner.get("/mine_block"), 200, miner, "mine_block")
        tip = self.tip(miner)
        if self.nudge:
            self.all_hold(tip, self.all, f"{miner.kind} to all five, nobody asked")
        else:
            self.all_hold(tip, self.bcoin, f"{miner.kind} to all B-Coin nodes")
            for node in self.python:
                expect(node.get("/replace_chain"), 200, node, "replace_chain")
            self.all_hold(tip, self.python, "to Python nodes, once asked")

    def compare(self):
        chains = {node: self.chain(node) for node in self.all}
        first = chains[self.all[0]]
        for node, chain in chains.items():
            if canonical(chain) != canonical(first):
                raise AssertionError(f"{node} has another chain than {self.all[0]}")
        # What a B-Coin node acknowledged is in a block, once; the Python nodes may lose theirs, as they do.
        mined = collections.Counter(t["sender"] for block in first for t in block["transactions"])
        twice = [sender for sender, count in mined.items() if sender.startswith("sender ") and count > 1]
        if twice:
            raise AssertionError(f"mined twice: {twice}")
        return len(first)


def run(options, nudge):
    with tempfile.TemporaryDirectory(prefix="bcoin-mixed-auto-") as folder:
        network = Network(options, folder, nudge)
        try:
            network.start()
            # A chain longer than the others' first blocks, so that all begin as one network.
            first = network.bcoin[0]
            expect(first.get("/mine_block"), 200, first, "mine_block")
            tip = network.tip(first)
            if nudge:
                network.all_hold(tip, network.all, "the first block to all five")
            else:
                network.all_hold(tip, network.bcoin, "the first block to B-Coin nodes")
                for node in network.python:
                    expect(node.get("/replace_chain"), 200, node, "replace_chain")
            for number in range(1, options.rounds + 1):
                try:
                    network.round()
                except AssertionError as error:
                    raise SystemExit(f"seed {options.seed}, {'with --nudge, ' if nudge else ''}round {number}: {error}")
            length = network.compare()
        finally:
            network.stop()
    for what, times in sorted(network.times.items()):
        times.sort()
        print(f"  {what:38} {len(times):3} times, seconds: median {times[len(times) // 2]:.2f}, longest {times[-1]:.2f}")
    return length


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bcoin", default=nodes.release("bcoin"), help="the program under test")
    parser.add_argument("--rounds", type=int, default=20, help="with, and once more without, --nudge")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--poll-seconds", type=int, default=2)
    options = parser.parse_args()
    began = time.monotonic()
    lengths = [run(options, nudge) for nudge in (False, True)]
    print(
        f"mixed auto: twice {options.rounds} rounds, {lengths[0]} and {lengths[1]} blocks equal on five nodes, each within "
        f"two polling intervals (seed {options.seed}, {time.monotonic() - began:.0f} s)"
    )


if __name__ == "__main__":
    main()
