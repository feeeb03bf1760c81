"""Fills in what the Ethereum execution specs make of state tests at Osaka. Tests are as `suite` makes them, or any in the form of ethereum's.

    bash tests/coin_verifier.sh --python -m state_tests.fill FROM TO [--fork NAME]

FROM is a folder of state tests that name an older fork; TO gets the same tests with the member Osaka in place of it.
"""

import argparse
import json
import multiprocessing
from pathlib import Path

from .specs import data, outcome


def filled(test: dict, fork: str) -> dict | None:
    posts = test["post"].get(fork)
    if not posts:
        return None
    now = [{"txbytes": post["txbytes"], **outcome(test["env"], test["pre"], data(post["txbytes"]))} for post in posts]
    key = {name: test["transaction"][name] for name in ("secretKey",) if name in test["transaction"]}
    return {"env": test["env"], "pre": test["pre"], "transaction": key, "post": {"Osaka": now}}


def fill_file(job: tuple[Path, Path, str]) -> int:
    source, target, fork = job
    tests = {name: filled(test, fork) for name, test in json.loads(source.read_text()).items()}
    tests = {name: test for name, test in tests.items() if test}
    if tests:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(tests, separators=(",", ":")))
    return sum(len(test["post"]["Osaka"]) for test in tests.values())


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("source", type=Path)
    arguments.add_argument("target", type=Path)
    arguments.add_argument("--fork", default="Cancun")
    given = arguments.parse_args()
    jobs = [(file, given.target / file.relative_to(given.source), given.fork) for file in sorted(given.source.rglob("*.json"))]
    with multiprocessing.Pool() as pool:
        print(sum(pool.imap_unordered(fill_file, jobs)), "cases filled")


if __name__ == "__main__":
    main()
