#!/usr/bin/env python3
"""B-Coin, the book's Flask node and nginx side by side on loopback, in turns, everything durable.

    side_by_side.py [--only add_transaction --only get_chain] [--quick] [--json FILE]

README.md beside this file says what each figure means.
"""

import argparse
import subprocess
from pathlib import Path

import chains
import figures
import load
import measures
import nodes
import sides


def build():
    command = ["cargo", "build", "--release", "--bin", "bcoin", "--example", "storeless"]
    subprocess.run(command, cwd=chains.ROOT, check=True)


def main():
    names = [measure.__name__ for measure in measures.ALL]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="short runs on shorter chains: shows that it works, proves nothing")
    parser.add_argument("--rounds", type=int, help="turns that each side gets (5)")
    parser.add_argument("--chain-connections", type=int, default=4, help="how many ask for get_chain at once (4)")
    parser.add_argument("--patience", type=int, default=20, help="seconds to wait for a quiet machine before each turn (20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--bcoin", help="a built bcoin; without it, cargo builds one")
    parser.add_argument("--storeless", help="the built example `storeless`")
    options = parser.parse_args()

    if not (options.bcoin and options.storeless):
        build()
    load.install("wrk", "nginx")
    plan = measures.Plan(options.quick, options.rounds, options.chain_connections, options.patience)
    found = figures.Figures()
    for measure in measures.ALL:
        if options.only and measure.__name__ not in options.only:
            continue
        with sides.Sides(options.bcoin or nodes.release("bcoin"), options.storeless or nodes.release("examples/storeless")) as servers:
            measure(servers, plan, found)
    found.summary()
    if options.json:
        found.write(options.json)


if __name__ == "__main__":
    main()
