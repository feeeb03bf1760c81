#!/usr/bin/env python3
"""The nodes of docker-compose.yml follow each other: whatever is cut, stopped, killed or lost, one chain comes of it.

    compose_network.py [--image bcoin] [--trials 20] [--seed 1]
        [--only spread|partitions|pause|kill|volume|fourth] [--keep]

Needs root (it asks each node from within its container's network), an engine that answers, and the image, built:
tests/compose_network.sh sees to all three. Standard library alone. Time is measured and printed, and never judged: only what
does not happen within a minute fails.
"""

import argparse
import os
import random
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "composed"))

from network import Network  # noqa: E402
from node import Node, Unreachable, docker  # noqa: E402

SCENES = ["spread", "partitions", "pause", "kill", "volume", "fourth"]
# A silent session is given up after 5 s (docs/limits.md: SESSION_PING and SESSION_SILENCE): cuts are shorter and longer.
LONGEST_CUT = 9
PAUSED = 16


class Times:
    def __init__(self, what, wanted):
        self.what, self.wanted, self.all = what, wanted, []

    def add(self, seconds):
        self.all.append(seconds)

    def tell(self):
        ordered = sorted(self.all)
        at = lambda share: ordered[min(len(ordered) - 1, int(share * len(ordered)))]  # noqa: E731
        met = "met" if at(0.99) <= self.wanted else "MISSED"
        print(
            f"   {self.what}: {len(ordered)} times, p50 {at(0.5):.3f} s, p99 {at(0.99):.3f} s, most {ordered[-1]:.3f} s"
            f" (wanted: p99 within {self.wanted} s, {met})",
            flush=True,
        )


def spread(network, options):
    """A block mined on any node is everyone's tip, with nobody calling anything."""
    times = Times("a block is the tip of all", 1)
    for turn in range(options.blocks):
        node = network.nodes[turn % 3]
        network.add(node)
        node.mine()
        times.add(network.wait_for_one_tip(tip=node.tip()))
    times.tell()
    network.wait_until_all_is_kept()


def partitions(network, options):
    """All sides of a cut mine and add; afterwards there is one tip, the longest side's, and nothing is lost."""
    healed, kept = Times("one tip after a cut", 5), Times("every transaction on every node after a cut", 5)
    from_asking = Times("one tip since the engine was asked to connect", 5)
    for trial in range(options.trials):
        sides = parted(network, trial)
        away = [node for side in sides[:-1] for node in side]
        # One that waits on all sides, and gets into blocks of each.
        network.add(network.chance.choice(network.nodes))
        network.wait_until_all_is_kept()
        for node in away:
            network.cut(node)
        ends = time.monotonic() + network.chance.uniform(0, LONGEST_CUT)
        counts = network.chance.sample(range(1, 6), len(sides))
        for count, (first, *others) in zip(counts, sides):
            network.add(first)
            network.mine(first, count, others)
            network.add(first)
        best = sides[counts.index(max(counts))][0].tip()
        time.sleep(max(0, ends - time.monotonic()))
        asked = time.monotonic()
        for node in away:
            network.heal(node, elsewhere=trial % 2 == 1)
        answered = time.monotonic()
        network.wait_for_one_tip(tip=best)
        now = time.monotonic()
        healed.add(now - answered)
        from_asking.add(now - asked)
        network.wait_until_all_is_kept()
        kept.add(time.monotonic() - answered)
        shape = ", ".join(f"{'+'.join(map(str, side))} mined {count}" for side, count in zip(sides, counts))
        print(
            f"   trial {trial + 1}: {shape}: one tip after {healed.all[-1]:.3f} s ({from_asking.all[-1]:.3f} s since asked),"
            f" every transaction after {kept.all[-1]:.3f} s",
            flush=True,
        )
    for times in (healed, from_asking, kept):
        times.tell()


def parted(network, trial):
    """Each node alone in turn, and every fourth time all three. The last side keeps the network."""
    if trial % 4 == 3:
        return [[node] for node in network.nodes]
    alone = network.nodes[trial % 4]
    rest = [node for node in network.nodes if node is not alone]
    network.chance.shuffle(rest)
    return [[alone], rest]


def pause(network, _options):
    """A node that stands still for several times a session's patience follows again."""
    still = network.chance.choice(network.nodes)
    rest = [node for node in network.nodes if node is not still]
    docker("pause", still.name)
    try:
        network.add(rest[0])
        network.mine(rest[0], 3, [rest[1]])
        network.add(rest[1])
        time.sleep(PAUSED)
        network.mine(rest[1], 1, [rest[0]])
    finally:
        docker("unpause", still.name)
    print(f"   {still} stood still: one tip after {network.wait_for_one_tip(tip=rest[0].tip()):.3f} s")
    network.wait_until_all_is_kept()


def kill(network, _options):
    """A node killed at work has what it acknowledged, and catches up."""
    victim = network.chance.choice(network.nodes)
    rest = [node for node in network.nodes if node is not victim]
    before = len(network.journal)

    def work():
        while True:
            try:
                network.add(victim)
                victim.mine()
            except Unreachable:
                # The last one may have been kept, and was not acknowledged.
                return

    worker = threading.Thread(target=work)
    worker.start()
    network.wait("work", lambda: len(network.journal) > before + 20)
    docker("kill", "--signal", "KILL", victim.name)
    worker.join()
    acknowledged = len(network.journal) - before
    network.wait_for_one_tip(rest)
    network.add(rest[1])
    network.mine(rest[0], 2, [rest[1]])
    began = time.monotonic()
    docker("start", victim.name)
    network.wait_until_it_answers(victim)
    network.wait_for_one_tip()
    print(f"   {victim} was killed after {acknowledged} additions: one tip {time.monotonic() - began:.3f} s after docker start")
    network.wait_until_all_is_kept()


def volume(network, _options):
    """A node that lost everything gets it from the others."""
    poor = network.chance.choice(network.nodes)
    rest = [node for node in network.nodes if node is not poor]
    network.add(poor)
    network.wait_until_all_is_kept()
    network.lose(poor)
    network.add(rest[0])
    network.mine(rest[1], 1, [rest[0]])
    network.add(rest[1])
    began = time.monotonic()
    network.up(poor)
    network.wait_for_one_tip(tip=rest[0].tip())
    took = time.monotonic() - began
    assert poor.chain() == rest[0].chain(), f"{poor} shows another chain than {rest[0]}"
    print(f"   {poor} lost its volume: all {poor.tip()[0]} blocks {took:.3f} s after compose was asked to start it")
    network.wait_until_all_is_kept()


def fourth(network, _options):
    """A node told of one other catches up, and knows the rest: it hears of their blocks when that one is gone."""
    new = Node(4)
    began = time.monotonic()
    network.up(new)
    network.wait_for_one_tip([*network.nodes, new])
    took = time.monotonic() - began
    assert new.chain() == network.nodes[0].chain(), f"{new} shows another chain than {network.nodes[0]}"
    print(f"   {new} has all {new.tip()[0]} blocks {took:.3f} s after compose was asked to start it")
    network.wait_until_all_is_kept([*network.nodes, new])
    first, *others = network.nodes
    network.cut(first)
    for only in others:
        away = [node for node in others if node is not only]
        network.cut(away[0])
        only.mine()
        print(f"   {only} alone is left to it: its block comes after {network.wait_for_one_tip([only, new]):.3f} s")
        new.mine()
        network.wait_for_one_tip([only, new])
        network.heal(away[0])
        network.wait_for_one_tip([*others, new])
    network.heal(first)
    network.wait_for_one_tip([*network.nodes, new])
    network.wait_until_all_is_kept([*network.nodes, new])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--image", default=os.environ.get("BCOIN_IMAGE", "bcoin"))
    parser.add_argument("--project", default="bcoin-network-test")
    parser.add_argument("--trials", type=int, default=3, help="how many partitions")
    parser.add_argument("--blocks", type=int, default=30, help="how many blocks to spread")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=SCENES, action="append")
    parser.add_argument("--keep", action="store_true", help="leave containers and volumes behind")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("this enters the containers' networks, which needs root")
    network = Network(ROOT, options.project, options.image, random.Random(options.seed))
    failed = passed = 0
    try:
        network.up(*network.nodes)
        # Three first blocks of equal length: whoever mines first is followed.
        network.mine(network.nodes[0], 1, network.nodes[1:])
        for scene in options.only or SCENES:
            print(f"== {scene}", flush=True)
            began = time.monotonic()
            globals()[scene](network, options)
            passed += 1
            print(f"ok {scene} ({time.monotonic() - began:.0f} s)", flush=True)
    except (AssertionError, RuntimeError, Unreachable) as error:
        # What follows would begin with a network in pieces.
        failed += 1
        print(f"FAIL {error}", flush=True)
        network.last_words()
    finally:
        if not options.keep:
            network.down()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
