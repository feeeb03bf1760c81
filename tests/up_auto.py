#!/usr/bin/env python3
"""`bcoin up --sync auto`, and a fourth node that starts empty and is told of one: they follow each other by themselves.

    up_auto.py [BINARY] [--blocks 60]

Standard library alone. Time is measured and printed, and never judged: only what does not happen within a minute fails.
"""

import argparse
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "faulty"))

from node import LOOPBACK, Node, Score, free_port  # noqa: E402

PATIENCE = 60
WANTED = 1


class Local:
    """A node of `bcoin up`, asked as any other."""

    ask, json = Node.ask, Node.json

    def __init__(self, port):
        self.port = port


def three_free_ports():
    """The first of three in a row."""
    while True:
        first = free_port()
        try:
            for port in range(first, first + 3):
                with socket.socket() as probe:
                    probe.bind((LOOPBACK, port))
            return first
        except (OSError, OverflowError):
            continue


def wait(what, holds):
    """Seconds until it holds."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > PATIENCE:
            raise AssertionError(f"waited {PATIENCE} s for {what}")
        time.sleep(0.002)
    return time.monotonic() - began


def tip(node):
    tip = node.json("/v1/node")["tip"]
    return tip["height"], tip["hash"]


def mine(node):
    status, said = node.ask("GET", "/mine_block")
    assert status == 200, f"a block is not mined: {status} {said[:200]}"
    return tip(node)


def wait_for(nodes, wanted):
    return wait(f"the tip {wanted} on all of {len(nodes)} nodes", lambda: all(tip(node) == wanted for node in nodes))


def answers(node):
    try:
        return node.ask("GET", "/livez", seconds=2)[0] == 200
    except OSError:
        return False


def spread(score, nodes, blocks):
    """Blocks from each in turn."""
    times = sorted(wait_for(nodes, mine(nodes[turn % len(nodes)])) for turn in range(blocks))
    at = lambda share: times[min(len(times) - 1, int(share * len(times)))]  # noqa: E731
    score.check(f"a block mined on any of {len(nodes)} nodes is the tip of all", True)
    print(
        f"   {blocks} blocks, p50 {at(0.5):.3f} s, p99 {at(0.99):.3f} s, most {times[-1]:.3f} s"
        f" (wanted: within {WANTED} s, {'met' if times[-1] <= WANTED else 'MISSED'})",
        flush=True,
    )


def play(score, scratch, first, blocks):
    nodes = [Local(port) for port in range(first, first + 3)]
    for node in nodes:
        wait("the nodes of up to answer", lambda node=node: answers(node))
    # Three first blocks of equal length: whoever mines first is followed.
    wait_for(nodes, mine(nodes[0]))
    spread(score, nodes, blocks)

    known = ["--sync", "auto", "--peer", f"{LOOPBACK}:{first}"]
    with Node(scratch / "fourth", *known) as fourth:
        score.check("a fourth node starts, told of one address", fourth.starts(), fourth.said())
        took = wait_for([fourth], tip(nodes[0]))
        score.check("it catches up", fourth.json("/get_chain") == nodes[0].json("/get_chain"))
        print(f"   {tip(fourth)[0]} blocks, {took:.3f} s after it answers", flush=True)
        spread(score, [*nodes, fourth], blocks)
        fourth.stop()
        book = (scratch / "fourth" / "peers.json").read_text()
        for node in nodes:
            score.check(f"its book names the node on {node.port}", f"{LOOPBACK}:{node.port}" in book, book)

    with Node(scratch / "fourth", "--sync", "auto") as fourth:
        score.check("it starts again, told of none", fourth.starts(), fourth.said())
        missed = mine(nodes[1])
        took = wait_for([*nodes, fourth], missed)
        score.check("it finds the others by its book", True)
        print(f"   a block that it missed came {took:.3f} s after it was mined", flush=True)
        spread(score, [*nodes, fourth], blocks // 4)
        score.check("it ends in order", fourth.stop() == 0, fourth.said()[-500:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary", nargs="?", default=str(ROOT / "target" / "release" / "bcoin"))
    parser.add_argument("--blocks", type=int, default=60)
    options = parser.parse_args()
    Node.program = str(Path(options.binary).resolve())
    if not Path(Node.program).exists():
        sys.exit(f"there is no {Node.program}: cargo build --release")
    score = Score()
    with tempfile.TemporaryDirectory(prefix="bcoin-up-auto-") as scratch, tempfile.TemporaryFile() as log:
        scratch, first = Path(scratch), three_free_ports()
        command = [Node.program, "up", "--sync", "auto", "--base-port", str(first), "--data-dir", str(scratch)]
        up = subprocess.Popen(command, cwd=scratch, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            play(score, scratch, first, options.blocks)
        except (AssertionError, OSError, RuntimeError) as error:
            log.seek(0)
            score.check("all of it", False, f"{error!r}\n{log.read().decode(errors='replace')[-3000:]}")
        finally:
            up.terminate()
            score.check("up ends in order", up.wait(20) == 0)
    sys.exit(score.end())


if __name__ == "__main__":
    main()
