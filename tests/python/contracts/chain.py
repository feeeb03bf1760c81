"""A chain behind an Ethereum JSON-RPC, and contracts on it by their ABI: no more than the tests of contracts need.

Transactions are sent from the accounts that the node itself holds; so it is for Anvil and for B-Coin's network `dev` alone.
"""

import http.client
import json
import time
import urllib.parse
from pathlib import Path

import eth_abi
from eth_utils import keccak, to_checksum_address

ROOT = Path(__file__).resolve().parent.parent.parent.parent
COIN = 10**18
NOBODY = "0x" + "00" * 20
# Enough for every call here. Given, so that a call that must fail is not stopped by the node's estimate but is tried.
GAS = 3_000_000


class RpcError(Exception):
    def __init__(self, error):
        super().__init__(f"{error.get('code')} {error.get('message')}")
        self.code, self.message, self.data = error.get("code"), error.get("message"), error.get("data")


class Refused(Exception):
    """A transaction whose effects were undone."""


class Chain:
    def __init__(self, url):
        self.url = urllib.parse.urlsplit(url)
        self.connection = None
        self.accounts = [to_checksum_address(account) for account in self.ask("eth_accounts")]
        self.chain_id = int(self.ask("eth_chainId"), 16)

    def ask(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=60)
        try:
            self.connection.request("POST", self.url.path or "/", body, {"Content-Type": "application/json"})
            answer = json.loads(self.connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError):
            self.connection = None
            raise
        if "error" in answer:
            raise RpcError(answer["error"])
        return answer["result"]

    # -- time -----------------------------------------------------------------

    def now(self):
        return int(self.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def next_block_at(self, moment):
        """The next block, and with it the next transaction, has exactly this time."""
        self.ask("evm_setNextBlockTimestamp", moment)

    def move_to(self, moment):
        self.next_block_at(moment)
        self.ask("evm_mine")

    # -- accounts and transactions --------------------------------------------

    def coins(self, account):
        return int(self.ask("eth_getBalance", address_of(account), "latest"), 16)

    def call(self, to, data, sender=None, value=0):
        request = {"to": address_of(to), "data": data, "value": hex(value)}
        if sender is not None:
            request["from"] = address_of(sender)
        return self.ask("eth_call", request, "latest")

    def transact(self, to, data, sender, value=0):
        """The receipt of a transaction, whether it came about or not."""
        request = {"from": sender, "data": data, "value": hex(value), "gas": hex(GAS)}
        if to is not None:
            request["to"] = address_of(to)
        name = self.ask("eth_sendTransaction", request)
        for _ in range(400):
            receipt = self.ask("eth_getTransactionReceipt", name)
            if receipt is not None:
                return receipt
            time.sleep(0.025)
        raise RuntimeError(f"no block took the transaction {name}")

    def deploy(self, artifact, *arguments, sender, value=0):
        data = "0x" + creation(artifact, *arguments).hex()
        receipt = self.transact(None, data, sender, value)
        if receipt["status"] != "0x1":
            raise Refused(f"{artifact['name']} was not created")
        return Contract(self, artifact, receipt["contractAddress"], receipt)

    def why_not(self, artifact, *arguments, sender, value=0):
        """Why a contract cannot be created with these arguments; nothing if it can."""
        data = "0x" + creation(artifact, *arguments).hex()
        try:
            self.ask("eth_call", {"from": sender, "data": data, "value": hex(value)}, "latest")
        except RpcError as error:
            return reason_of(error, artifact["abi"])
        return None


class Contract:
    def __init__(self, chain, artifact, address, receipt=None):
        self.chain, self.abi, self.address = chain, artifact["abi"], to_checksum_address(address)
        self.receipt = receipt

    def encode(self, name, *arguments):
        entry = self.entry(name)
        types = types_of(entry["inputs"])
        return "0x" + (keccak(text=f"{name}({','.join(types)})")[:4] + eth_abi.encode(types, plain(arguments))).hex()

    def entry(self, name):
        return next(entry for entry in self.abi if entry["type"] == "function" and entry["name"] == name)

    def read(self, name, *arguments, sender=None):
        """What a function answers; a list if it answers several things."""
        answer = bytes.fromhex(self.chain.call(self, self.encode(name, *arguments), sender)[2:])
        values = eth_abi.decode(types_of(self.entry(name)["outputs"]), answer)
        return values[0] if len(values) == 1 else list(values)

    def send(self, name, *arguments, sender, value=0):
        """The receipt of a transaction that came about."""
        data = self.encode(name, *arguments)
        receipt = self.chain.transact(self, data, sender, value)
        if receipt["status"] != "0x1":
            raise Refused(f"{name}: {self.why_not(name, *arguments, sender=sender, value=value)}")
        return receipt

    def tried(self, name, *arguments, sender, value=0):
        """Whether a transaction came about."""
        return self.chain.transact(self, self.encode(name, *arguments), sender, value)["status"] == "0x1"

    def why_not(self, name, *arguments, sender, value=0, abi=()):
        """Why a call would be refused now; nothing if it would not. `abi` may know errors of further contracts."""
        try:
            self.chain.call(self, self.encode(name, *arguments), sender, value)
        except RpcError as error:
            return reason_of(error, [*self.abi, *abi])
        return None

    def events(self, receipt):
        """The contract's own events in a receipt: name and values by name."""
        known = {}
        for entry in self.abi:
            if entry["type"] == "event":
                known["0x" + keccak(text=f"{entry['name']}({','.join(types_of(entry['inputs']))})").hex()] = entry
        found = []
        for log in receipt["logs"]:
            if log["address"].lower() != self.address.lower():
                continue
            entry = known[log["topics"][0]]
            indexed = [part for part in entry["inputs"] if part["indexed"]]
            others = [part for part in entry["inputs"] if not part["indexed"]]
            values = {}
            for part, topic in zip(indexed, log["topics"][1:]):
                [values[part["name"]]] = eth_abi.decode([part["type"]], bytes.fromhex(topic[2:]))
            for part, value in zip(others, eth_abi.decode(types_of(others), bytes.fromhex(log["data"][2:]))):
                values[part["name"]] = value
            found.append((entry["name"], values))
        return found


def creation(artifact, *arguments):
    """The code that creates a contract."""
    types = next((types_of(entry["inputs"]) for entry in artifact["abi"] if entry["type"] == "constructor"), [])
    return bytes.fromhex(artifact["bytecode"][2:]) + eth_abi.encode(types, plain(arguments))


def address_of(account):
    return account.address if isinstance(account, Contract) else account


def plain(arguments):
    return [address_of(argument) for argument in arguments]


def types_of(parts):
    return [type_of(part) for part in parts]


def type_of(part):
    if part["type"].startswith("tuple"):
        return f"({','.join(types_of(part['components']))}){part['type'][len('tuple'):]}"
    return part["type"]


def reason_of(error, abi):
    """The reason in an error of eth_call: a text, "Name(values)" of an error the ABI knows, or "" where none was given."""
    if error.code != 3:
        raise error
    data = error.data or "0x"
    if isinstance(data, dict):
        data = data.get("data", "0x")
    data = bytes.fromhex(data[2:])
    if data[:4] == keccak(text="Error(string)")[:4]:
        return eth_abi.decode(["string"], data[4:])[0]
    if data[:4] == keccak(text="Panic(uint256)")[:4]:
        return f"Panic({eth_abi.decode(['uint256'], data[4:])[0]:#x})"
    for entry in abi:
        if entry["type"] == "error":
            types = types_of(entry["inputs"])
            if data[:4] == keccak(text=f"{entry['name']}({','.join(types)})")[:4]:
                values = eth_abi.decode(types, data[4:])
                return f"{entry['name']}({', '.join(str(value) for value in values)})"
    return data.hex()


def artifact(name):
    return json.loads((ROOT / "examples" / "contracts" / name / f"{name}.json").read_text())


def compiled(name):
    """One of the misbehaving contracts, which have no artifacts."""
    import vyper

    source = Path(__file__).resolve().parent / "hostile" / f"{name}.vy"
    output = vyper.compile_code(source.read_text(), output_formats=["abi", "bytecode"])
    return {"name": name, "abi": output["abi"], "bytecode": output["bytecode"]}
