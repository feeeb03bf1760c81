#!/usr/bin/env python3
"""Holds the contracts of examples/contracts to what they promise, and tries every way to break them.

    contracts_behave.py BCOIN [CONTRACT…]   on a fresh node of network `dev`, run by this program
    contracts_behave.py URL [CONTRACT…]     on a node that runs, with open test accounts and control of time, as Anvil has

Wrong callers, too early, too late, twice, too much, sums that do not fit, contracts that call again while they are paid or
refuse to be paid, and tokens that lie. Each refusal is asked for (eth_call, with its reason) and tried (a transaction that must
come to nothing). Moves the chain's time by years, so that it belongs on a chain of its own.
"""

import contextlib
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


@contextlib.contextmanager
def url_of(where):
    """The URL of the JSON-RPC: of the node that answers there, or of a fresh one."""
    if where.startswith("http"):
        yield where
        return
    from nodes import BcoinNode

    miner = "0x" + "00" * 18 + "beef"
    with tempfile.TemporaryDirectory() as folder:
        node = BcoinNode(where, folder, miner=miner, more=["--network", "dev"]).start()
        try:
            yield f"{node.url}/rpc"
        finally:
            node.stop()


def main():
    from contracts import of_bond, of_escrow, of_exchange, of_registry, of_swap, of_token_sale
    from contracts.chain import Chain
    from contracts.checking import Checks

    subjects = {
        "token_sale": of_token_sale, "bond": of_bond, "escrow": of_escrow, "exchange": of_exchange, "swap": of_swap,
        "registry": of_registry,
    }
    arguments = sys.argv[1:]
    if not arguments or any(name not in subjects for name in arguments[1:]):
        raise SystemExit(__doc__)
    with url_of(arguments[0]) as url:
        checks = Checks(Chain(url))
        # The first block of a network is as old as the network.
        checks.chain.ask("evm_mine")
        for name in arguments[1:] or subjects:
            before = checks.passed
            subjects[name].run(checks)
            print(f"{name}: {checks.passed - before} checks passed")
    print(f"{checks.passed} passed, {len(checks.failed)} failed")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    try:
        import vyper  # noqa: F401  there in the environment made below
    except ImportError:
        import environment

        interpreter = environment.python("contracts", "contracts_requirements.txt", "the compiler of Vyper")
        os.execv(interpreter, [interpreter, __file__, *sys.argv[1:]])
    main()
