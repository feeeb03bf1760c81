"""Bends valid calls: values, shapes, envelopes, and the text itself. All chance comes from the generator that is handed in."""

import copy
import json

ADDRESS = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
ONES = "0x" + "f" * 64
ODD = [
    None, True, False, 0, 1, -1, 1.5, 2**31, 2**53, 2**63, 2**64, 2**256, -(2**63), 1e308, "", " ", "0", "1", "-1", "0x", "0X1", "0x0", "0x00",
    "0x01", "0xg", "0x-1", "0x 1", "x0", "0x1p3", "0x7fffffffffffffff", "0x8000000000000000", "0xffffffffffffffff", "0x10000000000000000", ONES,
    ONES + "f", ONES + "ff", ADDRESS, ADDRESS.upper(), ADDRESS[:-1], ADDRESS[:-2], ADDRESS + "0", ADDRESS + "00", "0x" + "0" * 40, "0x" + "0" * 64,
    "0x000000000000000000000000000000000000000a", "latest", "LATEST", " latest", "pending", "earliest", "safe", "finalized", "genesis", "null",
    "\u0000", "\U0001f4a3", "é" * 300, "\ud7ff", "a" * 5000, "0x" + "ab" * 5000, [], {}, [[]], [None], {"": ""}, {"0x": {}}, [[[[[[]]]]]],
]
BYTES = ["0x", "0x00", "0xfe", "0x5b" * 1, "0x6000600020", "0x60ff60005360016000f3", "0x5b600056", "0x3d3d3d3d5af1", "0x" + "60" * 3000,
         "0x600035ff", "0x6000356000fd", "0xef0001", "0xef0100" + "00" * 20, "0x" + "5f" * 2000, "0x63ffffffff5f52", "0x63ffffffff5f5ff0"]
KEYS = ["from", "to", "data", "input", "value", "gas", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "nonce", "type", "chainId", "accessList",
        "blobVersionedHashes", "authorizationList", "fromBlock", "toBlock", "blockHash", "topics", "address", "tracer", "tracerConfig", "timeout",
        "limit", "stateOverrides", "blockOverrides", "balance", "code", "state", "stateDiff", "movePrecompileToAddress", "blockNumber",
        "requireCanonical", "number", "time", "gasLimit", "baseFeePerGas", "disableStack", "disableStorage", "enableMemory", "enableReturnData", "unknown"]
CREATION = ["eth_call", "eth_estimateGas", "eth_createAccessList", "debug_traceCall"]


def hexes(chance):
    """A number or bytes in hex, of any length."""
    length = chance.choice([1, 2, 3, 16, 17, 39, 40, 41, 63, 64, 65, 66, 128, 4096])
    digits = f"{chance.getrandbits(4 * length):0{length}x}"
    return "0x" + (digits.upper() if chance.random() < 0.1 else digits)


def override(chance):
    """A state override that may be right."""
    slot = "0x" + "00" * 32
    account = {
        "balance": chance.choice([ONES, "0x1", hexes(chance)]), "nonce": chance.choice(["0x1", "0xffffffffffffffff", hexes(chance)]),
        "code": chance.choice(BYTES), "state": {slot: ONES}, "stateDiff": {slot: chance.choice([ONES, "0x1", hexes(chance)])},
        "movePrecompileToAddress": "0x" + "12" * 20,
    }
    for name in list(account):
        if chance.random() < 0.5:
            del account[name]
    return {chance.choice([ADDRESS, "0x" + "00" * 19 + "01", "0x" + "00" * 20, hexes(chance)]): account for _ in range(chance.choice([0, 1, 1, 1, 1, 1, 3, 3, 3, 100]))}


def filtered(chance):
    """A filter of logs with a range that may be silly."""
    ends = ["earliest", "latest", "pending", "safe", "0x0", "0x1", "0xffffffff", "0xffffffffffffffff", "0x10000000000000000", 5, None]
    made = {"fromBlock": chance.choice(ends), "toBlock": chance.choice(ends)}
    if chance.random() < 0.3:
        made["blockHash"] = chance.choice([ONES, "0x", None])
    if chance.random() < 0.6:
        made["topics"] = [chance.choice([None, ONES, [ONES] * chance.choice([0, 1, 600]), [], "0x", [None]]) for _ in range(chance.choice([0, 1, 4, 5, 100]))]
    if chance.random() < 0.5:
        made["address"] = chance.choice([ADDRESS, [], [ADDRESS] * chance.choice([1, 3, 800]), None, [None]])
    return made


def value(chance):
    return chance.choice([lambda: chance.choice(ODD), lambda: hexes(chance), lambda: override(chance), lambda: filtered(chance), lambda: chance.choice(BYTES),
                          lambda: nested(chance.choice([3, 60, 100])), lambda: [chance.choice(ODD) for _ in range(chance.choice([1, 5, 50]))]])()


def nested(depth):
    made = []
    for _ in range(depth):
        made = [made]
    return made


def places(tree, path=()):
    """The paths to everything in a value."""
    yield path
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def bend(chance, tree):
    """The value with one place changed."""
    tree = copy.deepcopy(tree)
    path = chance.choice(list(places(tree)))
    if not path:
        return bent_place(chance, tree)
    parent = tree
    for key in path[:-1]:
        parent = parent[key]
    key = path[-1]
    if chance.random() < 0.12:
        del parent[key]
    elif isinstance(parent, list) and chance.random() < 0.1:
        parent.insert(key, copy.deepcopy(parent[key]))
    else:
        parent[key] = bent_place(chance, parent[key])
    return tree


def bent_place(chance, old):
    if isinstance(old, str) and chance.random() < 0.4:
        if old.startswith("0x") and chance.random() < 0.5:
            return chance.choice([old[:-1], old + "0", old[2:], old.upper(), old[:2] + "0" + old[2:], "-" + old, old + "\n", len(old), 10**18])
        at = chance.randrange(len(old) + 1)
        return old[:at] + chance.choice(["x", "\0", "0", " ", "\U0001f4a3", "'", '"', "\\", "f" * 100]) + old[at + chance.choice([0, 1]):]
    if isinstance(old, dict) and chance.random() < 0.7:
        return old | {chance.choice(KEYS): value(chance)}
    if isinstance(old, list) and chance.random() < 0.6:
        return old + [value(chance) for _ in range(chance.choice([1, 1, 2, 40]))]
    return chance.choice([lambda: value(chance), lambda: [old], lambda: {"object": old}])()


def params(chance, method, sample):
    """Parameters of a method: the sample bent once or more, or something else altogether."""
    if chance.random() < 0.06:
        return value(chance)
    made = copy.deepcopy(sample)
    if method in CREATION and chance.random() < 0.35:
        made = [{"from": ADDRESS, "data": chance.choice(BYTES), "gas": chance.choice(["0x5f5e100", "0x1000000", "0xffffffffffffffff"])}, "latest"]
        return made + ([{"tracer": chance.choice(["callTracer", "prestateTracer", "4byteTracer", "x"])}] if method == "debug_traceCall" else [override(chance)])
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        made = bend(chance, made)
    return made


def call(chance, calls, number):
    """One JSON-RPC call, mostly of the right form."""
    method = chance.choice(sorted(calls))
    made = {"jsonrpc": "2.0", "id": number, "method": method, "params": params(chance, method, chance.choice(calls[method]))}
    turn = chance.random()
    if turn < 0.04:
        made["id"] = chance.choice(["text", "", "\U0001f4a3", 0, -1, 2**31, 2**53, 1.5, None, [], {}, True, "a" * 2000])
    elif turn < 0.06:
        del made["id"]
    elif turn < 0.08:
        made["jsonrpc"] = chance.choice(["1.0", 2, None, "2.0 ", [], ""])
    elif turn < 0.10:
        made["method"] = chance.choice(ODD + [method.upper(), method + "\0", "eth_", "rpc.discover", "__proto__", "a" * 10000])
    elif turn < 0.12:
        del made[chance.choice(["jsonrpc", "method", "params"])]
    elif turn < 0.13:
        made[chance.choice(["result", "error", "extra", "id "])] = value(chance)
    return made


def message(chance, calls, number):
    """What is sent, as text: a call, a batch, or something that only looks like one."""
    turn = chance.random()
    if turn < 0.78:
        made = call(chance, calls, number)
    elif turn < 0.9:
        made = [call(chance, calls, number + at) for at in range(chance.choice([0, 1, 2, 3, 5, 30]))]
        if made and chance.random() < 0.2:
            made[chance.randrange(len(made))] = chance.choice([made[:1], [], {}, None, 1, "x"])
    elif turn < 0.93:
        made = value(chance)
    else:
        text = json.dumps(call(chance, calls, number))
        at = chance.randrange(len(text))
        return chance.choice([
            lambda: text[:at], lambda: text + "}", lambda: text + text, lambda: "[" * chance.choice([10, 127, 129, 5000, 100000]), lambda: '{"a":' * 5000,
            lambda: text[:at] + chance.choice("{}[]\",:\\\0\x7f") + text[at:], lambda: text.replace('"', "'"), lambda: "\ufeff" + text, lambda: "",
            lambda: text.replace('"params": ', '"params": 1e999, "params": '), lambda: text.replace('"id": ', '"id": 1' + "0" * 400 + ', "id": '),
            lambda: text[:-1] + ', "params": []}', lambda: text.replace("0x", "\\u0030x"), lambda: " " * 100000 + text, lambda: text.replace("0", "\\ud800", 1),
        ])()
    return json.dumps(made)
