#!/usr/bin/env python3
"""Holds B-Coin's JSON reader and canonical writer against CPython's on random documents.

Each document is a line of UTF-8 on the standard input of the program under test, which answers with one line:
`<sha256> <canonical text>`, or `error <why>` when the document is not JSON. CPython's answer is
`json.dumps(json.loads(text), sort_keys=True)`, or an exception. The first difference ends the run.

    json_differential.py --count 1000000 [--program target/release/examples/canonical]
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import subprocess
import sys
import time

import awkward
import nodes

BATCH = 10_000
SPOILT = 0.35
# CPython 3.11 gives up at about 1,000 levels, B-Coin at 1,000: documents stay clear of the border on either side.
DEEPEST_READ = 900
TOO_DEEP = (1_100, 2_000)
TOO_MANY_DIGITS = 4_301


def document(chance):
    """A document, and what is known of its fate: True where it must be refused whatever this Python does."""
    writer = awkward.Writer(chance, deepest=DEEPEST_READ)
    pick = chance.random()
    if pick < 0.0005:
        return writer.deep(chance.randint(*TOO_DEEP)).encode(), True
    if pick < 0.001:
        digits = chance.choice((TOO_MANY_DIGITS, TOO_MANY_DIGITS + 1, 5_000))
        return f'[{"7" * digits}]'.encode(), True
    if pick < 0.0015:
        # Digits without end are no trouble where they make a double.
        return f'{{"a":{"7" * 5_000}{chance.choice((".0", "e-4990", "E0"))}}}'.encode(), False
    text = writer.text()
    if chance.random() < SPOILT:
        return awkward.spoilt(chance, text), False
    return text.encode(), False


def expected(content, refused):
    """What the program must answer: the line, or None for an error."""
    if refused:
        return None
    try:
        canonical = json.dumps(json.loads(content.decode("utf-8")), sort_keys=True).encode()
    except (ValueError, RecursionError):
        return None
    return hashlib.sha256(canonical).hexdigest().encode() + b" " + canonical


def compare(content, wanted, answer):
    """None, or the difference in words."""
    refused = answer.startswith(b"error")
    if wanted is None:
        return None if refused else f"CPython refuses it, the program answers\n{answer!r}"
    if refused:
        return f"CPython reads it as\n{wanted!r}\nand the program answers\n{answer!r}"
    if answer != wanted:
        return f"CPython\n{wanted!r}\nprogram\n{answer!r}"
    return None


def run_batch(task):
    """(documents, accepted, refused, difference or None) of one batch, whose documents its seed decides."""
    program, seed, number, count = task
    chance = random.Random(f"{seed}/{number}")
    documents = [document(chance) for _ in range(count)]
    contents = [content for content, _ in documents]
    wanted = [expected(content, refused) for content, refused in documents]
    run = subprocess.run([program], input=b"".join(content + b"\n" for content in contents), stdout=subprocess.PIPE)
    answers = run.stdout.split(b"\n")
    if run.returncode != 0:
        return count, 0, 0, f"the program ended with {run.returncode} in batch {number}"
    if answers.pop() != b"" or len(answers) != count:
        return count, 0, 0, f"{count} documents went in and {len(answers)} answers came out in batch {number}"
    accepted = sum(line is not None for line in wanted)
    for content, want, answer in zip(contents, wanted, answers):
        difference = compare(content, want, answer)
        if difference:
            return count, accepted, count - accepted, f"document (batch {number})\n{content!r}\n{difference}"
    return count, accepted, count - accepted, None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--program", default=nodes.release("examples/canonical"))
    options = parser.parse_args()
    if sys.get_int_max_str_digits() != 4300:
        raise SystemExit("this Python does not stop at 4,300 digits: 3.11 or later, without PYTHONINTMAXSTRDIGITS, is needed")

    began = time.monotonic()
    tasks = []
    for number, first in enumerate(range(0, options.count, BATCH)):
        tasks.append((options.program, options.seed, number, min(BATCH, options.count - first)))
    compared = accepted = refused = 0
    with multiprocessing.Pool(options.processes) as pool:
        for count, yes, no, difference in pool.imap_unordered(run_batch, tasks):
            if difference:
                pool.terminate()
                raise SystemExit(f"seed {options.seed}: {difference}")
            compared, accepted, refused = compared + count, accepted + yes, refused + no
    print(
        f"json differential: {compared:,} documents, {accepted:,} read alike, {refused:,} refused alike, "
        f"none differs (seed {options.seed}, {time.monotonic() - began:.0f} s)"
    )


if __name__ == "__main__":
    main()
