#!/usr/bin/env python3
"""B-Coin nodes and Python nodes of the book in one network: neither side may notice the other.

Random rounds of add, mine and replace in all directions, with awkward JSON. After every replace, and at the end:
equal chains as JSON, and every block's hash on B-Coin equal to hashlib over Python's own `json.dumps`. B-Coin answers
no 5xx, ever. A Python node answers 500 only where its fault says so.

    mixed_network.py [--bcoin target/release/bcoin] [--rounds 200] [--seed 1]
"""

import argparse
import collections
import hashlib
import json
import random
import tempfile
import time

import awkward
import nodes
from intruders import ListeningPeer, lying_chain

REQUEST_LIMIT = 12_000
REQUEST_DEPTH = 50
PYTHON_DEPTH = 700
REPLACED = "Because the nodes are different, the longest chain is used to replace the chain.."
KEPT = "Everything seems to be fine. It is the most extensive chain."
FINE = "Everything is fine. The Blockchain is correct."


def canonical(value):
    return json.dumps(value, sort_keys=True)


def block_hash(block):
    return hashlib.sha256(canonical(block).encode()).hexdigest()


class Network:
    def __init__(self, options, folder):
        self.chance = random.Random(options.seed)
        self.bcoin = [nodes.BcoinNode(options.bcoin, folder, miner=f"Rust {n}") for n in range(options.bcoin_nodes)]
        self.python = [nodes.BookNode(folder, miner=f"Python {n}") for n in range(options.python_nodes)]
        self.all = self.bcoin + self.python
        self.counts = collections.Counter()
        # What each B-Coin node acknowledged and may therefore not lose: canonical transaction -> how often.
        self.journal = {node: collections.Counter() for node in self.bcoin}

    def start(self):
        for node in self.all:
            node.spawn()
        for node in self.all:
            node.wait_ready("/get_chain", 60)
        for node in self.all:
            expect(node.connect(self.all), 201, node, "connect_node")

    def stop(self):
        for node in self.all:
            node.stop()

    def chain(self, node):
        body = expect(node.get("/get_chain"), 200, node, "get_chain").json()
        if body["length"] != len(body["chain"]):
            raise AssertionError(f"{node} says length {body['length']} and shows {len(body['chain'])} blocks")
        return body["chain"]

    # --- the rounds

    def round(self):
        node = self.chance.choice(self.all)
        pick = self.chance.random()
        if pick < 0.50:
            self.add(node)
        elif pick < 0.78:
            self.mine(node)
        else:
            self.replace(node)

    def add(self, node):
        ours = isinstance(node, nodes.BcoinNode)
        text = self.transaction(ours)
        reply = node.post("/add_transaction", text)
        expect(reply, 201, node, f"add_transaction {text[:2000]}")
        self.counts[f"{node.kind} add"] += 1
        if ours:
            members = json.loads(text)
            self.journal[node][canonical({name: members[name] for name in ("sender", "receiver", "amount")})] += 1
            if self.chance.random() < 0.3:
                self.add_refused(node)

    def transaction(self, for_bcoin):
        while True:
            if for_bcoin:
                writer = awkward.Writer(self.chance, beyond=False, deepest=REQUEST_DEPTH)
            else:
                writer = awkward.Writer(self.chance, deepest=PYTHON_DEPTH)
            members = [f'"{name}":{writer.text()}' for name in ("sender", "receiver", "amount")]
            for _ in range(self.chance.choice((0, 0, 1, 3))):
                members.insert(0, f'{writer.name()}:{writer.text()}')
            if self.chance.random() < 0.1:
                members.insert(0, '"sender":"only the last of a repeated name stands"')
            text = "{" + ",".join(members) + "}"
            # Rounding up the largest double makes infinity, which B-Coin rightly refuses.
            refused = for_bcoin and "Infinity" in canonical(json.loads(text))
            if len(text.encode()) < REQUEST_LIMIT and not refused:
                return text

    def add_refused(self, node):
        """What a Python node would take and B-Coin refuses, with a 4xx and nothing kept."""
        member = self.chance.choice(("NaN", "Infinity", "-Infinity", "1e400", '"\\ud800"', '{"\\udfff":1}', "[" * 70 + "]" * 70))
        reply = node.post("/add_transaction", f'{{"sender":"a","receiver":"b","amount":{member}}}')
        expect(reply, 400, node, f"add_transaction with {member}")
        reply = node.post("/add_transaction", '{"sender":"a","receiver":"b"}')
        expect(reply, 400, node, "add_transaction without amount")
        self.counts["bcoin refused"] += 2

    def mine(self, node):
        before = self.chain(node)
        body = expect(node.get("/mine_block"), 200, node, "mine_block").json()
        if body["message"] != "Congrats, you just mined a block!":
            raise AssertionError(f"{node} mined with the message {body['message']!r}")
        after = self.chain(node)
        block = {name: body[name] for name in ("index", "timestamp", "proof", "previous_hash", "transactions")}
        if canonical(after) != canonical(before + [block]):
            raise AssertionError(f"{node} did not put the block it answered after its chain")
        if block["previous_hash"] != block_hash(before[-1]):
            raise AssertionError(f"{node} mined a block whose previous_hash is not its parent's hash")
        self.counts[f"{node.kind} mine"] += 1

    def replace(self, node):
        before = {other: self.chain(other) for other in self.all}
        longest = max(len(before[other]) for other in self.all if other is not node)
        body = expect(node.get("/replace_chain"), 200, node, "replace_chain").json()
        after = self.chain(node)
        longer = longest > len(before[node])
        if body["message"] != (REPLACED if longer else KEPT):
            raise AssertionError(f"{node} says {body['message']!r} with {len(before[node])} blocks, the longest has {longest}")
        if canonical(body["new_chain"]) != canonical(after):
            raise AssertionError(f"{node}: new_chain is not the chain it has then")
        if longer:
            sources = [other for other in self.all if other is not node and len(before[other]) == longest]
            same = [other for other in sources if canonical(before[other]) == canonical(after)]
            if not same:
                raise AssertionError(f"{node} took a chain that none of its longest peers has")
            self.counts[f"{same[0].kind} to {node.kind}"] += 1
        elif canonical(after) != canonical(before[node]):
            raise AssertionError(f"{node} changed its chain for none that is longer")
        self.counts[f"{node.kind} replace"] += 1
        self.compare_hashes(node, after)

    # --- what must hold

    def compare_hashes(self, node, chain):
        """Links by Python's hash on every node; on B-Coin, its own hashes and texts against Python's."""
        for parent, block in zip(chain, chain[1:]):
            if block["previous_hash"] != block_hash(parent):
                raise AssertionError(f"{node}: block {block['index']} does not name its parent's hash")
        if not isinstance(node, nodes.BcoinNode):
            return
        height = 1
        while height <= len(chain):
            shown = expect(node.get(f"/v1/blocks?from={height}&limit=1000"), 200, node, "/v1/blocks").json()["blocks"]
            if not shown:
                raise AssertionError(f"{node} shows no blocks from {height}, of {len(chain)}")
            for entry in shown:
                block = chain[entry["height"] - 1]
                if entry["height"] != height or entry["hash"] != block_hash(block) or canonical(entry["block"]) != canonical(block):
                    raise AssertionError(f"{node}: /v1/blocks has another block {height} than /get_chain: {entry}")
                height += 1
        some = self.chance.randint(1, len(chain))
        text = expect(node.get(f"/v1/blocks/{some}/text"), 200, node, "block text").body
        if text.decode() != canonical(chain[some - 1]):
            raise AssertionError(f"{node}: the text of block {some} is not what Python prints: {text!r}")
        self.counts["hashes compared"] += len(chain)

    def compare_all(self):
        chains = {node: self.chain(node) for node in self.all}
        first = canonical(chains[self.all[0]])
        for node, chain in chains.items():
            if canonical(chain) != first:
                raise AssertionError(f"{node} has another chain than {self.all[0]}")
            self.compare_hashes(node, chain)
            message = expect(node.get("/is_valid"), 200, node, "is_valid").json()["message"]
            if message != FINE:
                raise AssertionError(f"{node} finds its chain wrong: {message!r}")
        return len(chains[self.all[0]])

    def compare_journals(self):
        """Nothing that a B-Coin node acknowledged is lost: in its chain, or waiting."""
        for node in self.bcoin:
            held = collections.Counter(canonical(t) for block in self.chain(node) for t in block["transactions"])
            after = ""
            while after is not None:
                page = expect(node.get(f"/v1/transactions/waiting?limit=1000&after={after}"), 200, node, "waiting").json()
                held.update(canonical(entry["transaction"]) for entry in page["transactions"])
                after = page["next"]
            for transaction, times in self.journal[node].items():
                if held[transaction] < times:
                    raise AssertionError(f"{node} acknowledged {times} of {transaction[:500]} and holds {held[transaction]}")
            self.counts["transactions found again"] += sum(self.journal[node].values())

    def converge(self):
        """One node mines ahead of all others, and everybody takes its chain."""
        ahead = self.chance.choice(self.all)
        longest = max(len(self.chain(node)) for node in self.all)
        while len(self.chain(ahead)) <= longest:
            self.mine(ahead)
        for node in self.all:
            if node is not ahead:
                self.replace(node)
        return ahead

    def meet_trouble(self):
        """A liar and a dead peer: the Python nodes fall for the one and break at the other, B-Coin does neither."""
        kept = {node: canonical(self.chain(node)) for node in self.bcoin}
        with ListeningPeer(lying_chain(len(self.chain(self.all[0])) + 50)) as liar:
            for node in self.all:
                expect(node.connect([liar]), 201, node, "connect_node")
            for node in self.bcoin:
                body = expect(node.get("/replace_chain"), 200, node, "replace_chain").json()
                outcomes = {peer["address"]: peer["outcome"] for peer in body["peers"]}
                if body["message"] != KEPT or outcomes[liar.address] != "invalid":
                    raise AssertionError(f"{node} met a liar and answered {body['message']!r}, {outcomes}")
            for node in self.python:
                body = expect(node.get("/replace_chain"), 200, node, "replace_chain").json()
                if body["message"] != REPLACED:
                    raise AssertionError(f"{node} is not of the book's shape: it did not believe a liar")
        for node in self.bcoin:
            body = expect(node.get("/replace_chain"), 200, node, "replace_chain").json()
            outcomes = {peer["address"]: peer["outcome"] for peer in body["peers"]}
            if outcomes[liar.address] != "unreachable" or canonical(self.chain(node)) != kept[node]:
                raise AssertionError(f"{node} has a dead peer and answered {outcomes}")
        for node in self.python:
            expect(node.get("/replace_chain"), 500, node, "replace_chain with a dead peer")


def expect(reply, status, node, what):
    if isinstance(node, nodes.BcoinNode) and reply.status >= 500:
        raise AssertionError(f"B-Coin never answers 5xx: {node}, {what}: {reply}")
    if reply.status != status:
        raise AssertionError(f"{node}, {what}: {status} expected, got {reply}")
    return reply


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bcoin", default=nodes.release("bcoin"), help="the program under test")
    parser.add_argument("--bcoin-nodes", type=int, default=2)
    parser.add_argument("--python-nodes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bcoin-mixed-") as folder:
        network = Network(options, folder)
        try:
            network.start()
            for number in range(1, options.rounds + 1):
                try:
                    network.round()
                except AssertionError as error:
                    raise SystemExit(f"seed {options.seed}, round {number}: {error}")
            network.converge()
            length = network.compare_all()
            network.compare_journals()
            network.meet_trouble()
        finally:
            network.stop()
    for what, count in sorted(network.counts.items()):
        print(f"  {what:28} {count:6,}")
    print(
        f"mixed network: {options.rounds} rounds, {length} blocks equal on {len(network.all)} nodes, "
        f"no 5xx from B-Coin (seed {options.seed}, {time.monotonic() - began:.0f} s)"
    )


if __name__ == "__main__":
    main()
