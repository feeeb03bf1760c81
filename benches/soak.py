#!/usr/bin/env python3
"""What a node withstands: thousands of silent sockets, and peers whose chain never ends.

    soak.py [--sockets 5000] [--seconds 60] [--bcoin target/release/bcoin] [--only silent|endless] [--json FILE]

Silent sockets: they connect and say nothing; those that the node closes come back at a bounded rate. Meanwhile one
honest client asks steadily, half of the time over a fresh connection. Endless peers: `replace_chain` pulls from servers
that stream for ever, valid blocks and garbage; the node has to cut them off, with its chain as it was.
"""

import argparse
import http.client
import json
import multiprocessing
import resource
import selectors
import shutil
import socket
import statistics
import sys
import time
from pathlib import Path

import chains
import figures
import intruders
import nodes

MIB = 2**20
HONEST_RATE = 100
COMING_BACK = 500


def raise_file_limit(wanted):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        ceiling = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (ceiling, hard))
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < wanted:
        raise SystemExit(f"{wanted} open files are needed and {hard} are allowed: raise the hard limit (ulimit -Hn)")


def honest_client(port, seconds, results):
    """Asks at a steady rate, in a process of its own; a late answer counts from when its request was due."""
    kept = http.client.HTTPConnection(nodes.LOOPBACK, port, timeout=30)
    waits, failures = [], []
    began = time.monotonic()
    for number in range(int(seconds * HONEST_RATE)):
        due = began + number / HONEST_RATE
        time.sleep(max(0, due - time.monotonic()))
        fresh = number % 2
        connection = http.client.HTTPConnection(nodes.LOOPBACK, port, timeout=30) if fresh else kept
        try:
            if number % 10 < 2:
                text = json.dumps({"sender": "honest", "receiver": "x", "amount": number})
                connection.request("POST", "/add_transaction", text, {"Content-Type": "application/json"})
            else:
                connection.request("GET", "/v1/blocks/tip")
            reply = connection.getresponse()
            reply.read()
            if reply.status >= 300:
                failures.append(f"{reply.status}")
        except (OSError, http.client.HTTPException) as error:
            failures.append(f"{'fresh' if fresh else 'kept'}: {error!r}")
            kept.close()
        if fresh:
            connection.close()
        waits.append(time.monotonic() - due)
    results.put((waits, failures))


class SilentCrowd:
    """Sockets that connect and say nothing."""

    def __init__(self, port):
        self.port = port
        self.open = set()
        self.watched = selectors.DefaultSelector()
        self.closed = self.refused = 0

    def come(self):
        connection = socket.socket()
        connection.setblocking(False)
        try:
            connection.connect_ex((nodes.LOOPBACK, self.port))
            self.watched.register(connection, selectors.EVENT_READ)
            self.open.add(connection)
        except OSError:
            self.refused += 1
            connection.close()

    def let_go(self, wait):
        """Forgets the sockets that the node has closed."""
        for key, _ in self.watched.select(wait):
            try:
                key.fileobj.recv(4096)
            except OSError:
                pass
            # An answer such as 408 is followed by the end: silent or not, this one is over.
            self.watched.unregister(key.fileobj)
            key.fileobj.close()
            self.open.discard(key.fileobj)
            self.closed += 1

    def besiege(self, sockets, seconds):
        began = time.monotonic()
        came = 0
        while (now := time.monotonic()) - began < seconds:
            allowed = sockets + COMING_BACK * (now - began)
            burst = 100
            while len(self.open) < sockets and came < allowed and burst:
                self.come()
                came, burst = came + 1, burst - 1
            self.let_go(0.01)
        return came

    def wait_until_reaped(self, seconds):
        began = time.monotonic()
        while self.open and time.monotonic() - began < seconds:
            self.let_go(0.1)
        return time.monotonic() - began


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def late(waits):
    """When it was that requests took over 100 ms: the crowd's arrival or all the time."""
    seconds = sorted({number // HONEST_RATE for number, wait in enumerate(waits) if wait > 0.1})
    count = sum(wait > 0.1 for wait in waits)
    return f"{count} over 100 ms, in seconds {seconds[:20]}" if count else "none over 100 ms"


def silent(options, folder, found):
    node = nodes.BcoinNode(options.bcoin, folder).start()
    try:
        quiet = measure_honest(node, 5, None)
        before = node.memory()
        node.forget_peak_memory()
        crowd = SilentCrowd(node.port)
        waits, failures = measure_honest(node, options.seconds, lambda: crowd.besiege(options.sockets, options.seconds))
        highest = node.memory("VmHWM")
        reaped = crowd.wait_until_reaped(30)
        files = len(list(Path(f"/proc/{node.process.pid}/fd").iterdir()))
        found.add("honest p99, nobody else there", percentile(quiet[0], 0.99) * 1000, "ms")
        found.add(f"honest p99, {options.sockets:,} silent sockets", percentile(waits, 0.99) * 1000, "ms", most=100,
                  note=f"slowest {max(waits) * 1000:.0f} ms, median {statistics.median(waits) * 1000:.1f} ms, {len(waits):,} requests; {late(waits)}")
        found.add("honest requests that failed", len(failures), "requests", most=0, note="; ".join(sorted(set(failures))[:5]))
        found.add("memory up, highest", (highest - before) / MIB, "MiB", most=64)
        found.add("silent sockets closed by the node", crowd.closed, "sockets")
        found.add("silent sockets left open", len(crowd.open), "sockets", most=0, note=f"{reaped:.1f} s after the end, {files} open files left")
    finally:
        node.stop()


def measure_honest(node, seconds, meanwhile):
    results = multiprocessing.Queue()
    client = multiprocessing.Process(target=honest_client, args=(node.port, seconds, results))
    client.start()
    if meanwhile:
        meanwhile()
    answer = results.get(timeout=seconds + 120)
    client.join()
    return answer


def endless(options, folder, found):
    for what, body in intruders.ENDLESS.items():
        node = nodes.BcoinNode(options.bcoin, folder).start()
        try:
            node.get("/mine_block")
            chain = node.get("/get_chain").body
            node.get("/replace_chain")
            before = node.memory()
            node.forget_peak_memory()
            with intruders.ListeningPeer(body) as peer:
                if node.connect([peer]).status != 201:
                    raise SystemExit("the node does not know its peer")
                began = time.monotonic()
                reply = node.get("/replace_chain", timeout=300)
                seconds = time.monotonic() - began
            outcome = reply.json()["peers"][0]
            highest = node.memory("VmHWM")
            unchanged = reply.status == 200 and not reply.json()["replaced"] and node.get("/get_chain").body == chain
            found.add(f"endless {what}: memory up, highest", (highest - before) / MIB, "MiB", most=32,
                      note=f"cut off after {seconds:.1f} s and {peer.sent / MIB:.0f} MiB: {outcome['outcome']}: {outcome['detail']}")
            found.add(f"endless {what}: chain unchanged", int(unchanged), "", least=1)
        finally:
            node.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bcoin", default=nodes.release("bcoin"))
    parser.add_argument("--sockets", type=int, default=5000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", choices=("silent", "endless"))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    # The node inherits the limit, and so do the sockets on this side.
    raise_file_limit(options.sockets + 1000)
    found = figures.Figures()
    folder = chains.WORK / f"soak-{time.time_ns()}"
    folder.mkdir(parents=True)
    try:
        if options.only != "endless":
            silent(options, folder, found)
        if options.only != "silent":
            endless(options, folder, found)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found.summary()
    if options.json:
        found.write(options.json)
    if any(row["met"] is False for row in found.rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
