#!/usr/bin/env python3
"""Has `bcoin contract verify` and `review` run real compilers and the real slither.

    contract_tools.py BCOIN

On a fresh node of network `dev`: an example in Vyper and one in Solidity are deployed, their sources compiled again and kept; a source
that was changed is refused. Then slither looks over the examples and over a contract that has what none should have.
Takes Vyper and slither from PyPI, and solc from npm, both into target/.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import environment
from nodes import BcoinNode

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
EXAMPLES = ROOT / "examples" / "contracts"
BAD = ROOT / "tests" / "vectors" / "contracts" / "Bad.sol"
WORDS = "test test test test test test test test test test test junk\n"
LATER = "4102444800"

sys.path.insert(0, str(EXAMPLES))


def solc(folder):
    """A program that speaks as solc does, over the compiler that npm has."""
    import build

    program = Path(folder) / "solc"
    text = (HERE / "solc.js").read_text()
    program.write_text(text.replace("process.env.SOLC_FOLDER", json.dumps(str(build.solc_folder()))))
    program.chmod(0o755)
    return str(program)


class User:
    def __init__(self, bcoin, folder, url, path):
        self.bcoin, self.folder, self.url = bcoin, folder, url
        self.environment = {"PATH": path, "BCOIN_WALLET_DIR": "wallet", "BCOIN_NODE": url, "HOME": str(folder)}
        password = Path(folder) / "password"
        password.write_text("password\n")
        password.chmod(0o600)
        self.run("wallet", "import", "--file", "-", "--count", "1", "--password-file", "password", stdin=WORDS)

    def run(self, *arguments, stdin="", code=0):
        done = subprocess.run(
            [self.bcoin, *arguments], cwd=self.folder, env=self.environment, input=stdin, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600,
        )
        if done.returncode != code:
            raise SystemExit(f"bcoin {' '.join(arguments)} ended with {done.returncode}, not {code}:\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def deploy(self, *arguments):
        said = self.run("contract", "deploy", *arguments, "--yes", "--json", "--password-file", "password")
        line = next(line for line in said.splitlines() if line.startswith("{"))
        return json.loads(line)["contract"]


def holds(text, *parts):
    for part in parts:
        if part not in text:
            raise SystemExit(f"{part!r} is not in\n{text}")


def verifies(user, compiler):
    for name, ending, words, terms in [
        ("bond", "vy", "a bond needs a goal", ["10coins", "500", LATER, "4102531200"]),
        ("token_sale", "sol", "price must not be 0", ["A token", "TOK", "1000e18", "100e18", "0.01coin", "50e18", LATER]),
    ]:
        source, artifact = EXAMPLES / name / f"{name}.{ending}", EXAMPLES / name / f"{name}.json"
        contract = user.deploy(str(artifact), *terms)
        verify = ["contract", "verify", contract, str(artifact), "--must-compile", "--compiler", compiler[ending]]
        changed = Path(user.folder) / source.name
        changed.write_text(source.read_text().replace(words, "no"))
        holds(user.run(*verify, "--source", str(changed), code=1), "to other code than the artifact's")
        said = user.run(*verify, "--source", str(source))
        holds(said, "compiled again with", "byte for byte", "values that the constructor set")
        inspected = user.run("contract", "inspect", contract)
        holds(inspected, source.name, "compiled again with", "by whoever handed it in")
        print(f"{name}: compiled again, held against the chain, kept")


def reviews(user, compiler):
    def review(file, *more, code=0):
        return user.run("contract", "review", str(file), "--solc", compiler["sol"], *more, code=code)

    said = review(BAD, code=1)
    holds(said, "It pays out before it writes down", "who sent the transaction", "whether a payment arrived", "Bad.sol:14 in withdraw")
    report = json.loads(review(BAD, "--json", "--fail-on", "never"))
    checks = {finding["check"]: finding["line"] for finding in report["findings"]}
    wanted = {"reentrancy-eth": 14, "tx-origin": 20, "unchecked-send": 21, "arbitrary-send-eth": 21}
    if not wanted.items() <= checks.items():
        raise SystemExit(f"{wanted} is not within {checks}")
    print(f"Bad.sol: {len(checks)} kinds of findings, each explained")
    said = review(EXAMPLES / "token_sale" / "token_sale.sol", "--fail-on", "high")
    holds(said, "exactly equal")
    print("token_sale.sol: nothing of high severity")
    for source in sorted(EXAMPLES.glob("*/*.vy")):
        holds(review(source, code=1), "slither reads Vyper up to 0.3")
        print(f"{source.name}: its Vyper is too new for slither, which is said")


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    bcoin = os.path.abspath(sys.argv[1])
    python = environment.python("review-python", "review_requirements.txt", "Vyper and slither")
    tools = os.path.dirname(python)
    with tempfile.TemporaryDirectory() as folder:
        compiler = {"vy": f"{tools}/vyper", "sol": solc(folder)}
        node = BcoinNode(bcoin, folder, miner="0x" + "00" * 18 + "beef", more=["--network", "dev"]).start()
        try:
            user = User(bcoin, folder, node.url, f"{tools}:{os.environ['PATH']}")
            verifies(user, compiler)
            reviews(user, compiler)
        finally:
            node.stop()


if __name__ == "__main__":
    main()
