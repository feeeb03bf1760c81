"""Foundry's `cast`, as npm has it, against a node: cast.py http://127.0.0.1:PORT/rpc [--only WORD]"""

import json
import re
import subprocess
import sys

from eth_account import Account
from web3 import Web3

import proofs
from checks import FOLDER, INSTALLED, WORDS, Checks, arguments, equal, holds, websocket

check = Checks()
PROBE = json.loads((FOLDER / "probe/Probe.json").read_text())
PROGRAM = next(INSTALLED.glob("node_modules/@foundry-rs/cast-*/bin/cast"))
Account.enable_unaudited_hdwallet_features()
# Not the first account: on a network that mines, that one earns too.
RICH = Account.from_mnemonic(WORDS, account_path="m/44'/60'/0'/0/4")
KEY = RICH.key.to_0x_hex()


class Refused(Exception):
    pass


class Cast:
    def __init__(self, url):
        self.url, self.deployed = url, None

    def __call__(self, *words, url=None):
        """What cast prints."""
        command = [PROGRAM, words[0], "--rpc-url", url or self.url, *map(str, words[1:])]
        run = subprocess.run(command, capture_output=True, text=True, timeout=25, stdin=subprocess.DEVNULL)
        if run.returncode:
            raise Refused(run.stderr.strip())
        return run.stdout.strip()

    def json(self, *words):
        return json.loads(self(words[0], "--json", *words[1:]))

    def send(self, *words):
        return self.json("send", "--private-key", KEY, *words)

    @property
    def probe(self):
        if self.deployed is None:
            self.deployed = self.send("--create", PROBE["bytecode"] + f"{5:064x}")["contractAddress"]
        return self.deployed


def refused(call):
    try:
        answer = call()
    except Refused as error:
        return str(error)
    raise AssertionError(f"nothing was refused: {answer}"[:300])


@check
def names_chain_client_and_block(cast):
    equal(cast("chain-id"), cast("rpc", "net_version").strip('"'))
    holds(cast("client"), "no client")
    holds(int(cast("block-number")) >= 0, "block number")
    equal(cast("chain-id", url=websocket(cast.url)), cast("chain-id"))


@check
def sends_a_transfer_of_each_type(cast):
    for kind, words in ((0, ["--legacy"]), (1, ["--legacy", "--access-list", json.dumps([{"address": RICH.address, "storageKeys": []}])]), (2, [])):
        receiver = Account.create().address
        receipt = cast.send(receiver, "--value", "1gwei", *words)
        equal(int(receipt["type"], 16), kind, "type")
        equal((int(receipt["status"], 16), cast("balance", receiver)), (1, "1000000000"))
        holds(receipt["transactionHash"] in cast("tx", receipt["transactionHash"]), "cast tx")
        equal(cast("receipt", receipt["transactionHash"], "blockNumber"), str(int(receipt["blockNumber"], 16)))


@check
def has_the_node_sign(cast):
    account = Account.from_mnemonic(WORDS, account_path="m/44'/60'/0'/0/6").address
    receipt = cast.json("send", "--unlocked", "--from", account, RICH.address, "--value", "1")
    equal((int(receipt["status"], 16), receipt["from"].lower()), (1, account.lower()))


@check
def publishes_a_transaction_made_offline(cast):
    made = cast("mktx", "--private-key", KEY, RICH.address, "--value", "1")
    receipt = json.loads(cast("publish", made, "--json"))
    equal(int(receipt["status"], 16), 1)


@check
def deploys_calls_and_writes(cast):
    equal(cast("call", cast.probe, "value()(uint256)"), "5")
    equal(cast("code", cast.probe)[:20], PROBE["deployed_bytecode"][:20])
    receipt = cast.send(cast.probe, "set(uint256,bytes32,string)", "17", "0x" + "6c" * 32, "by cast")
    equal(int(receipt["status"], 16), 1)
    equal(cast("call", cast.probe, "value()(uint256)"), "17")
    equal(cast("call", cast.probe, "value()(uint256)", "--block", int(receipt["blockNumber"], 16) - 1), "5", "a block before")
    equal(int(cast("storage", cast.probe, "0"), 16), 17)
    equal(cast("nonce", RICH.address), str(int(cast("rpc", "eth_getTransactionCount", RICH.address, "latest").strip('"'), 16)))


@check
def estimates_and_makes_access_lists(cast):
    gas = int(cast("estimate", cast.probe, "set(uint256,bytes32,string)", "18", "0x" + "6c" * 32, "x"))
    holds(21000 < gas < 100000, f"gas {gas}")
    listed = cast.json("access-list", cast.probe, "value()")
    equal([entry["address"].lower() for entry in listed["accessList"]], [cast.probe.lower()])


@check
def shows_reasons(cast):
    holds("too late" in refused(lambda: cast("call", cast.probe, "withReason(string)", "too late")), "call")
    holds("too late" in refused(lambda: cast("estimate", cast.probe, "withReason(string)", "too late")), "estimate")
    holds("too late" in refused(lambda: cast.send(cast.probe, "withReason(string)", "too late")), "send")
    selector = Web3.keccak(text="TooMuch(uint256,uint256)")[:4].hex()
    told = refused(lambda: cast("call", cast.probe, "withError(uint256)", "9"))
    holds(selector in told or "TooMuch" in told, told)
    told = refused(lambda: cast("call", cast.probe, "withPanic(uint256)", "1"))
    holds("overflow" in told or "0x11" in told or "4e487b71" in told, told)


@check
def mines_what_reverts_when_gas_is_given(cast):
    receipt = cast.send(cast.probe, "withReason(string)", "all the same", "--gas-limit", "100000")
    equal(int(receipt["status"], 16), 0)


@check
def finds_logs(cast):
    receipt = cast.send(cast.probe, "set(uint256,bytes32,string)", "4242", "0x" + "6c" * 32, "logged")
    logs = cast.json("logs", "--from-block", "0", "--address", cast.probe, "Changed(address indexed,uint256 indexed,bytes32 indexed,string)", "", "4242")
    equal([log["transactionHash"] for log in logs], [receipt["transactionHash"]])


@check
def reads_fees_and_their_history(cast):
    holds(int(cast("gas-price")) > 0, "gas price")
    holds(int(cast("basefee")) >= 0, "base fee")
    history = json.loads(cast("rpc", "eth_feeHistory", "0x2", "latest", "[50]"))
    equal(len(history["baseFeePerGas"]), len(history["gasUsedRatio"]) + 1)


@check
def reads_blocks_and_their_hash_holds(cast):
    for tag in ("earliest", "finalized", "safe", "latest"):
        holds(int(cast("block", tag, "--field", "number")) >= 0, tag)
    block = json.loads(cast("rpc", "eth_getBlockByNumber", "latest", "false"))
    equal(cast("block", int(block["number"], 16), "--field", "hash"), "0x" + proofs.header_hash(block).hex())
    equal(int(cast("find-block", int(block["timestamp"], 16))) <= int(block["number"], 16), True)


@check
def proves_an_account_by_the_state_root(cast):
    number = cast("block-number")
    proof = json.loads(cast("proof", RICH.address, "--block", number))
    root = json.loads(cast("rpc", "eth_getBlockByNumber", hex(int(number)), "false"))["stateRoot"]
    account = proofs.account(proofs.raw(root), proof)
    equal(account[1], int(cast("balance", RICH.address)))


@check
def runs_a_transaction_again_and_traces_it(cast):
    inner = Web3.keccak(text="value()")[:4].to_0x_hex()
    receipt = cast.send(cast.probe, "forward(address,bytes)", cast.probe, inner, "--gas-limit", "300000")
    trace = json.loads(cast("rpc", "debug_traceTransaction", receipt["transactionHash"], '{"tracer":"callTracer"}'))
    equal(trace["calls"][0]["input"], inner)
    # cast runs the whole block again on its own machine, from the state that the node answers.
    told = cast("run", receipt["transactionHash"], "--quick")
    holds("successfully" in told, told[-300:])
    used = re.search(r"Gas used: (\d+)", told)
    equal(used and int(used[1]), int(receipt["gasUsed"], 16), "gas of the repetition")


@check
def calls_in_another_state(cast):
    stranger = Account.create().address
    equal(cast("call", cast.probe, "value()(uint256)", "--override-state-diff", f"{cast.probe}:0x0:0x63"), "99")
    equal(cast("call", stranger, "value()(uint256)", "--override-code", f"{stranger}:{PROBE['deployed_bytecode']}"), "0")


@check
def uses_the_methods_of_the_test_network(cast):
    snapshot = cast("rpc", "evm_snapshot").strip('"')
    before = int(cast("block-number"))
    cast("rpc", "anvil_mine", "0x3")
    equal(int(cast("block-number")), before + 3)
    equal(cast("rpc", "evm_revert", snapshot), "true")
    equal(int(cast("block-number")), before)
    nobody = "0x" + "cd" * 20
    cast.send(nobody, "--value", "1ether")
    cast("rpc", "anvil_impersonateAccount", nobody)
    receipt = cast.json("send", "--unlocked", "--from", nobody, RICH.address, "--value", "1")
    equal(int(receipt["status"], 16), 1)


if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    sys.exit(check.run(Cast(options.url), only=options.only))
