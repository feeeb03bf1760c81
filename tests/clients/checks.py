"""A list of named checks, run in the order they were written, and their count."""

import argparse
import asyncio
import inspect
import os
import sys
import traceback
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
INSTALLED = ROOT / "target" / "rpc-clients"
WORDS = "test test test test test test test test test test test junk"


class Checks:
    def __init__(self):
        self.known = []

    def __call__(self, function):
        """Decorator: the function's name, read as words, is the check's."""
        self.known.append((function.__name__.strip("_").replace("_", " "), function))
        return function

    def run(self, *context, only=None):
        """Runs every check with the same arguments; the exit code says whether all held."""
        passed, failed = 0, []
        for name, function in self.known:
            if only and only not in name:
                continue
            try:
                answer = function(*context)
                if inspect.isawaitable(answer):
                    asyncio.run(asyncio.wait_for(answer, 30))
            except Exception as error:
                failed.append(name)
                print(f"FAIL {name}: {shown(error)}", flush=True)
                if os.environ.get("TRACE"):
                    traceback.print_exc()
            else:
                passed += 1
                print(f"ok   {name}", flush=True)
        print(f"{passed} passed, {len(failed)} failed")
        return 1 if failed or not passed else 0


def shown(error):
    """The error in one line, with the line of the check where it arose."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if str(FOLDER) in frame.filename]
    # A wrong answer is met in the library; the check's own line says which call was meant.
    where = next((f" at line {frame.lineno}: {frame.line}" for frame in frames if not frame.filename.endswith("checks.py")), "")
    return f"{type(error).__name__}: {str(error)[:600]}{where}".replace("\n", " ")


def arguments(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="where JSON-RPC is answered: http://127.0.0.1:PORT/rpc")
    parser.add_argument("--only", metavar="WORD", help="only checks whose name holds this")
    return parser


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}{': ' if what else ''}got {got!r}, wanted {wanted!r}")


def holds(condition, what):
    if not condition:
        raise AssertionError(what)


def websocket(url):
    return url.replace("http", "ws", 1)


if __name__ == "__main__":
    sys.exit("checks.py holds no checks")
