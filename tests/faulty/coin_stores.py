"""Damaged folders of a coin node: the same as of a classic one, with transactions that eth-account signed (`signed.json`)."""

import itertools
import json
import signal
from pathlib import Path

import stores

from node import Node

BLOCKS = 40
MINER = "0x" + "00" * 18 + "beef"
SIGNED = json.loads((Path(__file__).parent / "signed.json").read_text())
HASHES = [each["hash"] for each in SIGNED["mined"] + SIGNED["waiting"]]
ACCOUNTS = [MINER, SIGNED["counter"], "0x" + f"{0x2002:040x}", "0x" + f"{0x2005:040x}"]
ACCOUNTS += sorted({each["sender"] for each in SIGNED["mined"] + SIGNED["waiting"]})
# What a node says of itself among others, such as its key, is each folder's own.
COINS = ("--network", "dev", "--sync", "manual", "--miner", MINER)


def posted(node, path, body, *statuses):
    status, answer = node.ask("POST", path, body)
    assert status in statuses, (path, body, status, answer)
    return json.loads(answer)


class Coin:
    """A store on coins, as `stores.damaged` damages it."""

    name = "coin store"
    arguments = COINS
    blocks = BLOCKS + 1

    def __init__(self, scratch):
        # A block of another node, which stays beside the chain.
        with Node(scratch / "beside", *COINS[:-1], "0x" + "00" * 18 + "5eed") as other:
            assert other.starts(), other.said()
            self.beside = posted(other, "/mine_block", {}, 200)["hash"]
            self.beside_raw = other.ask("GET", "/v1/blocks/1/raw")[1]
        names = [0, 1, BLOCKS // 2, BLOCKS, BLOCKS + 1, "tip", self.beside]
        self.paths = ["/get_chain", "/v1/mempool?limit=1000", "/v1/supply", "/v1/peers", "/v1/blocks?order=desc&limit=1000", "/v1/difficulty"]
        self.paths += [f"/v1/blocks/{name}" for name in names]
        self.paths += [f"/v1/accounts/{account}{more}" for account in ACCOUNTS for more in ("", "/history")]
        self.paths += [f"/v1/proofs/accounts/{SIGNED['counter']}?slot=0x0", *(f"/v1/transactions/{hash_}" for hash_ in HASHES)]

    def made(self, folder, ended_by):
        """A store with blocks, one of them beside the chain, a contract, transactions that wait, one of them behind a gap, and a peer; what the node answers about it."""
        with Node(folder, *COINS) as node:
            assert node.starts(), node.said()
            posted(node, "/connect_node", {"nodes": ["127.0.0.1:9"]}, 201)
            mined = iter(SIGNED["mined"])
            for number in range(BLOCKS):
                for each in itertools.islice(mined, number % 3):
                    posted(node, "/add_transaction", {"raw": each["raw"]}, 201)
                posted(node, "/mine_block", {}, 200)
            for each in SIGNED["waiting"]:
                posted(node, "/add_transaction", {"raw": each["raw"]}, 201)
            posted(node, "/v1/mining/blocks", {"block": "0x" + self.beside_raw.hex()}, 200)
            truth = stores.answers(node, self.paths)
            self.is_filled(truth)
            node.ends(ended_by)
        return truth

    def is_filled(self, truth):
        read = {path: json.loads(body) for path, body in truth.items() if body and not isinstance(body, int)}
        assert read["/get_chain"]["length"] == self.blocks, "the store was not filled"
        assert read[f"/v1/blocks/{self.beside}"]["on_chain"] is False
        states = [read[f"/v1/transactions/{hash_}"]["state"] for hash_ in HASHES]
        assert states == ["mined"] * len(SIGNED["mined"]) + ["waiting"] * len(SIGNED["waiting"]), states
        assert read["/v1/mempool?limit=1000"]["waiting"][-1]["in_front"] is None
        missing = [path for path in self.paths if path not in read]
        assert missing == [f"/v1/blocks/{self.blocks}"], missing

    def write(self, node):
        """What a transaction and a block are answered with."""
        return node.ask("POST", "/add_transaction", {"raw": SIGNED["later"]["raw"]})[0], node.ask("POST", "/mine_block", {})[0]

    def is_wrong_after_writing(self, node, statuses):
        """What was acknowledged is there, and what stood in the new block followed from the state that was there."""
        status, body = node.ask("GET", f"/v1/transactions/{SIGNED['later']['hash']}")
        if statuses[0] in (200, 201) and (status == 404 or status == 200 and json.loads(body)["state"] != "waiting"):
            return f"the transaction that it acknowledged: {status} {body[:200]}"
        if statuses[1] == 200:
            tip = json.loads(node.ask("GET", "/v1/blocks/tip")[1])
            held = {entry["hash"] for entry in tip.get("block", {}).get("transactions", [])}
            # Those two had nothing in front of them.
            if "block" in tip and held != {each["hash"] for each in SIGNED["waiting"][:2]}:
                return f"it mined a block of {held}"
        return None


def play(score, scratch, seed, flips, cuts):
    scratch = Path(scratch) / "coin"
    scratch.mkdir()
    coin = Coin(scratch)
    for number, ended_by in enumerate((signal.SIGTERM, signal.SIGKILL)):
        stores.damaged(score, scratch, coin, ended_by, 2 * seed + number, flips // 2, cuts // 2)
