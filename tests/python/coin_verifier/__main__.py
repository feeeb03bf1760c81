"""`python3 -m coin_verifier GENESIS [CHAIN] [--single]`: see README.md beside this file."""

import argparse
import json
import multiprocessing
import sys
from pathlib import Path
from threading import BoundedSemaphore

from .chain import Chain
from .parameters import BadParameters, Parameters
from .report import BadFile, judged, verified

_chain: Chain  # what forked workers judge by


def _answer(question: str) -> str:
    return json.dumps(judged(_chain, question))


def _single(jobs: int) -> None:
    if jobs == 1:
        for question in sys.stdin:
            print(_answer(question), flush=True)
        return
    in_flight = BoundedSemaphore(64 * jobs)

    def questions():
        for question in sys.stdin:
            in_flight.acquire()
            yield question

    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for answer in pool.imap(_answer, questions()):
            print(answer, flush=True)
            in_flight.release()


def main() -> int:
    global _chain
    parser = argparse.ArgumentParser(prog="coin_verifier")
    parser.add_argument("genesis", type=Path, help="the genesis file (JSON)")
    parser.add_argument("chain", type=Path, nargs="?", help="u32 LE length || block, from the genesis block on")
    parser.add_argument("--each", action="store_true", help="report every block too")
    parser.add_argument("--now", type=int, help="the clock to go by, in seconds since 1970")
    parser.add_argument("--single", action="store_true", help="then judge blocks, one JSON object a line")
    parser.add_argument("--jobs", type=int, default=1, help="processes that judge")
    given = parser.parse_args()
    try:
        _chain = Chain(Parameters.from_json(given.genesis.read_bytes()), given.now)
        if given.chain is None:
            report = verified(_chain, b"", given.each)
        else:
            report = verified(_chain, given.chain.read_bytes(), given.each)
    except (BadParameters, BadFile, OSError) as error:
        print(f"coin_verifier: {error}", file=sys.stderr)
        return 2
    if given.single and report["valid"]:
        print(json.dumps(report), file=sys.stderr, flush=True)
        _single(given.jobs)
        return 0
    print(json.dumps(report, indent=None if given.single else 2))
    return 0 if report["valid"] else 1


sys.exit(main())
