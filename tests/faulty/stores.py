"""Damaged, foreign, crowded and full data folders: a clear refusal or right answers, never a wrong one or a panic."""

import collections
import http.client
import json
import os
import random
import shutil
import signal
import stat
import subprocess
import threading
import time
from pathlib import Path

from node import STORE_REFUSED, Node

BLOCKS = 300
FINE = b"Everything is fine"


class Classic:
    """A store of the book's chain, as `damaged` damages it."""

    name = "store"
    arguments = ()
    blocks = BLOCKS + 1
    paths = ("/get_chain", "/v1/transactions/waiting", "/v1/peers", "/v1/displaced")

    def made(self, folder, ended_by):
        """A store with blocks, waiting transactions and a peer; what the node answers about it.

        Ended by SIGKILL the store is one that the next start has to recover.
        """
        with Node(folder) as node:
            assert node.starts(), node.said()
            node.ask("POST", "/connect_node", {"nodes": ["127.0.0.1:9"]})
            for number in range(40):
                node.ask("POST", "/add_transaction", {"sender": "s", "receiver": "r", "amount": number})
                if number == 30:
                    host = b"Host: localhost\r\n"
                    more = b"POST /mine_block HTTP/1.1\r\n" + host + b"Content-Length: 0\r\n"
                    node.raw((more + b"\r\n") * (BLOCKS - 1) + more + b"Connection: close\r\n\r\n", seconds=30)
            truth = answers(node, self.paths)
            assert json.loads(truth["/get_chain"])["length"] == self.blocks, "the store was not filled"
            node.ends(ended_by)
        return truth

    def write(self, node):
        """What a transaction and a block are answered with."""
        transaction = {"sender": "x", "receiver": "y", "amount": 1}
        return node.ask("POST", "/add_transaction", transaction)[0], node.ask("POST", "/mine_block")[0]

    def is_wrong_after_writing(self, node, statuses):
        return None


def answers(node, paths):
    """The answers that hold all stored state: bytes, or the status by which the node says that there is nothing; None where it says that it cannot, or breaks off."""
    got = {}
    for path in paths:
        try:
            status, body = node.ask("GET", path)
            got[path] = body if status == 200 else status if status < 500 else None
        except (OSError, http.client.HTTPException):
            got[path] = None
    return got


def judged(node, subject, truth):
    """What became of a damaged store; the second part is why that is wrong, or None."""
    if not node.starts():
        code, said = node.process.returncode, node.said()
        if "panicked" in said:
            return "refused", f"it panicked: {said[-600:]}"
        if code != STORE_REFUSED or "chain.redb" not in said:
            return "refused", f"exit code {code}, {said[-600:]}"
        return "refused", None
    got = answers(node, subject.paths)
    wrong = [path for path, body in got.items() if body not in (None, truth[path])]
    failing = [path for path, body in got.items() if body is None]
    fault = None
    try:
        status, body = node.ask("GET", "/v1/audit")
        audit = json.loads(body)
        fault = status != 200 or not audit["sound"]
        if status == 200 and fault and "chain.redb" not in audit["fault"]["file"]:
            return "found", f"the audit names no file: {audit}"
        sound = FINE in node.ask("GET", "/is_valid")[1]
    except (OSError, http.client.HTTPException) as why:
        return "found", f"the node does not answer any more: {why!r} {node.said()[-300:]}"
    broken = writing(node, subject, got["/get_chain"])
    if "panicked" in node.said():
        return "found", f"it panicked: {node.said()[-600:]}"
    if broken:
        return "found", broken
    if wrong:
        where = f"wrong answers at {wrong}, audit sound {not fault}, is_valid fine {sound}"
        lengths = [len(json.loads(got["/get_chain"] or b'{"chain":[]}')["chain"]), subject.blocks]
        return "wrong", f"{where}, blocks {lengths}"
    if failing and not fault:
        return "found", f"{failing} fail, and the audit finds nothing"
    return ("found" if fault else "harmless"), None


def writing(node, subject, before):
    """What is wrong with writing to a damaged store, or None: it works, or fails with an error, and reading goes on."""
    try:
        statuses = subject.write(node)
        if not set(statuses) <= {200, 201, 500, 503, 507}:
            return f"writing answers {statuses}"
        status, after = node.ask("GET", "/get_chain")
        wrong = subject.is_wrong_after_writing(node, statuses)
        if wrong:
            return wrong
    except TimeoutError as why:
        return f"writing hangs: {why!r} {node.said()[-300:]}"
    except (OSError, http.client.HTTPException) as why:
        # A node may end itself rather than go on with a store that fails; then it says why.
        code = node.ends(within=5)
        if code is None:
            return None if before is None else f"reading ends: {why!r}"
        return None if code != 0 and "chain.redb" in node.said() else f"it ends with {code}: {node.said()[-300:]}"
    if before is not None and status == 200:
        try:
            chain, expected = json.loads(after)["chain"], json.loads(before)["chain"]
        except ValueError:
            return f"a chain ends without an error: {before[-60:]} {after[-60:]}"
        if chain[: len(expected)] != expected or len(chain) != len(expected) + (statuses[1] == 200):
            return f"writing answered {statuses} and made a chain of {len(chain)} blocks from one of {len(expected)}"
    return None


def damages(whole, seed, flips, cuts):
    """Single flipped bits, mostly where something is written, and files cut short."""
    draw = random.Random(seed)
    written = [at for at in range(0, len(whole), 64) if any(whole[at : at + 64])]
    for number in range(flips):
        at = draw.randrange(512) if number % 8 == 0 else draw.choice(written) + draw.randrange(64)
        at = min(at, len(whole) - 1)
        bit = 1 << draw.randrange(8)
        yield f"bit {bit:#04x} of byte {at}", whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :]
    for number in range(cuts):
        size = [0, 1, 511, 4096, len(whole) - 1, len(whole) // 2][number] if number < 6 else draw.randrange(len(whole))
        yield f"cut to {size} bytes", whole[:size]


def damaged(score, scratch, subject, ended_by, seed, flips, cuts):
    folder = scratch / f"damaged-{ended_by.name}"
    truth = subject.made(folder, ended_by)
    store = folder / "chain.redb"
    whole = store.read_bytes()
    ends = {}
    for name, content in damages(whole, seed, flips, cuts):
        store.write_bytes(content)
        with Node(folder, *subject.arguments) as node:
            try:
                end, why = judged(node, subject, truth)
            except TimeoutError as error:
                end, why = "hung", str(error)
        ends[end] = ends.get(end, 0) + 1
        if why:
            score.check(f"{subject.name} after {ended_by.name} with {name}", False, f"{end}: {why}")
        else:
            score.passed += 1
    print(f"ok {flips} flipped bits and {cuts} cuts of a {subject.name} of {len(whole)} bytes after {ended_by.name}, seed {seed}: {ends}")
    score.check("damage was found", ends.get("refused", 0) + ends.get("found", 0) >= flips // 10, ends)
    store.write_bytes(whole)
    with Node(folder, *subject.arguments) as node:
        score.check("the undamaged store still serves", node.starts() and answers(node, subject.paths) == truth, node.said())


def foreign(score, scratch):
    """Files that are no store of ours."""
    for name, content in (
        ("an empty file", b""),
        ("text", b"hello\n" * 1000),
        ("zeros", bytes(1 << 20)),
        ("SQLite", b"SQLite format 3\0" + bytes(4080)),
        ("random bytes", random.Random(7).randbytes(1 << 20)),
    ):
        folder = scratch / name.replace(" ", "-")
        folder.mkdir()
        store = folder / "chain.redb"
        store.write_bytes(content)
        with Node(folder) as node:
            started = node.starts()
            said, code = node.said(), node.process.poll()
            # Nothing is lost where nothing was: an empty file may become a store.
            fresh = content == b"" and started
            refused = code == STORE_REFUSED and "chain.redb" in said and store.read_bytes() == content
            good = (fresh or refused) and "panicked" not in said
            score.check(f"{name} in place of the store", good, f"exit code {code}: {said[-300:]}")
    folder = scratch / "directory"
    (folder / "chain.redb").mkdir(parents=True)
    with Node(folder) as node:
        good = not node.starts() and node.process.returncode == STORE_REFUSED and "panicked" not in node.said()
        score.check("a folder in place of the store", good, f"{node.process.poll()}: {node.said()[-300:]}")


def crowded(score, scratch):
    folder = scratch / "crowded"
    with Node(folder) as first:
        first.starts()
        with Node(folder) as second:
            refused = not second.starts() and second.process.returncode == STORE_REFUSED
            said = second.said()
            score.check("a second node on one folder is refused", refused and str(folder) in said, said)
        score.check("the first node goes on", first.ask("POST", "/mine_block")[0] == 200)
        first.ends(9)
    with Node(folder) as third:
        score.check("after kill -9 the folder is free", third.starts(), third.said())


def read_only(score, scratch):
    """As an ordinary user: root may write anywhere."""
    folder = scratch / "read-only"
    made_by = {} if os.geteuid() else {"user": 65534, "group": 65534, "extra_groups": []}
    with Node(folder) as node:
        node.starts()
        node.stop()
    for path in (folder, *folder.iterdir()):
        path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH | (path.is_dir() and 0o555))
    try:
        with Node(folder, **made_by) as node:
            started, said = node.starts(), node.said()
            good = not started and node.process.returncode in (1, STORE_REFUSED) and str(folder) in said
            good = good and "panicked" not in said
            score.check("a read-only folder is refused", good, f"{node.process.poll()} {said}")
    finally:
        folder.chmod(0o755)


def full_disk(score, scratch):
    if os.geteuid() != 0:
        score.skip("a full disk", "mounting a small one needs root")
        return
    disk = scratch / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)], check=True, timeout=10)
    try:
        on_a_small_disk(score, disk)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False, timeout=10)


def on_a_small_disk(score, disk):
    folder = disk / "data"
    text = "x" * 8000
    with Node(folder) as node:
        score.check("full disk: the node starts", node.starts(), node.said())
        node.ask("POST", "/mine_block")
        node.ask("POST", "/connect_node", {"nodes": ["127.0.0.1:9"]})
        room = shutil.disk_usage(disk).free
        (disk / "ballast").write_bytes(bytes(max(room - 64 * 1024, 0)))
        acknowledged, status = [], 201
        for number in range(3000):
            status, answer = node.ask("POST", "/add_transaction", {"sender": number, "receiver": text, "amount": 1})
            if status != 201:
                break
            acknowledged.append(number)
        score.check("full disk: writing answers 507", status == 507 and b"detail" in answer, f"{status} {answer[:300]}")
        statuses = {node.ask("POST", "/mine_block")[0] for _ in range(3)}
        score.check("full disk: so does mining, again and again", statuses <= {507, 503} and 507 in statuses, statuses)
        ready = []
        for _ in range(3):
            ready.append(node.ask("GET", "/readyz")[0])
            # Known already: nothing is written.
            node.ask("POST", "/connect_node", {"nodes": ["127.0.0.1:9"]})
            time.sleep(0.6)
        score.check("full disk: and the node is not ready until something is written", ready == [503] * 3, ready)
        wrong = reading_while_writes_fail(node, acknowledged)
        score.check("full disk: reading goes on and is right while writes fail", not wrong, wrong)
        (disk / "ballast").unlink()
        end = time.monotonic() + 10
        while (status := node.ask("POST", "/add_transaction", {"sender": -1, "receiver": "", "amount": 1})[0]) != 201:
            if time.monotonic() > end:
                break
            time.sleep(0.1)
        score.check("full disk: with room again, writing resumes without a restart", status == 201, status)
        score.check("full disk: and the node is ready again", node.ask("GET", "/readyz")[0] == 200)
        acknowledged.append(-1)
        score.check("full disk: what was acknowledged waits, and nothing else", waiting(node) == acknowledged)
        node.ends(9)
    with Node(folder) as node:
        kept = node.starts() and waiting(node) == acknowledged
        score.check("full disk: and is there after kill -9", kept, node.said()[-300:])


def reading_while_writes_fail(node, acknowledged):
    """Wrong answers, counted, to a reader beside a writer whose writes fail; one that finds room is acknowledged."""
    done, wrong = threading.Event(), collections.Counter()

    def write():
        while not done.is_set():
            if node.ask("POST", "/add_transaction", {"sender": "x", "receiver": "y" * 8000, "amount": 1})[0] == 201:
                acknowledged.append("x")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for path, right in (("/get_chain", b'"length"'), ("/is_valid", FINE), ("/v1/blocks/tip", b'"hash"'),
                            ("/v1/audit", b'"sound":true'), ("/v1/transactions/waiting?limit=1", b'"total"')) * 60:
            status, body = node.ask("GET", path)
            if status != 200 or right not in body:
                wrong[f"{path}: {status} {body[:150]}"] += 1
    finally:
        done.set()
        writer.join()
    return dict(wrong)


def waiting(node):
    """The senders of all waiting transactions, in order."""
    senders, after = [], ""
    while True:
        page = node.json(f"/v1/transactions/waiting?limit=200{after}")
        senders += [entry["transaction"]["sender"] for entry in page["transactions"]]
        if page["next"] is None:
            return senders
        after = f"&after={page['next']}"


def play(score, scratch, seed, flips, cuts):
    scratch = Path(scratch)
    crowded(score, scratch)
    foreign(score, scratch)
    read_only(score, scratch)
    full_disk(score, scratch)
    for number, ended_by in enumerate((signal.SIGTERM, signal.SIGKILL)):
        damaged(score, scratch, Classic(), ended_by, 2 * seed + number, flips // 2, cuts // 2)
