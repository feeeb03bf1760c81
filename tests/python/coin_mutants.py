"""Blocks that are nearly right, judged by the node and by the verifier in Python: both must say the same of each, and name the same rule.

    python3 tests/python/coin_mutants.py JUDGE [--count N] [--seed S] [--genesis FILE --chain FILE]

JUDGE is the example `judge_blocks`. Blocks are made by `coin_verifier.tests.mutants`, on two processes.
"""

import argparse
import collections
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors" / "coin"
NOW = int(time.time())


def made(given: argparse.Namespace, count: int, seed: int) -> list[dict]:
    """Mutants, each with what the verifier in Python says of it."""
    command = ["bash", ROOT / "tests" / "coin_verifier.sh", "--python", "-m", "coin_verifier.tests.mutants"]
    command += [given.genesis, given.chain, str(count), "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def judged(given: argparse.Namespace, mutants: list[dict]) -> list[dict]:
    with tempfile.TemporaryFile("w+") as questions:
        for mutant in mutants:
            print(json.dumps({"block": mutant["block"]}), file=questions)
        questions.seek(0)
        command = [given.judge, given.genesis, given.chain, str(NOW)]
        done = subprocess.run(command, stdin=questions, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def agree(python: dict, node: dict) -> bool:
    if python.get("valid"):
        return node.get("valid", False)
    return node.get("rule") in [python["rule"], *python.get("alike", [])]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("judge")
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--genesis", default=str(VECTORS / "python_chain.genesis.json"))
    parser.add_argument("--chain", default=str(VECTORS / "python_chain.bin"))
    given = parser.parse_args()
    part = 500
    parts = [(min(part, given.count - begin), given.seed * 1_000_003 + begin) for begin in range(0, given.count, part)]
    rules, differences, seen = collections.Counter(), [], 0

    def one(count_and_seed: tuple[int, int]) -> list[tuple[dict, dict]]:
        mutants = made(given, *count_and_seed)
        return list(zip(mutants, judged(given, mutants), strict=True))

    with ThreadPoolExecutor(2) as pool:
        for pairs in pool.map(one, parts):
            for python, node in pairs:
                seen += 1
                rules[python.get("rule", "valid")] += 1
                if not agree(python, node):
                    differences.append((python, node))
            if sys.stderr.isatty():
                print(f"\r{seen} of {given.count}", end="", file=sys.stderr)
    for rule, count in sorted(rules.items()):
        print(f"{count:8} {rule}")
    for python, node in differences[:10]:
        print(f"DIFFERS  python {({k: v for k, v in python.items() if k != 'block'})}, node {node}, block {python['block'][:2000]}")
    print(f"{seen} mutated blocks, {len(rules)} verdicts, {len(differences)} judged differently")
    return 1 if differences or seen != given.count else 0


if __name__ == "__main__":
    sys.exit(main())
