#!/usr/bin/env python3
"""Runs the example programs that drive contracts by the README's lines, and holds what they say against the chain.

    examples_run.py [--bcoin target/release/bcoin] [--examples target/release/examples] [--only NAME…] [--seed 1]

Each program plays on a fresh node of network `dev`. The swap plays on two, again and again: either node is killed (SIGKILL) at every
step and started on the same folder, or the program is and started with the same journal; once to its good end and once to both
refunds. After each play all coins are counted: every unit is with somebody, and nobody lost more than fees.
"""

import argparse
import json
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from nodes import ROOT, BcoinNode, release

COIN = 10**18
MINER = "0x" + "00" * 18 + "beef"
ALICE, BOB = 1, 2
# In a swap Alice gives the first on network 1, Bob the second on network 2.
GIVEN = [5 * COIN, 3 * COIN]


class Wrong(Exception):
    pass


def expect(what, found, wanted=True):
    if found != wanted:
        raise Wrong(f"{what}: found {found!r}, wanted {wanted!r}")


def units(text):
    return int(Decimal(text) * COIN)


def shown_in_the_readme():
    """The lines that run examples: name and arguments."""
    section = re.search(r"^## Contracts$.*?(?=^## )", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)[0]
    lines = re.findall(r"^cargo run --release --example (\w+)(?: -- (.*))?$", section, re.MULTILINE)
    return [(name, shlex.split(arguments)) for name, arguments in lines]


def command(arguments, name, nodes, more):
    """A line of the README, for these nodes in the place of those on ports 1001 and 1002."""
    for port, node in zip(["1001", "1002"], nodes):
        more = [word.replace(f"127.0.0.1:{port}", node.address) for word in more]
    if not any(word.startswith("http") for word in more):
        more = [*more, *(node.url for node in nodes)]
    return [str(Path(arguments.examples).resolve() / name), *more]


def start(arguments, folder):
    node = BcoinNode(arguments.bcoin, folder, miner=MINER, more=["--network", "dev", "--sync", "manual"])
    return node.start()


def chain_of(node):
    from contracts.chain import Chain

    return Chain(f"{node.url}/rpc")


def every_unit_is_somewhere(node, addresses):
    """The network's supply is what these addresses have together."""
    chain, supply = chain_of(node), node.get("/v1/supply").json()
    together = sum(chain.coins(address) for address in {*chain.accounts, MINER, *addresses})
    expect("all coins of the network, counted", together, units(supply["total"]))


def contracts_in(said):
    """The contracts that a program deployed: name and address, in order."""
    return re.findall(r"The contract (\w+) is at (0x[0-9a-fA-F]{40})\.", said)


def as_said(node, said):
    """Whether everybody has what the program says at its end, to the last unit."""
    chain = chain_of(node)
    ends = said.split("At the end\n")
    found = re.findall(r"^  (.+?) +(0x[0-9a-fA-F]{40})  ([\d.]+) coins$", ends[-1], re.MULTILINE)
    expect("somebody is named at the end", len(found) >= 3)
    for name, address, coins in found:
        expect(f"the coins of {name} at the end", chain.coins(address), units(coins))


def play(arguments, name, node, refusals):
    """Runs a program to its end, and what holds for all of them."""
    [more] = [more for shown, more in shown_in_the_readme() if shown == name]
    line = command(arguments, name, [node], more)
    result = subprocess.run(line, capture_output=True, text=True, timeout=180)
    expect(f"{name} ends well ({result.stderr.strip()})", result.returncode, 0)
    said = result.stdout
    expect("what was refused, in words", said.count("Refused, as it should be: "), refusals)
    as_said(node, said)
    every_unit_is_somewhere(node, [address for _, address in contracts_in(said)])
    return said


def contract(node, name, address):
    from contracts.chain import Contract, artifact

    return Contract(chain_of(node), artifact(name), address)


def run_bond(arguments, node):
    said = play(arguments, "bond", node, 6)
    bonds = [contract(node, name, address) for name, address in contracts_in(said)]
    expect("two bonds", [bond.read("state") for bond in bonds], ["repaid", "default"])
    got = [(who, units(coins)) for who, coins in re.findall(r"(\w+) has got ([\d.]+) coins from this bond", said)]
    ann, ben = (bonds[0].chain.accounts[index] for index in (2, 3))
    claimed = [(who, bond.read("claimed", account)) for bond in bonds for who, account in (("Ann", ann), ("Ben", ben))]
    expect("what the investors got", got, claimed)
    expect("with interest, and of the collateral", [coins for _, coins in got], [units(coins) for coins in ("4.2", "6.3", "0.8", "1.2")])
    expect("nothing stays in the bonds", [bonds[0].chain.coins(bond) for bond in bonds], [0, 0])


def run_escrow(arguments, node):
    said = play(arguments, "escrow", node, 7)
    escrows = [contract(node, name, address) for name, address in contracts_in(said)]
    expect("three escrows", [escrow.read("state") for escrow in escrows], ["closed"] * 3)
    got = re.findall(r"(\w+) has got ([\d.]+) coins from this escrow", said)
    expect("who got what", got, [("Seller", "9"), ("Buyer", "9"), ("Seller", "7.5"), ("Buyer", "1.5")])
    expect("nothing stays in escrow", [escrows[0].chain.coins(escrow) for escrow in escrows], [0] * 3)


def run_token_sale(arguments, node):
    said = play(arguments, "token_sale", node, 7)
    [(name, address)] = contracts_in(said)
    sale = contract(node, name, address)
    has = re.findall(r"(\w+) has ([\d.]+) tokens", said)
    on_chain = [sale.read("balanceOf", account) for account in sale.chain.accounts[1:4]]
    expect("who has how many tokens", [units(tokens) for _, tokens in has], on_chain)
    expect("as the story goes", has, [("Owner", "550"), ("Ann", "265"), ("Ben", "185")])
    expect("the sale is over and paid out", (sale.read("ended"), sale.chain.coins(sale)), (True, 0))


def run_exchange(arguments, node):
    said = play(arguments, "exchange", node, 4)
    wheat, steel, pool = (contract(node, name, address) for name, address in contracts_in(said))
    has = re.findall(r"(\w+) has ([\d.]+) WHEAT and ([\d.]+) STEEL", said)
    accounts = pool.chain.accounts[1:4]
    expect("who has what of both tokens", [(units(a), units(b)) for _, a, b in has],
           [(wheat.read("balanceOf", account), steel.read("balanceOf", account)) for account in accounts])
    expect("the pool has what it counts as its own", (wheat.read("balanceOf", pool), steel.read("balanceOf", pool)),
           (pool.read("reserve_a"), pool.read("reserve_b")))
    expect("the provider has gained what the trader lost, but for what stays in the pool",
           units(has[1][1]) > 10_000 * COIN - 10**4 and units(has[2][1]) < 10_000 * COIN)


def run_registry(arguments, node):
    said = play(arguments, "registry", node, 6)
    [(name, address)] = contracts_in(said)
    registry = contract(node, name, address)
    history = said.split("from the contract's events:\n")[1].split("\nAt the end")[0]
    expect("the history of the batch", re.findall(r"^     (\w+)\(", history, re.MULTILINE),
           ["Made", "HandedOver", "Accepted", "Noted", "HandedOver", "Recalled", "UsedUp"])
    expect("the batch is recalled and used up", registry.read("batch", 1)[6:], (True, True))
    deed = bytes.fromhex(re.search(r"registers a deed by its hash, 0x([0-9a-f]{64})", said)[1])
    owner, registered, revoked, attestations = registry.read("document", deed)
    expect("the deed is Ann's, attested once and revoked a day later",
           (owner, attestations, revoked - registered >= 86_400), (registry.chain.accounts[1].lower(), 1, True))


# -- the swap -----------------------------------------------------------------


class Swap:
    """One swap between two nodes, with somebody who is killed at some step."""

    def __init__(self, arguments, nodes, folder, number, silent):
        [more] = [more for name, more in shown_in_the_readme() if name == "swap" and ("--refund" in more) == silent]
        # The first swap of each kind by the README's line as it is; a journal serves for one swap.
        journal = [] if number == 0 else ["--journal", f"journal-{number}"]
        self.line, self.folder = command(arguments, "swap", nodes, [*more, *journal]), folder
        self.journal = Path(folder) / (["swap.journal", "refund.journal"][silent] if number == 0 else f"journal-{number}")
        self.nodes = nodes
        self.said = ""
        self.steps = 0

    def contracts(self):
        """Where the contracts are, by the journal."""
        return [side["contract"] for side in json.loads(self.journal.read_text())["sides"]]

    def program(self):
        return subprocess.Popen(self.line, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, victim=None, at_step=0, delay=0.0):
        """`victim` is a node's index, or "program"; it dies so many seconds after the step is told."""
        program = self.program()
        while line := program.stdout.readline():
            self.said += line
            if not re.match(r"\d+\. ", line):
                continue
            self.steps += 1
            if self.steps != at_step:
                continue
            time.sleep(delay)
            if victim == "program":
                program.kill()
                program.wait()
                program.stdout.close()
                program = self.program()
            elif victim is not None:
                node = self.nodes[victim]
                node.kill()
                node.start()
        expect(f"the swap ends well:\n{self.said}", program.wait(60), 0)
        return self


def fees_of(chain, account, first):
    """Units that an account has paid for its transactions from a block on."""
    paid = 0
    for number in range(first, int(chain.ask("eth_blockNumber"), 16) + 1):
        for transaction in chain.ask("eth_getBlockByNumber", hex(number), True)["transactions"]:
            if transaction["from"].lower() == account.lower():
                receipt = chain.ask("eth_getTransactionReceipt", transaction["hash"])
                paid += int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    return paid


def swap_once(arguments, nodes, folder, number, silent, victim=None, at_step=0, delay=0.0):
    """A swap, and all coins counted after it. The number of steps that were told."""
    chains = [chain_of(node) for node in nodes]
    people = [chains[0].accounts[index] for index in (ALICE, BOB)]
    before = [[chain.coins(person) for person in people] for chain in chains]
    first = [int(chain.ask("eth_blockNumber"), 16) + 1 for chain in chains]
    swap = Swap(arguments, nodes, folder, number, silent).run(victim, at_step, delay)
    expect("how it ended", re.search(r"Lock 1 is (\w+), lock 2 is (\w+)", swap.said).groups(),
           ("Refunded", "Refunded") if silent else ("Claimed", "Claimed"))
    for at, node in enumerate(nodes):
        chain, made = chain_of(node), swap.contracts()[at]
        expect(f"coins left in the contract on network {at + 1}", chain.coins(made), 0)
        moved = 0 if silent else GIVEN[at]
        changes = [-moved, moved] if at == 0 else [moved, -moved]
        for who, person in enumerate(people):
            found = chain.coins(person) - before[at][who] + fees_of(chain, person, first[at])
            expect(f"what {['Alice', 'Bob'][who]} has gained on network {at + 1}, fees aside", found, changes[who])
        every_unit_is_somewhere(node, [made])
    return swap.steps


def run_swap(arguments, folder):
    dice = random.Random(arguments.seed)
    nodes = [start(arguments, folder) for _ in range(2)]
    plays = 0
    try:
        for silent in [False, True]:
            steps = swap_once(arguments, nodes, folder, 0, silent)
            plays += 1
            expect("steps of a swap", steps, 8 if silent else 6)
            for victim in [0, 1, "program"]:
                for step in range(1, steps + 1):
                    # At once, and while the step is under way.
                    delay = dice.choice([0, 0.003, 0.01, 0.03])
                    try:
                        swap_once(arguments, nodes, folder, plays, silent, victim, step, delay)
                    except Wrong as wrong:
                        who = victim if victim == "program" else f"node {victim + 1}"
                        raise Wrong(f"{who} killed {delay} s after step {step}, silent: {silent}: {wrong}") from None
                    plays += 1
    finally:
        for node in nodes:
            node.stop()
    return plays


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bcoin", default=release("bcoin"))
    parser.add_argument("--examples", default=release("examples"))
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    names = ["token_sale", "bond", "escrow", "exchange", "registry", "swap", "swap"]
    expect("the README runs every program", sorted(name for name, _ in shown_in_the_readme()), sorted(names))
    programs = {"token_sale": run_token_sale, "bond": run_bond, "escrow": run_escrow, "exchange": run_exchange, "registry": run_registry}
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.only or [*programs, "swap"]:
            began = time.monotonic()
            try:
                if name == "swap":
                    what = f"{run_swap(arguments, folder)} swaps, each with all coins counted"
                else:
                    node = start(arguments, folder)
                    try:
                        programs[name](arguments, node)
                    finally:
                        node.stop()
                    what = "as it says"
                print(f"{name}: {what} ({time.monotonic() - began:.0f} s)", flush=True)
            except Wrong as wrong:
                failed += 1
                print(f"FAILED {name}: {wrong}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    try:
        import eth_abi  # noqa: F401  there in the environment made below
    except ImportError:
        import environment

        interpreter = environment.python("contracts", "contracts_requirements.txt", "the compiler of Vyper")
        os.execv(interpreter, [interpreter, __file__, *sys.argv[1:]])
    main()
