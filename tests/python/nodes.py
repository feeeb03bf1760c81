"""Starts, asks and ends the nodes of a test network on loopback.

Used by every driver in this folder and in benches/; knows no rule of the chain. Standard library alone.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import flask_home

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LOOPBACK = "127.0.0.1"


def release(name, profile="release"):
    """Where cargo puts a program of this repository: `bcoin`, `examples/canonical` …"""
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    return str(Path(target) / profile / name)


def free_port():
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


class Unreachable(Exception):
    """The node gave no whole answer: it is down, or went down while answering."""


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


class Node:
    """One process that answers on one loopback port."""

    kind = "node"

    def __init__(self, command, port, log):
        self.command, self.port, self.log = command, port, Path(log)
        self.process = None

    @property
    def address(self):
        return f"{LOOPBACK}:{self.port}"

    @property
    def url(self):
        return f"http://{self.address}"

    def spawn(self, **more):
        """Starts the process and does not wait for it to answer."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **more
            )
        return self

    def wait_ready(self, path, seconds=30):
        """Seconds until `path` answers 200."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if self.process.poll() is not None:
                raise RuntimeError(
                    f"{self} ended with {self.process.returncode} before it answered:\n{self.tail()}"
                )
            try:
                if self.get(path, timeout=5).status == 200:
                    return time.monotonic() - began
            except Unreachable:
                pass
            time.sleep(0.002)
        raise RuntimeError(f"{self} did not answer {path} within {seconds} s:\n{self.tail()}")

    def ask(self, method, path, body=None, headers=None, timeout=120):
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{method} {path} at {self}: {error!r}") from error
        finally:
            connection.close()

    def get(self, path, timeout=120):
        return self.ask("GET", path, timeout=timeout)

    def post(self, path, text, timeout=120):
        """`text` is the JSON as it goes on the wire: a value would lose its spelling."""
        body = text.encode() if isinstance(text, str) else text
        return self.ask("POST", path, body, {"Content-Type": "application/json"}, timeout)

    def connect(self, nodes):
        addresses = [node.url for node in nodes if node is not self]
        return self.post("/connect_node", json.dumps({"nodes": addresses}))

    def memory(self, field="VmRSS"):
        """Bytes of resident memory: `VmRSS` now, `VmHWM` at its highest."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
        raise RuntimeError(f"no {field} for {self}")

    def forget_peak_memory(self):
        """Lets VmHWM begin again from what is resident now."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=10):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            print(f"{self} outlived SIGTERM by {seconds} s", file=sys.stderr)
            self.kill()

    def tail(self, lines=15):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def __str__(self):
        return f"{self.kind} {self.port}"


class BcoinNode(Node):
    kind = "bcoin"

    def __init__(self, binary, folder, port=None, miner="Meghna", more=()):
        port = port or free_port()
        folder = Path(folder)
        self.folder = folder / str(port)
        command = [binary, "node", "--port", str(port), "--data-dir", str(self.folder),
                   "--miner", miner, *more]
        super().__init__(command, port, folder / f"{port}.log")

    def start(self, seconds=30):
        self.spawn()
        self.wait_ready("/readyz", seconds)
        return self


class BookNode(Node):
    kind = "python"

    def __init__(self, folder, port=None, miner="Meghna"):
        port = port or free_port()
        command = [flask_home.python(), str(HERE / "book_node.py"), "--port", str(port), "--miner", miner]
        super().__init__(command, port, Path(folder) / f"{port}.log")

    def start(self, seconds=30):
        self.spawn()
        self.wait_ready("/get_chain", seconds)
        return self
