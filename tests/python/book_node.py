#!/usr/bin/env python3
"""A Python node of the book's shape, faults and all.

It stands in for the nodes that learners run: the same six calls, the same messages, the same mistakes.
Nothing here is to be mended; what is wrong is marked `fault:` and the drivers count on it.

    book_node.py --port 1001 --miner Bharathi
"""

import argparse
import hashlib
import json
from datetime import datetime
from urllib.parse import urlparse
from uuid import uuid4

import requests
from flask import Flask, jsonify, request

MEMBERS = ("sender", "receiver", "amount")


def follows(proof, previous):
    """Whether `proof` may come after `previous`; nothing else about a block is asked."""
    distance = str(proof**2 - previous**2)
    return hashlib.sha256(distance.encode()).hexdigest().startswith("0000")


def block_hash(block):
    return hashlib.sha256(json.dumps(block, sort_keys=True).encode()).hexdigest()


class Ledger:
    """Chain, waiting transactions and peers, in memory alone.

    fault: no lock. Requests run on threads, so two at once can lose transactions or fork the chain.
    """

    def __init__(self):
        self.chain = []
        self.waiting = []
        self.peers = set()
        self.append(1, "0")

    def append(self, proof, previous_hash):
        block = {
            "index": len(self.chain) + 1,
            "timestamp": str(datetime.now()),
            "proof": proof,
            "previous_hash": previous_hash,
            "transactions": self.waiting,
        }
        self.waiting = []
        self.chain.append(block)
        return block

    def search(self, previous):
        proof = 1
        while not follows(proof, previous):
            proof += 1
        return proof

    def sound(self):
        """fault: looks at links and proofs only, never at `index`, nor at what type a proof has."""
        for parent, block in zip(self.chain, self.chain[1:]):
            if block["previous_hash"] != block_hash(parent):
                return False
            if not follows(block["proof"], parent["proof"]):
                return False
        return True

    def take_longest(self):
        """fault: a dead peer raises, `length` is believed, and it is the own chain that gets checked."""
        longest, found = len(self.chain), None
        for peer in self.peers:
            answer = requests.get(f"http://{peer}/get_chain")
            if answer.status_code == 200:
                body = answer.json()
                if body["length"] > longest and self.sound():
                    longest, found = body["length"], body["chain"]
        if found is None:
            return False
        # fault: what the displaced blocks held is gone.
        self.chain = found
        return True


app = Flask(__name__)
ledger = Ledger()
node_id = uuid4().hex
miner = "Meghna"


@app.route("/get_chain", methods=["GET"])
def get_chain():
    return jsonify({"chain": ledger.chain, "length": len(ledger.chain)}), 200


@app.route("/mine_block", methods=["GET"])
def mine_block():
    parent = ledger.chain[-1]
    proof = ledger.search(parent["proof"])
    ledger.waiting.append({"sender": node_id, "receiver": miner, "amount": 1})
    block = ledger.append(proof, block_hash(parent))
    return jsonify({"message": "Congrats, you just mined a block!", **block}), 200


@app.route("/is_valid", methods=["GET"])
def is_valid():
    if ledger.sound():
        message = "Everything is fine. The Blockchain is correct."
    else:
        message = "Weve got an issue. The Blockchain isnt trustworthy.."
    return jsonify({"message": message}), 200


@app.route("/add_transaction", methods=["POST"])
def add_transaction():
    # fault: without `Content-Type: application/json` this line answers 415.
    body = request.get_json()
    if not all(member in body for member in MEMBERS):
        return "Some transactional components are missing.", 400
    ledger.waiting.append({member: body[member] for member in MEMBERS})
    following = len(ledger.chain) + 1
    return jsonify({"message": f"This transaction will be added to the Block {following}"}), 201


@app.route("/connect_node", methods=["POST"])
def connect_node():
    nodes = request.get_json().get("nodes")
    if nodes is None:
        return "No node", 400
    for address in nodes:
        # fault: an address without a scheme has an empty netloc, which breaks every later replace_chain.
        ledger.peers.add(urlparse(address).netloc)
    message = (
        "All of the nodes are now linked together. "
        "The node has now been added to the Bcoin blockchain."
    )
    return jsonify({"message": message, "total_nodes": list(ledger.peers)}), 201


@app.route("/replace_chain", methods=["GET"])
def replace_chain():
    if ledger.take_longest():
        message = "Because the nodes are different, the longest chain is used to replace the chain.."
    else:
        message = "Everything seems to be fine. It is the most extensive chain."
    return jsonify({"message": message, "new_chain": ledger.chain}), 200


def main():
    global miner
    parser = argparse.ArgumentParser(description="A Python node of the book's shape.")
    parser.add_argument("--port", type=int, default=1001)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--miner", default=miner, help="who receives the reward")
    options = parser.parse_args()
    miner = options.miner
    app.run(host=options.host, port=options.port)


if __name__ == "__main__":
    main()
