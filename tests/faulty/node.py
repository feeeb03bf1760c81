"""A node that is mistreated: started on any folder, asked over plain sockets, and ended. Standard library alone."""

import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

LOOPBACK = "127.0.0.1"
STARTS_WITHIN = 20
STORE_REFUSED = 4


def free_port():
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


class Score:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, name, holds, why=""):
        if holds:
            self.passed += 1
            print(f"ok {name}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL {name}: {why}", flush=True)
        return holds

    def skip(self, what, why):
        self.skipped += 1
        if os.environ.get("CI") == "true":
            self.failed += 1
            print(f"FAIL {what} was skipped in CI: {why}", flush=True)
        else:
            print(f"skipped: {what} ({why})", flush=True)

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else ""))
        return 1 if self.failed or not self.passed else 0


class Node:
    """One process; ended with the `with` block. `process` is None once it is."""

    program = "bcoin"

    def __init__(self, folder, *arguments, **how):
        self.folder, self.port = Path(folder), free_port()
        self.log = tempfile.TemporaryFile()
        command = [self.program, "node", "--port", str(self.port), "--data-dir", str(folder), *arguments]
        how = {"stdin": subprocess.DEVNULL, "stdout": self.log, "stderr": self.log} | how
        self.process = subprocess.Popen(command, **how)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()

    def starts(self):
        """Waits until the node answers (True) or ends (False)."""
        end = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return False
            try:
                # A connection alone proves nothing: the port is taken before the store is opened.
                return self.ask("GET", "/livez", seconds=STARTS_WITHIN)[0] == 200
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)
        raise TimeoutError(f"the node neither answers nor ends: {self.said()}")

    def ends(self, *signals, within=10):
        """Sends the signals, and the exit code; None if it still runs."""
        for number in signals:
            self.process.send_signal(number)
            time.sleep(0.1)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            return None

    def stop(self):
        return self.ends(signal.SIGTERM)

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def ask(self, method, path, body=None, seconds=15):
        """Status and bytes. Raises OSError or HTTPException where there is no whole answer."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=seconds)
        try:
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def json(self, path):
        status, body = self.ask("GET", path)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {body[:200]}")
        return json.loads(body)

    def raw(self, text, half_close=False, seconds=3):
        """What comes back on a socket of its own until the node closes it, or has been silent for a while."""
        got = []
        with socket.create_connection((LOOPBACK, self.port), timeout=seconds) as wire:
            try:
                wire.sendall(text)
                if half_close:
                    wire.shutdown(socket.SHUT_WR)
                while chunk := wire.recv(1 << 16):
                    got.append(chunk)
            except OSError:
                pass
        return b"".join(got)
