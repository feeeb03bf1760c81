"""A B-Coin node under attack: started, watched through its own counts, and ended. Standard library alone."""

import hashlib
import http.client
import json
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from servers import CHANGING

COUNT = re.compile(r'^bcoin_http_requests_total\{(?=.*route="([^"]+)")(?=.*status="([^"]+)").*\} (\d+)$', re.MULTILINE)
REFUSED = re.compile(r'^bcoin_http_requests_refused_total\{.*rule="([^"]+)".*\} (\d+)$', re.MULTILINE)


class Node:
    """Runs from `with` to the end of the block; its folder goes with it."""

    def __init__(self, program, address, port, *arguments):
        self.address, self.port = address, port
        self.folder = tempfile.TemporaryDirectory(prefix="bcoin-node-")
        data = str(Path(self.folder.name) / "data")
        self.token_file = Path(data) / "token"
        self.command = [program, "node", "--listen", address, "--port", str(port), "--data-dir", data, *arguments]

    @property
    def base(self):
        return f"http://{self.address}:{self.port}"

    def __enter__(self):
        self.log = open(Path(self.folder.name) / "log", "w+b")
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        end = time.monotonic() + 15
        while True:
            try:
                self.ask("GET", "/livez")
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.__exit__()
                    raise RuntimeError(f"the node does not start: {self.last_words()}") from None
                time.sleep(0.05)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def last_words(self):
        self.log.seek(0)
        return self.log.read()[-2000:].decode(errors="replace")

    def ask(self, method, path, body=None):
        """Status and text, asked as curl does: without any mark of a browser."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=10)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def json(self, path):
        status, text = self.ask("GET", path)
        if status != 200:
            raise RuntimeError(f"GET {path}: {status} {text[:300]}")
        return json.loads(text)

    def state(self):
        """All that a foreign page might change."""
        chain = self.json("/get_chain")
        return {
            "length": chain["length"],
            "chain": hashlib.sha256(json.dumps(chain).encode()).hexdigest(),
            "waiting": self.json("/v1/transactions/waiting"),
            "peers": self.json("/v1/peers"),
            "displaced": self.json("/v1/displaced"),
        }

    def counts(self):
        """Requests for the changing routes so far: answered by route, done (2xx), and refused by rule."""
        text = self.ask("GET", "/metrics")[1]
        answered, done = {}, 0
        for route, status, number in COUNT.findall(text):
            if route in CHANGING:
                answered[route] = answered.get(route, 0) + int(number)
                done += int(number) if status.startswith("2") else 0
        return answered, done, {rule: int(number) for rule, number in REFUSED.findall(text)}
