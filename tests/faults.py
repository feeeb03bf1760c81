#!/usr/bin/env python3
"""Attacks a node from outside: odd requests, odd folders, odd signals. No fault may stop it, or make it wrong.

    faults.py [BINARY] [--seed 1] [--flips 220] [--cuts 24] [--only wire|process|stores|coin_stores]

Standard library alone. The full disk needs root, for a mount: without, it is skipped, which with CI=true is a failure.
"""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "faulty"))

import coin_stores  # noqa: E402
import process  # noqa: E402
import stores  # noqa: E402
import wire  # noqa: E402
from node import Node, Score  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary", nargs="?", default=str(ROOT / "target" / "release" / "bcoin"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flips", type=int, default=220, help="how many single bits to flip in a store")
    parser.add_argument("--cuts", type=int, default=24, help="how often to cut a store short")
    parser.add_argument("--only", choices=["wire", "process", "stores", "coin_stores"])
    arguments = parser.parse_args()
    sys.set_int_max_str_digits(0)
    Node.program = str(Path(arguments.binary).resolve())
    if not Path(Node.program).exists():
        sys.exit(f"there is no {Node.program}: cargo build --release")
    score = Score()
    with tempfile.TemporaryDirectory(prefix="bcoin-faults-") as scratch:
        scratch = Path(scratch)
        # An ordinary user has to reach a folder in it.
        scratch.chmod(0o755)
        if arguments.only in (None, "wire"):
            with Node(scratch / "wire") as node:
                score.check("the node starts", node.starts(), node.said())
                wire.play(score, node)
                score.check("after all that, the chain is sound", node.json("/v1/audit")["sound"])
                score.check("and the log holds no panic", "panicked" not in node.said(), node.said()[-500:])
        if arguments.only in (None, "process"):
            process.play(score, scratch)
        if arguments.only in (None, "stores"):
            stores.play(score, scratch, arguments.seed, arguments.flips, arguments.cuts)
        if arguments.only in (None, "coin_stores"):
            # Each of these takes longer: more is asked of it.
            coin_stores.play(score, scratch, arguments.seed, arguments.flips // 5, arguments.cuts // 4)
    sys.exit(score.end())


if __name__ == "__main__":
    main()
