"""One container of docker-compose.yml, asked from within its own network: cut off from the others, it answers still."""

import contextlib
import ctypes
import http.client
import json
import os
import socket
import subprocess

LIBC = ctypes.CDLL(None, use_errno=True)
NETWORK_NAMESPACE = 0x40000000


class Unreachable(Exception):
    """The container does not run, or its node gave no whole answer."""


def docker(*arguments, seconds=60):
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=seconds)
    if done.returncode != 0:
        raise RuntimeError(f"docker {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


@contextlib.contextmanager
def network_of(pid):
    """Sockets that this thread makes meanwhile are in that process's network."""
    with open("/proc/thread-self/ns/net") as own, open(f"/proc/{pid}/ns/net") as other:
        enter(other)
        try:
            yield
        finally:
            enter(own)


def enter(namespace):
    if LIBC.setns(namespace.fileno(), NETWORK_NAMESPACE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class Node:
    def __init__(self, number):
        self.name, self.port = f"bcoin{number}", 1000 + number
        self.pid = self.token = None

    def __repr__(self):
        return self.name

    def look(self):
        """To be called after each start: the container has another process, and perhaps another volume."""
        self.pid = self.token = None
        self.pid = int(docker("inspect", "--format", "{{.State.Pid}}", self.name))

    def ask(self, method, path, body=None, seconds=20):
        """The answer's JSON. A refusal is an AssertionError: no test here asks for what may be refused."""
        if not self.pid:
            raise Unreachable(f"{self} does not run")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            with network_of(self.pid):
                connection.connect()
            headers = {"Authorization": f"Bearer {self.read_token()}"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            status, text = answer.status, answer.read()
        except (OSError, http.client.HTTPException, socket.timeout) as error:
            raise Unreachable(f"{self} {path}: {error!r}") from error
        finally:
            connection.close()
        assert status in (200, 201), f"{self} answers {path} with {status}: {text[:300]}"
        return json.loads(text)

    def read_token(self):
        if self.token is None:
            with open(f"/proc/{self.pid}/root/data/token") as file:
                self.token = file.read().strip()
        return self.token

    def answers(self):
        try:
            return self.ask("GET", "/v1/node", seconds=5) is not None
        except Unreachable:
            return False

    def tip(self):
        tip = self.ask("GET", "/v1/node")["tip"]
        return tip["height"], tip["hash"]

    def mine(self):
        return self.ask("GET", "/mine_block")["index"]

    def add(self, transaction):
        return self.ask("POST", "/add_transaction", transaction)

    def chain(self):
        return self.ask("GET", "/get_chain")["chain"]

    def waiting(self):
        found, after = [], ""
        while after is not None:
            page = self.ask("GET", f"/v1/transactions/waiting?limit=1000&after={after}")
            found += [entry["transaction"] for entry in page["transactions"]]
            after = page["next"]
        return found
