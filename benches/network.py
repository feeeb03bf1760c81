#!/usr/bin/env python3
"""What a network of nodes that follow each other does on loopback: how fast news travels, how fast a newcomer catches up.

    network.py [spread] [classic] [coin] [--bcoin target/release/bcoin] [--nodes 7] [--blocks 1000] [--length 100000]
               [--chain FOLDER]

spread: a block is mined on one of the nodes after another, and a transaction added; for each, how long until every node's event stream
tells of it, from the first that does. classic, coin: an empty node follows one that has `--length` blocks; how fast blocks come in (on
coin also headers), memory beside that of a node that has nothing to do, and that a node killed in the middle goes on where it was.
"""

import argparse
import datetime
import http.client
import json
import queue
import random
import shutil
import signal
import statistics
import subprocess
import threading
import time
from pathlib import Path

import chains
import nodes

MIB = 2**20
EMPTY = {"sender": "bench", "receiver": "x"}


class Following(nodes.Node):
    """A node that follows others by itself, and logs as JSON."""

    def __init__(self, bcoin, folder, name, peers=(), network="classic", more=()):
        port = nodes.free_port()
        command = [bcoin, "node", "--sync", "auto", "--network", network, "--port", str(port), "--data-dir", str(folder / name)]
        command += ["--log-format", "json", *(f"--peer={peer}" for peer in peers), *more]
        super().__init__(command, port, folder / f"{name}.log")

    def start(self):
        self.spawn().wait_ready("/readyz")
        return self

    def tip(self):
        return self.get("/v1/blocks/tip").json()

    def height(self):
        tip = self.tip()
        # On coin the block says its number, on classic its place does.
        return tip["height"] if "height" in tip else tip["block"]["number"]

    def logged(self, message):
        """When the log says `message`, as seconds since 1970."""
        times = []
        for line in self.log.read_text().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get("fields", entry).get("message") == message:
                times.append(datetime.datetime.fromisoformat(entry["timestamp"]).timestamp())
        return times

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=20)


def watch(node, place, seen):
    """Puts every event of a node, with the moment at which it came, into `seen`."""
    connection = http.client.HTTPConnection(nodes.LOOPBACK, node.port)
    connection.request("GET", "/v1/events")
    stream = connection.getresponse()
    name = None
    for line in stream:
        now = time.monotonic()
        line = line.decode().strip()
        if line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("data:") and name in ("block", "reorg", "transaction"):
            seen.put((now, place, name, line[5:]))


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def spread(options, folder):
    network = [Following(options.bcoin, folder, "first").start()]
    for number in range(1, options.nodes):
        network.append(Following(options.bcoin, folder, f"n{number}", [network[0].url]).start())
    time.sleep(5)
    network[0].get("/mine_block")
    wait_for_one_tip(network)
    seen = queue.Queue()
    for place, node in enumerate(network):
        threading.Thread(target=watch, args=(node, place, seen), daemon=True).start()
    time.sleep(1)
    for what, calls in (("a block", options.blocks), ("a transaction", options.blocks)):
        waits = []
        for number in range(calls):
            node = random.choice(network)
            mark = f"{random.getrandbits(64):016x}"
            if what == "a block":
                reply = node.get("/mine_block").json()
                wanted = lambda name, data: name != "transaction" and f'"height":{reply["index"]},' in data.replace(" ", "")
            else:
                node.post("/add_transaction", json.dumps(EMPTY | {"amount": mark}))
                wanted = lambda name, data: name == "transaction" and mark in data
            times = {}
            while len(times) < len(network):
                at, place, name, data = seen.get(timeout=30)
                if wanted(name, data):
                    times.setdefault(place, at)
            waits.append(max(times.values()) - min(times.values()))
        p50, p99, most = (1000 * value for value in (statistics.median(waits), percentile(waits, 0.99), max(waits)))
        print(f"  {what}: {calls} times, ms until all {len(network)} tell of it: median {p50:.1f}, p99 {p99:.1f}, most {most:.1f} (p99 wanted under 200)", flush=True)
    for node in network:
        node.end()


def wait_for_one_tip(network, seconds=30):
    began = time.monotonic()
    while len({json.dumps(node.tip(), sort_keys=True) for node in network}) > 1:
        if time.monotonic() - began > seconds:
            raise SystemExit("the nodes do not come to one tip")
        time.sleep(0.05)


def classic(options, folder):
    source_folder = folder / "source"
    subprocess.run([options.bcoin, "import", str(chains.chain_file(options.length)), "--data-dir", str(source_folder)], check=True, capture_output=True)
    source = Following(options.bcoin, folder, "source").start()
    catch_up(options, folder, source, "classic")
    source.end()


def coin(options, folder):
    if options.chain:
        shutil.copytree(options.chain, folder / "source")
    source = Following(options.bcoin, folder, "source", network="dev", more=["--mine=1"]).start()
    while source.height() < options.length:
        time.sleep(1)
    source.end()
    source = Following(options.bcoin, folder, "source", network="dev").start()
    catch_up(options, folder, source, "dev")
    source.end()


def catch_up(options, folder, source, network):
    length = source.height()
    for turn in range(options.turns):
        idle = Following(options.bcoin, folder, f"idle{turn}", network=network).start()
        time.sleep(2)
        alone = idle.memory("VmHWM")
        idle.end()
        node = Following(options.bcoin, folder, f"new{turn}", [source.url], network).start()
        while node.height() < length:
            time.sleep(0.02)
        joined, began = node.logged("a peer has joined")[0], node.logged("bringing in a peer's chain")[0]
        time.sleep(0.5)
        ended = node.logged("a peer's chain is here")[-1]
        more = (node.memory("VmHWM") - alone) / MIB
        line = f"  {network}: {length} blocks in {ended - joined:.2f} s, {length / (ended - joined):,.0f} blocks/s"
        line += f"; headers in {began - joined:.2f} s, {length / max(began - joined, 0.001):,.0f} a second; memory up by {more:.1f} MiB (wanted at most 64)"
        print(line, flush=True)
        node.end()
    killed = Following(options.bcoin, folder, "killed", [source.url], network).start()
    while killed.height() < length // 3:
        time.sleep(0.005)
    killed.kill()
    killed.spawn().wait_ready("/readyz")
    resumed = killed.height()
    while killed.height() < length:
        time.sleep(0.02)
    print(f"  {network}: killed in the middle, it opened with {resumed} blocks and went on to {killed.height()}", flush=True)
    killed.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", choices=["spread", "classic", "coin"])
    parser.add_argument("--bcoin", default=nodes.release("bcoin"))
    parser.add_argument("--nodes", type=int, default=7)
    parser.add_argument("--blocks", type=int, default=1000)
    parser.add_argument("--length", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--chain", type=Path, help="the data folder of a stopped dev node, for coin: what it lacks is mined")
    options = parser.parse_args()
    folder = chains.WORK / "network"
    shutil.rmtree(folder, ignore_errors=True)
    for name, measure in (("spread", spread), ("classic", classic), ("coin", coin)):
        if not options.what or name in options.what:
            (folder / name).mkdir(parents=True)
            print(f"{name}:", flush=True)
            measure(options, folder / name)


if __name__ == "__main__":
    main()
