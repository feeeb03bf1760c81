"""Real answers held against the schemas of Ethereum's execution APIs.

    openrpc.py http://127.0.0.1:PORT/rpc [--schema FILE] [--table]

The schemas are those of npm's @metamask/api-specs, which carries the execution APIs' methods (Apache-2.0, pinned in package.json).
It is older than the specification in places; `--schema` takes another OpenRPC document, such as one built from it. For every method
that the node serves, the parameters of the samples and all results must hold; a method without samples must not be served.
Needs a network whose accounts the node holds, as `dev` and Anvil do. `--table` prints what is served and what not.
"""

import json
import sys
import time
import urllib.request

from eth_account import Account
from jsonschema import Draft7Validator
from web3 import Web3

from checks import FOLDER, INSTALLED, WORDS, arguments

PROBE = json.loads((FOLDER / "probe/Probe.json").read_text())
NPM = INSTALLED / "node_modules/@metamask/api-specs/dist/build/openrpc.json"
Account.enable_unaudited_hdwallet_features()
RICH = Account.from_mnemonic(WORDS)
ZERO = "0x" + "00" * 32

BLANK = {"hash": ZERO, "nonce": "0x" + "00" * 8, "miner": "0x" + "00" * 20}

# Methods of the specification that the npm document lacks, by the schemas that it has.
ADDED = {
    "eth_blobBaseFee": {"$ref": "#/components/schemas/uint"},
    "eth_maxPriorityFeePerGas": {"$ref": "#/components/schemas/uint"},
    "eth_getBlockReceipts": {"oneOf": [{"type": "null"}, {"type": "array", "items": {"$ref": "#/components/schemas/ReceiptInfo"}}]},
    "eth_createAccessList": {
        "type": "object", "required": ["accessList", "gasUsed"], "additionalProperties": False,
        "properties": {"accessList": {"$ref": "#/components/schemas/AccessList"}, "gasUsed": {"$ref": "#/components/schemas/uint"},
                       "error": {"type": "string"}}},
    "eth_sign": {"$ref": "#/components/schemas/bytes65"},
    "net_version": {"type": "string", "pattern": "^[0-9]+$"},
    "debug_getRawHeader": {"$ref": "#/components/schemas/bytes"},
    "debug_getRawBlock": {"$ref": "#/components/schemas/bytes"},
    "debug_getRawTransaction": {"$ref": "#/components/schemas/bytes"},
    "debug_getRawReceipts": {"type": "array", "items": {"$ref": "#/components/schemas/bytes"}},
}
# What the specification has come to allow since: tags and a block's hash in filters, alternatives of topics, the time in logs.
TAGGED = {"$ref": "#/components/schemas/BlockNumberOrTag"}
NEWER = {
    ("Filter", "fromBlock"): TAGGED, ("Filter", "toBlock"): TAGGED, ("Filter", "blockHash"): {"$ref": "#/components/schemas/hash32"},
    ("Filter", "topics"): {"type": "array", "items": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/FilterTopic"}]}},
    ("Log", "blockTimestamp"): {"$ref": "#/components/schemas/uint"},
}
# Of the specification, and not served: why.
ABSENT = {
    "eth_decrypt": "a wallet's own", "eth_signTypedData_v4": "a wallet's own", "eth_getEncryptionPublicKey": "a wallet's own",
    "eth_simulateV1": "eth_call with overrides and the traces of calls serve instead",
    "eth_fillTransaction": "client libraries fill in what is missing",
    "eth_baseFee": "the base fee stands in every block",
    "eth_config": "forks by time; here the genesis file names the specification of every height",
    "eth_capabilities": "what of the history is kept: all",
    "eth_getStorageValues": "batches of eth_getStorageAt, or eth_getProof",
    "eth_getBlockAccessList": "no block access lists (EIP-7928)", "debug_getRawBlockAccessList": "no block access lists (EIP-7928)",
    "debug_getBadBlocks": "refused blocks are not kept",
}


class Asked:
    """A node, and things in its chain to ask about."""

    def __init__(self, url):
        self.url = url
        accounts = self.result("eth_accounts")
        self.account = next(account for account in accounts if account.lower() == RICH.address.lower())
        self.probe = self.sent({"input": PROBE["bytecode"] + f"{5:064x}"})["contractAddress"]
        self.logs_filter = self.result("eth_newFilter", {"address": self.probe, "fromBlock": "earliest"})
        self.blocks_filter = self.result("eth_newBlockFilter")
        selector = Web3.keccak(text="set(uint256,bytes32,string)")[:4].to_0x_hex()
        self.write = selector + f"{9:064x}{1:064x}{0x60:064x}{1:064x}" + "41".ljust(64, "0")
        self.value = Web3.keccak(text="value()")[:4].to_0x_hex()
        self.receipt = self.sent({"to": self.probe, "input": self.write})
        self.legacy = self.sent({"to": self.account, "gasPrice": self.result("eth_gasPrice")})
        self.listed = self.sent({"to": self.account, "gas": "0x186a0", "gasPrice": self.result("eth_gasPrice"), "accessList": [{"address": self.probe, "storageKeys": [ZERO]}]})
        self.failed = self.sent({"to": self.probe, "input": Web3.keccak(text="withNothing()")[:4].to_0x_hex(), "gas": "0x30d40"})
        self.call = {"from": self.account, "to": self.probe, "input": self.value}

    def ask(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def result(self, method, *params):
        answer = self.ask(method, *params)
        if "error" in answer:
            raise RuntimeError(f"{method} {params}: {answer['error']}")
        return answer["result"]

    def sent(self, transaction):
        sent = self.result("eth_sendTransaction", {"from": self.account} | transaction)
        for _ in range(100):
            if receipt := self.result("eth_getTransactionReceipt", sent):
                return receipt
            time.sleep(0.05)
        raise RuntimeError(f"{sent} was not mined within 5 s")

    def raw(self):
        nonce = int(self.result("eth_getTransactionCount", self.account, "pending"), 16)
        price = int(self.result("eth_gasPrice"), 16)
        chain = int(self.result("eth_chainId"), 16)
        return RICH.sign_transaction({"to": RICH.address, "value": 1, "nonce": nonce, "gas": 21000, "gasPrice": price, "chainId": chain}).raw_transaction.to_0x_hex()


def samples(net):
    """Method to parameters, once for each call; what depends on the moment is a function."""
    receipts = [net.receipt, net.legacy, net.listed, net.failed]
    block, number = net.receipt["blockHash"], net.receipt["blockNumber"]
    hashes = [[receipt["transactionHash"]] for receipt in receipts] + [[ZERO]]
    tags = ["latest", "earliest", "pending", "safe", "finalized", number]
    found = [[block, "0x0"], [block, "0x9"]]
    fees = {"maxFeePerGas": "0x2540be400", "maxPriorityFeePerGas": "0x3b9aca00", "gas": "0x5208", "nonce": "0x0", "value": "0x1", "type": "0x2"}
    return {
        "web3_clientVersion": [[]], "net_version": [[]], "eth_chainId": [[]], "eth_syncing": [[]], "eth_accounts": [[]],
        "eth_requestAccounts": [[]], "eth_coinbase": [[]], "eth_blockNumber": [[]], "eth_gasPrice": [[]], "eth_blobBaseFee": [[]],
        "eth_maxPriorityFeePerGas": [[]], "eth_newBlockFilter": [[]], "eth_newPendingTransactionFilter": [[]],
        "eth_getBlockByHash": [[block, True], [block, False], [ZERO, False]],
        "eth_getBlockByNumber": [[tag, full] for tag in tags for full in (True, False)] + [["0x" + "f" * 7, False]],
        "eth_getBlockTransactionCountByHash": [[block], [ZERO]], "eth_getBlockTransactionCountByNumber": [[tag] for tag in tags],
        "eth_getUncleCountByBlockHash": [[block]], "eth_getUncleCountByBlockNumber": [[number]],
        "eth_getBlockReceipts": [[tag] for tag in tags if tag != "pending"],
        "eth_getTransactionByHash": hashes, "eth_getTransactionReceipt": hashes,
        "eth_getTransactionByBlockHashAndIndex": found, "eth_getTransactionByBlockNumberAndIndex": [["latest", "0x0"], [number, "0x0"], [number, "0x9"]],
        "eth_getBalance": [[net.account, tag] for tag in tags], "eth_getTransactionCount": [[net.account, tag] for tag in tags],
        "eth_getCode": [[net.probe, "latest"], [net.account, "latest"]],
        "eth_getStorageAt": [[net.probe, "0x0", "latest"], [net.probe, ZERO, "latest"], [net.account, "0x1", "latest"]],
        "eth_getProof": [[net.probe, [ZERO], "latest"], [net.account, [], "latest"]],
        "eth_call": [[net.call, tag] for tag in tags], "eth_estimateGas": [[net.call, "latest"], [{"from": net.account, "to": net.account, "value": "0x1"}, "latest"]],
        "eth_createAccessList": [[net.call, "latest"]],
        "eth_feeHistory": [["0x3", "latest", [10, 50, 90]], ["0x1", number, []], ["0x2", "pending", [1]]],
        "eth_getLogs": [[{"address": net.probe, "fromBlock": "earliest", "toBlock": "latest"}], [{"blockHash": block}], [{"fromBlock": number, "topics": [None]}]],
        "eth_newFilter": [[{"address": net.probe}], [{"fromBlock": "earliest", "topics": [None, [ZERO]]}]],
        "eth_getFilterLogs": [[net.logs_filter]], "eth_getFilterChanges": [[net.logs_filter], [net.blocks_filter]],
        "eth_uninstallFilter": [[net.logs_filter], [net.blocks_filter]],
        "eth_sendRawTransaction": [lambda: [net.raw()]], "eth_sendTransaction": [[{"from": net.account, "to": net.probe, "value": "0x1"}]],
        "eth_signTransaction": [[{"from": net.account, "to": net.probe, **fees}]],
        "eth_sign": [[net.account, "0x68656c6c6f"]], "personal_sign": [["0x68656c6c6f", net.account]],
        "txpool_status": [[]], "txpool_content": [[]], "txpool_contentFrom": [[net.account]],
        "eth_subscribe": [], "eth_unsubscribe": [],  # WebSocket's; the client libraries' programs have them
        "debug_getRawHeader": [[number]], "debug_getRawBlock": [[number]], "debug_getRawReceipts": [[number]],
        "debug_getRawTransaction": [[net.receipt["transactionHash"]]],
        "debug_traceTransaction": [[net.receipt["transactionHash"]], [net.failed["transactionHash"], {}]],
        "debug_traceBlockByHash": [[block]], "debug_traceBlockByNumber": [[number], ["latest", {"disableStack": True}]],
    }


def loosened(schema):
    """Without what no answer can meet: `unevaluatedProperties` beside `allOf` sees the other branches' members as unknown."""
    if isinstance(schema, dict):
        return {name: loosened(value) for name, value in schema.items() if name != "unevaluatedProperties"}
    return [loosened(item) for item in schema] if isinstance(schema, list) else schema


class Judge:
    def __init__(self, document, is_npm):
        document = loosened(document)
        for (component, name), schema in NEWER.items() if is_npm else ():
            document["components"]["schemas"][component]["properties"][name] = schema
        self.components = {"components": document["components"]}
        self.methods = {method["name"]: method for method in document["methods"] if not method["name"].startswith("wallet_")}
        for name, result in ADDED.items():
            self.methods.setdefault(name, {"name": name, "params": [], "result": {"schema": result}, "added": True})

    def faults(self, schema, value):
        faults = Draft7Validator({**schema, **self.components}).iter_errors(value)
        return [f"{'/'.join(map(str, fault.absolute_path)) or 'the whole'}: {deepest(fault)}"[:300] for fault in faults]

    def judge(self, net, name, params):
        """What is wrong with one call and its answer."""
        method = self.methods[name]
        faults = []
        for parameter, value in zip(method["params"], params):
            faults += [f"the sample's parameter {parameter['name']}: {fault}" for fault in self.faults(parameter["schema"], value)]
        answer = net.ask(name, *params)
        if "error" in answer:
            return faults + [f"refused: {answer['error']}"]
        result = answer["result"]
        if params[:1] == ["pending"] and isinstance(result, dict):
            # A block that is not yet mined has no hash, nonce and miner; clients expect null there, the schemas say nothing of it.
            result = result | {key: BLANK[key] for key in BLANK if key in result and result[key] is None}
        return faults + self.faults(method["result"]["schema"], result)


def deepest(fault):
    """Of alternatives that all fail, the one that came furthest says most."""
    while fault.context:
        fault = max(fault.context, key=lambda one: (len(one.absolute_path), -len(one.message)))
    return fault.message if len(fault.message) < 250 else fault.message[:120] + " … " + fault.message[-120:]


def main():
    parser = arguments(__doc__)
    parser.add_argument("--schema", default=NPM, help="an OpenRPC document with its references inside")
    parser.add_argument("--table", action="store_true", help="print which methods are served, and why others are not")
    options = parser.parse_args()
    with open(options.schema) as file:
        judge = Judge(json.load(file), options.schema == NPM)
    net = Asked(options.url)
    ours = samples(net)
    passed, failed, calls, table = 0, 0, 0, []
    for name in sorted(judge.methods):
        if options.only and options.only not in name:
            continue
        faults = []
        is_absent = net.ask(name).get("error", {}).get("code") == -32601
        if name not in ours:
            faults = [] if is_absent else ["it is served, and there is no sample of it here"]
            if is_absent and name not in ABSENT:
                faults = ["it is not served, and nothing says why"]
            table.append((name, "no", ABSENT.get(name, "")))
        else:
            for params in ours[name]:
                params = params() if callable(params) else params
                calls += 1
                faults += [f"{json.dumps(params)[:120]}: {fault}" for fault in judge.judge(net, name, params)]
            if is_absent and ours[name]:
                faults = ["it is not served"]
            table.append((name, "yes", f"{len(ours[name])} calls" if ours[name] else "by the client libraries' programs"))
        passed, failed = passed + (not faults), failed + bool(faults)
        print(f"{'FAIL' if faults else 'ok  '} {name}" + (f": {'; '.join(faults[:4])}" if faults else ""), flush=True)
    if options.table:
        print("\n| method | served | |\n| --- | --- | --- |")
        for row in table:
            print(f"| `{row[0]}` | {row[1]} | {row[2]} |")
    print(f"{calls} calls\n{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
