#!/usr/bin/env python3
"""JSON-RPC calls a second: B-Coin beside Anvil, in turns, wrk as the client on loopback.

    rpc.py [--quick] [--bcoin BCOIN] [--json FILE]

Both serve a fresh network of their own with the same contract; README.md beside this file says more.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import chains
import figures
import load

sys.path.insert(0, str(chains.ROOT / "tests/clients"))

import nodes
import servers

PROBE = json.loads((servers.FOLDER / "probe/Probe.json").read_text())
# value() of the probe: one slot is read.
VALUE = "0x3fa4f245"
CONNECTIONS = (1, 16, 64)


def body(method, *params):
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, separators=(",", ":"))


def calls_of(server):
    """The measured calls by name; each answers, and the same on both sides."""
    account = server.rpc("eth_accounts")["result"][0]
    creation = {"from": account, "data": PROBE["bytecode"] + f"{5:064x}", "gas": "0xf4240"}
    probe = server.mined(server.rpc("eth_sendTransaction", creation)["result"])["contractAddress"]
    # An account that mines nothing: its balance stays.
    receiver = server.rpc("eth_accounts")["result"][3]
    calls = {"eth_call": ("eth_call", {"to": probe, "data": VALUE}, "latest"), "eth_getBalance": ("eth_getBalance", receiver, "latest")}
    answers = {name: server.rpc(*call).get("result") for name, call in calls.items()}
    if answers["eth_call"] != f"0x{5:064x}" or answers["eth_getBalance"] != hex(10_000 * 10**18):
        raise RuntimeError(f"{server} answers {answers}")
    return {name: body(*call) for name, call in calls.items()}


def measure(ours, anvil, plan, found):
    calls = {server: calls_of(server) for server in (ours, anvil)}
    wanted = {"eth_call": 5_000, "eth_getBalance": 20_000}
    for name, least in wanted.items():
        for connections in CONNECTIONS:
            rates = {ours: [], anvil: []}
            for server in rates:
                load.wrk(server.rpc_url, connections, 1, body=calls[server][name])
            for turn in range(plan.rounds):
                load.wait_for_quiet(plan.patience)
                # Whoever goes first meets a calmer machine: they change places.
                for server in (ours, anvil) if turn % 2 else (anvil, ours):
                    rates[server].append(load.wrk(server.rpc_url, connections, plan.seconds, body=calls[server][name])["rate"])
            what = f"{name}, {connections} connection{'s' if connections > 1 else ''}"
            found.add(f"{what}, B-Coin", rates[ours], "1/s", least=least if connections == max(CONNECTIONS) else None)
            found.add(f"{what}, Anvil", rates[anvil], "1/s")
            found.ratio(f"{what}, B-Coin to Anvil", rates[ours], rates[anvil], least=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short runs: shows that it works, proves nothing")
    parser.add_argument("--rounds", type=int, help="turns that each side gets (5)")
    parser.add_argument("--seconds", type=int, help="seconds of a turn (5)")
    parser.add_argument("--patience", type=int, default=20, help="seconds to wait for a quiet machine before each turn (20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--bcoin", help="a built bcoin; without it, cargo builds one")
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (1 if options.quick else 5)
    if not options.bcoin:
        subprocess.run(["cargo", "build", "--release", "--bin", "bcoin"], cwd=chains.ROOT, check=True)
    load.install("wrk")
    servers.install_node_libraries()
    found = figures.Figures()
    folder = servers.folder()
    with servers.Bcoin(options.bcoin or nodes.release("bcoin"), folder) as ours, servers.Anvil(folder, more=["--silent"]) as anvil:
        measure(ours, anvil, options, found)
    shutil.rmtree(folder)
    found.summary()
    if options.json:
        found.write(options.json)


if __name__ == "__main__":
    main()
