"""Signals in the middle of things, missing standard streams, and arguments nobody would give."""

import os
import signal
import socket
import subprocess
import time

from node import LOOPBACK, Node


def unfinished(node):
    """A request whose body never comes."""
    wire = socket.create_connection((LOOPBACK, node.port), timeout=10)
    wire.sendall(b"POST /add_transaction HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
    time.sleep(0.2)
    return wire


def signals(score, scratch):
    for name, sent, code, within in (
        ("SIGTERM", [signal.SIGTERM], 0, 8),
        ("SIGINT", [signal.SIGINT], 0, 8),
        ("two SIGINTs", [signal.SIGINT, signal.SIGINT], 130, 3),
        ("two SIGTERMs", [signal.SIGTERM, signal.SIGTERM], 143, 3),
    ):
        with Node(scratch / "signals") as node:
            node.starts()
            with unfinished(node):
                got = node.ends(*sent, within=within)
            score.check(f"{name} during a request ends with {code}", got == code, f"{got} {node.said()[-300:]}")
    with Node(scratch / "signals") as node:
        node.starts()
        for number in (signal.SIGPIPE, signal.SIGWINCH):
            node.process.send_signal(number)
        time.sleep(0.2)
        score.check("SIGPIPE and SIGWINCH end nothing", node.process.poll() is None, node.process.poll())


def streams(score, scratch):
    def close_all():
        for number in (0, 1, 2):
            os.close(number)

    with Node(scratch / "closed", preexec_fn=close_all) as node:
        good = node.starts() and node.ask("POST", "/mine_block")[0] == 200 and node.ask("GET", "/is_valid")[0] == 200
        score.check("a node without standard streams serves", good, node.process.poll())
        score.check("and ends cleanly", node.stop() == 0, node.process.poll())
    with Node(scratch / "closed") as node:
        score.check("and its store is sound", node.starts() and node.json("/v1/audit")["sound"], node.said())
    full = open("/dev/full", "wb")
    with full, Node(scratch / "full-log", "--log", "debug", stderr=full, stdout=full) as node:
        good = node.starts() and node.ask("POST", "/mine_block")[0] == 200
        score.check("a node whose log has no room serves", good and node.stop() == 0, node.process.poll())
    reader, writer = os.pipe()
    with Node(scratch / "no-reader", "--log", "debug", stderr=writer, stdout=writer) as node:
        os.close(writer)
        node.starts()
        os.close(reader)
        good = [node.ask("POST", "/mine_block")[0] for _ in range(3)] == [200] * 3
        score.check("a node whose log nobody reads any more serves", good and node.stop() == 0, node.process.poll())


def arguments(score, scratch):
    for name, miner in (("100,000 characters", "m" * 100_000), ("control characters", "\x1b[2J\n\r\x07")):
        with Node(scratch / "miner", "--miner", miner) as node:
            started, said = node.starts(), node.said()
            if started:
                status, _ = node.ask("POST", "/mine_block")
                receiver = node.json("/v1/blocks/tip")["block"]["transactions"][-1]["receiver"]
                good = status == 200 and receiver == miner and "\x1b" not in said
            else:
                good = node.process.returncode == 2 and "panicked" not in said
            score.check(f"a miner of {name}: served as it is, or a usage error", good, said[-300:])
    for extra in (["--port", "65536"], ["--port", "-1"], ["--listen", "999.1.1.1"], ["--allow", "10.0.0.0/99"],
                  ["--network", "coin2"], ["--peers", "/nonexistent"], ["--config", "/dev/null/x"], ["--host-name", ""],
                  ["--max-pull-bytes", "-1"], ["--cache-bytes", "99999999999999999999"], ["surplus"]):
        done = subprocess.run([Node.program, "node", "--data-dir", str(scratch / "never"), *extra],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
        good = done.returncode in (1, 2) and done.stderr.strip() and "panicked" not in done.stderr
        score.check(f"{' '.join(extra)!r} is refused", good, f"{done.returncode} {done.stderr[-300:]}")


def play(score, scratch):
    signals(score, scratch)
    streams(score, scratch)
    arguments(score, scratch)
