"""Long valid chains as files of one block a line, for `bcoin import`. Made once for each length, under target/bench/."""

import sys
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/python"))

import intruders

WORK = ROOT / "target" / "bench"
REWARD = '[{"amount": 1, "receiver": "Meghna", "sender": "aec29907bbc749cb8bde77b963b881fa"}]'


def chain_file(length):
    """The path of a chain of `length` blocks, each with its reward, as a node that only mined would hold."""
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / f"chain-{length}.jsonl"
    if not path.exists():
        unfinished = path.with_suffix(".part")
        with unfinished.open("w") as file:
            for text in islice(intruders.valid_blocks(REWARD), length):
                file.write(text + "\n")
        unfinished.rename(path)
    return path
