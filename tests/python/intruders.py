"""Peers that lie, stall or never end, for B-Coin's nodes to pull from. Used by mixed_network.py and benches/soak.py."""

import hashlib
import itertools
import json
import socket
import threading
from pathlib import Path

import nodes

PROOFS = json.loads((nodes.ROOT / "tests/vectors/classic/proofs.json").read_text())["proofs"]
LOOP_BEGINS = 67
TIMESTAMP = "2026-01-01 00:00:00.000000"


def proofs():
    """The proofs of a chain of any length: the 225 that there are, then the loop from the 68th on."""
    return itertools.chain(PROOFS, itertools.cycle(PROOFS[LOOP_BEGINS:]))


def valid_blocks(transactions="[]"):
    """Canonical texts of a valid chain's blocks, without end. `transactions` stands in all but the first."""
    previous, held = "0", "[]"
    for index, proof in enumerate(proofs(), 1):
        text = (
            f'{{"index": {index}, "previous_hash": "{previous}", "proof": {proof}, '
            f'"timestamp": "{TIMESTAMP}", "transactions": {held}}}'
        )
        yield text
        previous, held = hashlib.sha256(text.encode()).hexdigest(), transactions


def lying_chain(length):
    """A get_chain body that claims `length` and is no chain at all: its one block links to nothing."""
    block = {"index": 1, "timestamp": TIMESTAMP, "proof": 1, "previous_hash": "1", "transactions": []}
    yield json.dumps({"chain": [block], "length": length}).encode()


def endless_blocks():
    yield b'{"chain":['
    for number, text in enumerate(valid_blocks()):
        yield (b"," if number else b"") + text.encode()


def endless(first, again):
    yield first
    while True:
        yield again


BLOCK = b'{"chain":[{"index":1,"previous_hash":"0","proof":1,"timestamp":"'
ENDLESS = {
    "valid blocks": endless_blocks,
    "a string": lambda: endless(BLOCK, b"x" * 65536),
    "escapes in a string": lambda: endless(BLOCK, b"\\ud83d\\ude00" * 8192),
    "a name": lambda: endless(b'{"chain":[{"', b"x" * 65536),
    "digits": lambda: endless(b'{"chain":[{"index":1', b"1" * 65536),
    "nesting": lambda: endless(b'{"chain":', b"[" * 65536),
    "white space": lambda: endless(b'{"chain":[', b" \t\r\n" * 16384),
    "members of a block": lambda: endless(b'{"chain":[{"a":0', b',"a":0' * 8192),
    "members beside the chain": lambda: endless(b'{"a":0', b',"a":0' * 8192),
    "a number beside the chain": lambda: endless(b'{"length":1', b"1" * 65536),
}


class ListeningPeer:
    """Answers each request on a loopback port with the pieces that `body` yields, until the other side hangs up.

    body: the pieces, or a function that begins them anew for every request.
    """

    kind = "intruder"

    def __init__(self, body, head=None):
        pieces = body if callable(body) else list(body)
        self.pieces = pieces if callable(body) else lambda: iter(pieces)
        self.head = head or b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
        self.sent = 0
        self.listener = socket.create_server((nodes.LOOPBACK, 0))
        self.port = self.listener.getsockname()[1]
        self.address = f"{nodes.LOOPBACK}:{self.port}"
        self.url = f"http://{self.address}"

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        # shutdown wakes the accept, close alone does not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        with connection:
            try:
                request = b""
                while b"\r\n\r\n" not in request:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    request += piece
                connection.sendall(self.head)
                for piece in self.pieces():
                    connection.sendall(piece)
                    self.sent += len(piece)
            except OSError:
                return
