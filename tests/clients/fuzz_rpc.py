"""Bent calls of every method of `/rpc`, over HTTP and WebSocket, against a fresh node of `dev`.

    fuzz_rpc.py BCOIN [--minutes 1] [--seed N] [--case N] [--method WORD] [--control]

Held throughout: the process lives and its log tells of no panic; no answer has a status of 500 or more; each answer has JSON-RPC's form
(version, the call's id, exactly one of result and error, a whole number and a text in the error); nothing takes longer than ten seconds;
the node still mines and answers; memory stays bounded. A case depends on the seed and its number alone: `--seed S --case N` sends that one.
"""

import argparse
import http.client
import json
import os
import random
import shutil
import sys
import time
from itertools import accumulate
from pathlib import Path

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import bending
import openrpc
import servers

SLOW = 10
MOST_MEMORY = 768 * 2**20
LOOK_EVERY = 250
# A message of this size or more, or text that is not JSON, may end a WebSocket.
LARGE = 900_000


def calls_of(net):
    """Every method with parameters that it takes; what changes the network among them."""
    calls = {name: [params() if callable(params) else params for params in samples] or [[]] for name, samples in openrpc.samples(net).items()}
    hashes, number = net.receipt["transactionHash"], net.receipt["blockNumber"]
    who = "0x" + "ab" * 20
    return calls | {
        "eth_subscribe": [["newHeads"], ["newPendingTransactions"], ["logs", {"address": net.probe, "topics": [None]}]], "eth_unsubscribe": [["0x1"]],
        "eth_call": calls["eth_call"] + [[net.call, "latest", {net.probe: {"stateDiff": {openrpc.ZERO: openrpc.ZERO}}}],
                                         [net.call, {"blockHash": net.receipt["blockHash"], "requireCanonical": True}]],
        "eth_getRawTransactionByHash": [[hashes]], "eth_getHeaderByNumber": [["latest"]], "eth_getHeaderByHash": [[net.receipt["blockHash"]]],
        "eth_getUncleByBlockHashAndIndex": [[net.receipt["blockHash"], "0x0"]], "eth_getUncleByBlockNumberAndIndex": [[number, "0x0"]],
        "eth_mining": [[]], "eth_hashrate": [[]], "eth_protocolVersion": [[]], "net_listening": [[]], "net_peerCount": [[]], "rpc_modules": [[]],
        "web3_sha3": [["0x68656c6c6f"]],
        "debug_traceCall": [[net.call, "latest", {"tracer": "callTracer"}], [net.call, "latest", {"stateOverrides": {net.probe: {"balance": "0x1"}}}]],
        "debug_traceTransaction": [[hashes, {"tracer": "callTracer", "tracerConfig": {"withLog": True, "onlyTopCall": False}}], [hashes, {}],
                                   [hashes, {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}]],
        "txpool_inspect": [[]], "personal_sign": [["0x68656c6c6f", net.account]],
        **helpers(who, hashes),
    }


def helpers(who, hashes):
    """What tests of contracts ask of a test network, under the names of each family."""
    slot = [who, "0x0", openrpc.ZERO]
    calls = {
        "evm_mine": [[], [{"blocks": 2}]], "evm_snapshot": [[]], "evm_revert": [["0x1"], ["0x0"]], "evm_increaseTime": [[60], ["0x3c"]],
        "evm_setNextBlockTimestamp": [[1900000000]], "evm_setTime": [[1900000000]], "evm_setAutomine": [[True], [False]],
        "evm_setIntervalMining": [[0], [3]], "evm_setBlockGasLimit": [["0x1c9c380"]], "evm_setAccountBalance": [[who, "0x1"]],
        "evm_setAccountCode": [[who, "0x00"]], "evm_setAccountNonce": [[who, "0x5"]], "evm_setAccountStorageAt": [slot],
        "anvil_addBalance": [[who, "0x1"]], "anvil_dropAllTransactions": [[]], "anvil_increaseTime": [[60]], "anvil_removePoolTransactions": [[who]],
        "anvil_removeBlockTimestampInterval": [[]], "anvil_setBlockTimestampInterval": [[5]], "anvil_rollback": [[1], []], "anvil_revert": [["0x1"]],
        "anvil_setAutomine": [[True], [False]], "anvil_setBlockGasLimit": [["0x1c9c380"]], "anvil_setChainId": [[31337]], "anvil_setTime": [[1900000000]],
        "anvil_setIntervalMining": [[0]], "anvil_setNextBlockTimestamp": [[1900000000]], "anvil_snapshot": [[]], "anvil_nodeInfo": [[]],
    }
    both = {
        "mine": [["0x2"], ["0x2", "0x3"]], "setBalance": [[who, "0xde0b6b3a7640000"]], "setCode": [[who, "0x00"]], "setNonce": [[who, "0x5"]],
        "setStorageAt": [slot], "impersonateAccount": [[who]], "stopImpersonatingAccount": [[who]], "autoImpersonateAccount": [[True], [False]],
        "setCoinbase": [[who]], "reset": [[]], "metadata": [[]], "getAutomine": [[]], "dropTransaction": [[hashes]], "setLoggingEnabled": [[True]],
        "setMinGasPrice": [["0x1"]], "setNextBlockBaseFeePerGas": [["0x1"]], "setPrevRandao": [[openrpc.ZERO]],
    }
    return calls | {f"{family}_{name}": samples for name, samples in both.items() for family in ("anvil", "hardhat")}


class Wrong(Exception):
    """An answer that must not be."""


def form(answer, lost=()):
    """One answer's form; what is wrong is raised. `lost` are ids of subscriptions in a batch over HTTP, for which jsonrpsee has no words."""
    if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0" or "id" not in answer:
        raise Wrong(f"no JSON-RPC answer: {json.dumps(answer)[:200]}")
    if ("result" in answer) == ("error" in answer):
        raise Wrong("not exactly one of result and error")
    if "error" in answer:
        error = answer["error"]
        if not isinstance(error, dict) or type(error.get("code")) is not int or not isinstance(error.get("message"), str) or not error["message"]:
            raise Wrong(f"the error is {json.dumps(error)[:200]}")
        if error["code"] == -32603 and answer["id"] not in lost or "panic" in error["message"].lower():
            raise Wrong(f"an internal error: {json.dumps(error)[:200]}")


def strictly_parsed(text):
    """The JSON, or None where a strict reader may refuse it."""
    # Python's own reader would run out of stack.
    if "[" * 200 in text or '{"a":' * 200 in text:
        return None, False
    try:
        return json.loads(text), True
    except ValueError:
        return None, False


def judge(text, answered):
    """Holds a whole answer against what was sent."""
    sent, is_json = strictly_parsed(text)
    single = isinstance(sent, dict)
    if answered is None:
        if expects(text):
            raise Wrong("nothing was answered")
        return
    answers = answered if isinstance(answered, list) else [answered]
    subscriptions = ("eth_subscribe", "eth_unsubscribe")
    batch = [one for one in sent if isinstance(one, dict)] if isinstance(sent, list) else []
    lost = [one.get("id") for one in batch if one.get("method") in subscriptions and type(one.get("id")) in (int, str, type(None))]
    for answer in answers:
        form(answer, lost)
    if single and isinstance(answered, list):
        raise Wrong("a single call was answered by a batch")
    ids = [answer["id"] for answer in answers]
    known = [None] + [one.get("id") for one in (sent if isinstance(sent, list) else [sent]) if isinstance(one, dict)]
    if is_json and not all(any(type(one) is type(other) and one == other for other in known) for one in ids):
        raise Wrong(f"the ids {ids[:5]} are not those sent")
    if len(text) >= LARGE or not is_json or depth(text) >= 100 or not sent:
        return
    if single and is_call(sent) and is_plain(text) and ids != [sent["id"]]:
        raise Wrong(f"the id is {ids}, sent was {sent['id']!r}")
    if isinstance(sent, list) and all(map(is_call, sent)) and "\\ud" not in text and ids != [one["id"] for one in sent]:
        raise Wrong(f"the batch's ids are {ids[:9]}, sent were {[one['id'] for one in sent][:9]}")


def is_call(one):
    """Whether everybody takes that as a call that wants an answer."""
    return isinstance(one, dict) and is_id(one.get("id")) and isinstance(one.get("method"), str) and one.get("jsonrpc") == "2.0" \
        and isinstance(one.get("params", []), (list, dict))


def is_plain(text):
    """Text as json.dumps makes it: no member twice, no surrogates alone."""
    return "\\ud" not in text and json.dumps(json.loads(text)) == text and text.count('"id":') == 1


def depth(text):
    """How deep brackets lie in each other, those in strings among them."""
    return max(accumulate((letter in "[{") - (letter in "]}") for letter in text), default=0)


class Fuzzer:
    def __init__(self, server, seed, word):
        self.server, self.seed = server, seed
        self.net = openrpc.Asked(server.rpc_url)
        self.calls = calls_of(self.net)
        served = {name for name in self.calls if self.net.ask(name).get("error", {}).get("code") != -32601}
        self.unserved = sorted(set(self.calls) - served - {"eth_subscribe", "eth_unsubscribe"})
        self.calls = {name: params for name, params in self.calls.items() if name not in self.unserved and (not word or word in name)}
        self.socket = self.http = None
        self.fresh = True
        self.found, self.kinds, self.slowest = [], set(), (0, "")
        self.counts = {"results": 0, "errors": 0, "notices": 0, "refused sockets": 0}
        self.memory = server.memory()

    def by_http(self, text):
        try:
            return self.posted(text)
        except Wrong:
            if self.http is not None or self.fresh:
                raise
            # A server may close a connection that waited; on a new one it must answer.
            return self.posted(text)

    def posted(self, text):
        self.fresh = self.http is None
        if self.http is None:
            self.http = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=SLOW * 1.5)
        path = self.server.rpc_url.removeprefix(self.server.url) or "/"
        try:
            self.http.request("POST", path, text.encode("utf-8", "surrogatepass"), {"Content-Type": "application/json"})
            answer = self.http.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.http.close()
            self.http = None
            if len(text) >= LARGE and isinstance(error, ConnectionError):
                return {"jsonrpc": "2.0", "id": None, "error": {"code": 0, "message": "closed while it was sent"}}
            raise Wrong(f"no answer by HTTP: {error!r}") from error
        if answer.status >= 500:
            raise Wrong(f"status {answer.status}: {body[:200]!r}")
        if answer.status != 200 and answer.status not in (204, 400, 413):
            raise Wrong(f"status {answer.status}: {body[:200]!r}")
        return json.loads(body) if body else None

    def by_socket(self, text):
        """What is answered to this message; a marked call behind it shows when nothing is."""
        if self.socket is None:
            self.socket = connect(self.server.rpc_url.replace("http", "ws", 1), max_size=None, open_timeout=SLOW).__enter__()
        answered = None
        try:
            self.socket.send(text)
            self.socket.send('{"jsonrpc":"2.0","id":"mark","method":"eth_chainId","params":[]}')
            end = time.monotonic() + SLOW * 1.5
            marked, grace = False, end
            # The node may answer both at once, in either order.
            while not (marked and (answered is not None or time.monotonic() > grace)):
                limit = (grace if marked else end) - time.monotonic()
                item = json.loads(self.socket.recv(timeout=max(limit, 0.001)))
                if isinstance(item, dict) and item.get("id") == "mark":
                    marked, grace = True, time.monotonic() + (0.05 if not expects(text) else SLOW * 1.5)
                elif isinstance(item, dict) and "method" not in item and subscribes_in_batch(text, item["id"]):
                    form(item)  # jsonrpsee answers it at once, and in the batch again
                elif not (isinstance(item, dict) and "method" in item):
                    answered = item
        except TimeoutError:
            if not marked:
                raise Wrong("no answer by WebSocket") from None
        except ConnectionClosed as closed:
            self.socket = None
            self.counts["refused sockets"] += 1
            if len(text) < LARGE and strictly_parsed(text)[1]:
                raise Wrong(f"the WebSocket was closed: {closed}") from None
        if answered is None and self.socket:
            # What comes later must not be taken for the next one's answer.
            self.leave_socket()
        return answered

    def leave_socket(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def case(self, number):
        chance = random.Random(f"{self.seed}:{number}")
        text = bending.message(chance, self.calls, number * 1000)
        by_socket = chance.random() < 0.35
        began = time.monotonic()
        try:
            answered = (self.by_socket if by_socket else self.by_http)(text)
            took = time.monotonic() - began
            self.slowest = max(self.slowest, (took, f"case {number}: {text[:200]}"))
            judge(text, answered)
            if took > SLOW:
                raise Wrong(f"it took {took:.1f} s")
            for answer in answered if isinstance(answered, list) else [answered]:
                self.counts["notices" if answer is None else "errors" if "error" in answer else "results"] += 1
        except (Wrong, ValueError) as wrong:
            if by_socket:
                self.leave_socket()
            self.tell(number, by_socket, text, wrong)

    def tell(self, number, by_socket, text, wrong):
        parsed = strictly_parsed(text)[0]
        method = parsed.get("method") if isinstance(parsed, dict) else "no single call"
        # Numbers differ; the kind of fault is what counts.
        kind = (str(method)[:40], "".join(letter for letter in str(wrong)[:60] if not letter.isdigit()))
        self.found.append(kind)
        if kind in self.kinds and not os.environ.get("TRACE"):
            return
        self.kinds.add(kind)
        print(f"FAIL case {number} by {'WebSocket' if by_socket else 'HTTP'}: {wrong}\n     sent {text[:600]}", flush=True)

    def look(self, number):
        """Whether the node is well; it mines a block."""
        if self.server.process.poll() is not None:
            raise SystemExit(f"FAIL the node ended with {self.server.process.returncode} about case {number}:\n{self.server.tail(30)}")
        try:
            before = int(self.net.result("eth_blockNumber"), 16)
            self.net.result("evm_mine")
            if int(self.net.result("eth_blockNumber"), 16) <= before:
                raise Wrong("evm_mine mined no block")
            self.net.result("eth_getBlockByNumber", "latest", True)
        except (Wrong, RuntimeError, OSError, ValueError) as error:
            self.tell(number, False, '{"method": "a look"}', error)
        self.memory = max(self.memory, self.server.memory())

    def run(self, minutes):
        end = time.monotonic() + minutes * 60
        number = 0
        while time.monotonic() < end:
            self.case(number)
            number += 1
            if number % LOOK_EVERY == 0:
                self.look(number)
        self.look(number)
        return number


def expects(text):
    """Whether something must be answered. Calls whose id is no id pass as notices."""
    sent, is_json = strictly_parsed(text)
    parts = sent if isinstance(sent, list) else [sent]
    if text.startswith("\ufeff") or isinstance(sent, dict) and not is_plain(text):
        return False
    return not is_json or not parts or any(not isinstance(part, dict) or is_id(part.get("id")) for part in parts)


def subscribes_in_batch(text, identity):
    """Whether it is a subscription among other calls that has this id."""
    sent = strictly_parsed(text)[0]
    return isinstance(sent, list) and any(isinstance(one, dict) and one.get("id") == identity and one.get("method") == "eth_subscribe" for one in sent)


def is_id(identity):
    """Whether everybody takes that as a call's id."""
    return isinstance(identity, str) or type(identity) is int and 0 <= identity < 2**63


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bcoin", nargs="?", help="a built bcoin")
    parser.add_argument("--control", action="store_true", help="ask Anvil instead, to try the fuzzer")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=None, help="any number; without it, the time's")
    parser.add_argument("--case", type=int, help="only this case")
    parser.add_argument("--method", default="", metavar="WORD", help="only methods whose name holds this")
    options = parser.parse_args()
    seed = int(time.time()) if options.seed is None else options.seed
    folder = servers.folder()
    server = servers.Anvil(folder, more=()) if options.control else servers.Bcoin(options.bcoin, folder)
    with server:
        fuzzer = Fuzzer(server, seed, options.method)
        print(f"seed {seed}, {len(fuzzer.calls)} methods" + (f"; not served: {', '.join(fuzzer.unserved)}" if fuzzer.unserved else ""), flush=True)
        if options.case is not None:
            print(bending.message(random.Random(f"{seed}:{options.case}"), fuzzer.calls, options.case * 1000)[:5000])
            fuzzer.case(options.case)
            cases = 1
        else:
            cases = fuzzer.run(options.minutes)
        log = Path(server.log).read_text(errors="replace")
        if "panicked" in log:
            at = log.index("panicked")
            fuzzer.tell(cases, False, '{"method": "the log"}', Wrong(f"the log tells of a panic: {log[max(0, at - 200):at + 400]}"))
        if fuzzer.memory > MOST_MEMORY:
            fuzzer.tell(cases, False, '{"method": "memory"}', Wrong(f"{fuzzer.memory >> 20} MiB resident, at most {MOST_MEMORY >> 20} are allowed"))
    print(f"{cases} messages: {', '.join(f'{count} {name}' for name, count in fuzzer.counts.items())}; memory up to {fuzzer.memory >> 20} MiB; "
          f"slowest {fuzzer.slowest[0]:.2f} s ({fuzzer.slowest[1][:160]})")
    print(f"{cases - len(fuzzer.found)} passed, {len(fuzzer.found)} failed (seed {seed})")
    if fuzzer.found:
        print(f"the node's log: {server.log}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
