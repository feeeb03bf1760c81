"""The servers that the programs of this folder ask: a fresh B-Coin node of `dev`, or Anvil as control. Standard library alone."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
INSTALLED = ROOT / "target" / "rpc-clients"
sys.path.insert(0, str(ROOT / "tests/python"))

import environment
import nodes


def python():
    """The Python that has what requirements.txt lists."""
    return environment.python("rpc-clients-python", "../clients/requirements.txt", "web3.py and its kin")


def install_node_libraries():
    """What package.json lists, under target/."""
    wanted = (FOLDER / "package.json").read_bytes()
    made = INSTALLED / "package.json"
    if made.exists() and made.read_bytes() == wanted and (INSTALLED / "node_modules").is_dir():
        return
    if not shutil.which("npm"):
        raise SystemExit("npm is missing (Debian: apt-get install npm)")
    shutil.rmtree(INSTALLED, ignore_errors=True)
    INSTALLED.mkdir(parents=True)
    print(f"making {INSTALLED.relative_to(ROOT)} (ethers, viem, cast, Anvil)", file=sys.stderr)
    part = INSTALLED / "package.part"
    part.mkdir()
    (part / "package.json").write_bytes(wanted)
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=part, check=True, stdout=sys.stderr)
    (part / "node_modules").rename(INSTALLED / "node_modules")
    (part / "package.json").rename(made)
    shutil.rmtree(part, ignore_errors=True)


class Server(nodes.Node):
    """A process of its own group: npm's programs are scripts that start others."""

    def spawn(self, **more):
        return super().spawn(start_new_session=True, **more)

    def stop(self, seconds=10):
        if self.process is None or self.process.poll() is not None:
            return
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            print(f"{self} outlived SIGTERM by {seconds} s", file=sys.stderr)

    def rpc(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.rpc_url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def mined(self, transaction, seconds=10):
        """Its receipt, as soon as there is one."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if receipt := self.rpc("eth_getTransactionReceipt", transaction)["result"]:
                return receipt
            time.sleep(0.02)
        raise RuntimeError(f"{transaction} was not mined within {seconds} s")

    def start(self, seconds=30):
        self.spawn()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self} ended with {self.process.returncode}:\n{self.tail()}")
            try:
                if "result" in self.rpc("eth_chainId"):
                    return self
            except (OSError, urllib.error.URLError, ValueError):
                time.sleep(0.02)
        raise RuntimeError(f"{self} answered nothing within {seconds} s:\n{self.tail()}")

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Bcoin(Server):
    """A node of a fresh network `dev`, with all defaults."""

    kind = "bcoin"

    def __init__(self, binary, folder, more=()):
        port = nodes.free_port()
        self.folder = Path(folder) / f"bcoin-{port}"
        command = [binary, "node", "--network", "dev", "--port", str(port), "--data-dir", str(self.folder), *more]
        super().__init__(command, port, Path(folder) / f"bcoin-{port}.log")

    @property
    def rpc_url(self):
        return self.url + "/rpc"


class Anvil(Server):
    """It keeps former states in its user's home, without end: it gets one that goes with the run."""

    kind = "anvil"

    def __init__(self, folder, more=("--steps-tracing",)):
        port = nodes.free_port()
        # npm's `anvil` is a script of Node's that starts this program: its memory would not be seen.
        program = next(INSTALLED.glob("node_modules/@foundry-rs/anvil-*/bin/anvil"))
        command = ["env", f"HOME={folder}", str(program), "--port", str(port), *more]
        super().__init__(command, port, Path(folder) / f"anvil-{port}.log")

    @property
    def rpc_url(self):
        return self.url


def folder():
    """A folder for logs and stores, of this run alone."""
    return tempfile.mkdtemp(prefix="rpc-clients-")
