#!/usr/bin/env python3
"""Runs the programs of this folder, each against a fresh node of the network `dev`.

    tests/clients/run.py BCOIN [--only ethers.mjs]     against B-Coin
    tests/clients/run.py --control [--only …]          against Anvil: what fails there too is the test's fault
    tests/clients/run.py BCOIN --fuzz 10               bent calls of every method, ten minutes

What they need is installed under target/: PyPI's packages by requirements.txt, npm's by package.json.
"""

import argparse
import shutil
import subprocess
import sys
import time

import servers

# What Anvil lets pass: it knows no origins, and takes what is signed for other networks.
OF_ANVIL = {
    "a transaction for another network is refused",
    "balances are read many at once",
    "a page of a foreign origin may not read",
    "nor a page of no origin, or of a name that begins like a known one",
    "nor send what is signed, nor a batch",
    "a page of a foreign origin may not connect by WebSocket",
    "a preflight from a foreign origin is answered without leave",
    "what uses keys or changes the node is refused to pages: https",
    "what uses keys or changes the node is refused to pages: chrome-extension",
    "debug_getRawBlock", "debug_getRawHeader", "debug_getRawReceipts", "eth_signTypedData_v4",
    # Its blocks and receipts have members that the schemas do not know.
    "eth_getBlockByHash", "eth_getBlockByNumber", "eth_getBlockReceipts", "eth_getTransactionReceipt",
    "a form of a page, which browsers send without asking, is refused",
}

PROGRAMS = ["web3_client.py", "web3_contracts.py", "web3_dev.py", "ethers.mjs", "viem.mjs", "cast.py", "wallet_sequence.mjs"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bcoin", nargs="?", help="a built bcoin")
    parser.add_argument("--control", action="store_true", help="ask Anvil instead")
    parser.add_argument("--only", action="append", choices=[*PROGRAMS, "openrpc.py"])
    parser.add_argument("--fuzz", type=float, metavar="MINUTES", help="run fuzz_rpc.py that long instead")
    parser.add_argument("--seed", help="the fuzzer's; without it, the time's")
    options = parser.parse_args()
    if bool(options.bcoin) == options.control:
        parser.error("name the program bcoin, or --control")
    servers.install_node_libraries()
    python = servers.python()
    if options.fuzz:
        whom = ["--control"] if options.control else [options.bcoin]
        seed = ["--seed", options.seed] if options.seed else []
        return subprocess.run([python, servers.FOLDER / "fuzz_rpc.py", *whom, "--minutes", str(options.fuzz), *seed]).returncode
    subprocess.run(["node", servers.FOLDER / "probe/compile.mjs", "--check"], check=True)
    failed = []
    folder = servers.folder()
    for name in options.only or PROGRAMS:
        server = servers.Anvil(folder) if options.control else servers.Bcoin(options.bcoin, folder)
        began = time.monotonic()
        with server:
            print(f"-- {name} asks {server}", flush=True)
            runner = python if name.endswith(".py") else "node"
            run = subprocess.run([runner, servers.FOLDER / name, server.rpc_url], stdout=subprocess.PIPE, text=True)
            print(run.stdout, end="", flush=True)
            missed = {line.removeprefix("FAIL ").split(": ")[0] for line in run.stdout.splitlines() if line.startswith("FAIL ")}
            if options.control and run.returncode == 1 and missed and all(any(one.startswith(miss) for one in OF_ANVIL) for miss in missed):
                run.returncode = 0
            code = run.returncode
            alive = server.process.poll() is None
        print(f"-- {name}: {'all held' if code == 0 else 'FAILED'} in {time.monotonic() - began:.1f} s", flush=True)
        if code or not alive:
            failed.append(name)
            print("the server had ended" if not alive else "", f"its log: {server.log}\n{server.tail()}", flush=True)
    print(f"{'against Anvil: ' if options.control else ''}" + (f"failed: {', '.join(failed)}" if failed else "all programs held"))
    if not failed:
        shutil.rmtree(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
