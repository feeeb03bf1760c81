"""What the programs with web3.py share: a connection, a rich account, and a probe contract."""

import json

from eth_account import Account
from web3 import Web3
from web3.exceptions import Web3RPCError

from checks import FOLDER, WORDS, equal

PROBE = json.loads((FOLDER / "probe/Probe.json").read_text())
GWEI = 10**9
LABEL = b"label".ljust(32, b"\0")
Account.enable_unaudited_hdwallet_features()


class Network:
    """A connection, a rich account of the public words, and a probe contract that it deployed."""

    def __init__(self, url):
        self.url = url
        self.w3 = Web3(Web3.HTTPProvider(url))
        self.rich = Account.from_mnemonic(WORDS)
        self.deployed = None

    def ask(self, method, *params):
        """A call by its name, through the library's provider; a refusal is raised as the library raises it."""
        return self.w3.manager.request_blocking(method, list(params))

    def send(self, key=None, **transaction):
        """Signs, sends and waits; what is not given, the library fills in."""
        key = key or self.rich
        transaction = {"from": key.address, "nonce": self.w3.eth.get_transaction_count(key.address, "pending"),
                       "chainId": self.w3.eth.chain_id, "value": 0} | transaction
        if "gas" not in transaction:
            transaction["gas"] = self.w3.eth.estimate_gas(transaction)
        if not {"gasPrice", "maxFeePerGas"} & set(transaction):
            priority = self.w3.eth.max_priority_fee
            transaction |= {"maxFeePerGas": 2 * self.w3.eth.get_block("latest")["baseFeePerGas"] + priority,
                            "maxPriorityFeePerGas": priority}
        if transaction.get("to", 0) is None:
            del transaction["to"]
        raw = key.sign_transaction(transaction).raw_transaction
        return self.w3.eth.wait_for_transaction_receipt(self.w3.eth.send_raw_transaction(raw), timeout=20)

    def poor(self, coins=1):
        """A new account with so many coins."""
        key = Account.create()
        equal(self.send(to=key.address, value=int(coins * 10**18))["status"], 1, "status")
        return key

    @property
    def probe(self):
        if self.deployed is None:
            data = self.w3.eth.contract(abi=PROBE["abi"], bytecode=PROBE["bytecode"]).constructor(5).data_in_transaction
            receipt = self.send(to=None, data=data)
            self.deployed = self.w3.eth.contract(address=receipt["contractAddress"], abi=PROBE["abi"])
        return self.deployed

    def call(self, function, **more):
        """A transaction that calls a contract's function."""
        return self.send(to=function.address, data=function._encode_transaction_data(), **more)


def refused(call, *kinds):
    """What the library raises when the node refuses."""
    try:
        answer = call()
    except kinds or (Web3RPCError,) as error:
        return error
    raise AssertionError(f"nothing was refused; the answer is {answer!r}"[:300])
