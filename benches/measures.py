"""The measurements of side_by_side.py, one function each: they start servers, take turns, and hand over figures."""

import http.client
import os
import statistics
import time

import load
import nodes

MIB = 2**20
PROOFS = 225


class Plan:
    """How long and how often: `--quick` is for seeing that everything runs, not for its figures."""

    def __init__(self, quick, rounds, connections, patience):
        self.rounds = rounds or (2 if quick else 5)
        self.seconds = 2 if quick else 6
        self.long = 50_000 if quick else 1_000_000
        self.middle = 20_000 if quick else 100_000
        self.chain_connections = connections
        self.patience = patience

    def turns(self):
        for turn in range(self.rounds):
            load.wait_for_quiet(self.patience)
            yield turn


def timed_get(node, path, timeout=300):
    """Seconds for one whole answer, and the answer."""
    began = time.perf_counter()
    reply = node.get(path, timeout=timeout)
    if reply.status != 200:
        raise RuntimeError(f"{path}: {reply}")
    return time.perf_counter() - began, reply


def mine(node, blocks):
    """Seconds for mining that many, one after the other over one connection."""
    connection = http.client.HTTPConnection(nodes.LOOPBACK, node.port, timeout=120)
    began = time.perf_counter()
    for _ in range(blocks):
        connection.request("GET", "/mine_block")
        reply = connection.getresponse()
        body = reply.read()
        if reply.status != 200:
            raise RuntimeError(f"mine_block: {reply.status} {body[:300]!r}")
    connection.close()
    return time.perf_counter() - began


def mine_waiting(node):
    """Puts all waiting transactions into blocks, so that the next round begins as this one did."""
    while node.get("/v1/node").json()["waiting"]:
        mine(node, 1)


def add_transaction(sides, plan, figures):
    ours, flask, bare = sides.bcoin(), sides.book(), sides.storeless()
    rates = {ours: [], flask: [], bare: []}
    slowest = []
    for server in rates:
        load.wrk(f"{server.url}/add_transaction", 64, 1, add=True)
    for _ in plan.turns():
        for server, found in rates.items():
            measured = load.wrk(f"{server.url}/add_transaction", 64, plan.seconds, add=True)
            found.append(measured["rate"])
            if server is ours:
                slowest.append(measured["p99_ms"])
                mine_waiting(ours)
    figures.add("add_transaction, 64 connections, B-Coin", rates[ours], "1/s")
    figures.add("add_transaction, 64 connections, Flask", rates[flask], "1/s", note="its server closes after every answer")
    figures.add("add_transaction, 64 connections, no store", rates[bare], "1/s")
    figures.add("add_transaction, p99, B-Coin", slowest, "ms")
    figures.ratio("add_transaction, B-Coin to Flask", rates[ours], rates[flask], least=15)
    figures.ratio("add_transaction, B-Coin to the route without store", rates[ours], rates[bare], least=0.7)


def disk_sync(folder):
    """Milliseconds that the disk takes to make 4 KiB durable: what every acknowledgement waits for, twice."""
    waits = []
    with (folder / "sync").open("wb", buffering=0) as file:
        file.write(bytes(MIB))
        for number in range(200):
            file.seek(number % 256 * 4096)
            file.write(bytes([number]) * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            waits.append(time.perf_counter() - began)
    return statistics.median(waits) * 1000


def mine_block(sides, plan, figures):
    ours, flask = sides.bcoin(), sides.book()
    figures.add(f"mine_block, the first {PROOFS}, B-Coin", PROOFS / mine(ours, PROOFS), "blocks/s", note="each proof is searched for")
    figures.add("mine_block, the first 30, Flask", 30 / mine(flask, 30), "blocks/s")
    rates, syncs = [], []
    for _ in plan.turns():
        syncs.append(disk_sync(sides.folder))
        rates.append(load.wrk(f"{ours.url}/mine_block", 1, plan.seconds)["rate"])
    figures.add("the disk makes 4 KiB durable", syncs, "ms")
    figures.add("mine_block, one client, B-Coin, warm", rates, "blocks/s", least=500)


def get_chain(sides, plan, figures):
    for blocks, least, least_of_bare in ((10_000, 1.3, 0.8), (plan.middle, 1.0, None)):
        ours = sides.bcoin(blocks)
        file = sides.folder / f"get_chain-{blocks}.json"
        body = ours.get("/get_chain").body
        file.write_bytes(body)
        nginx, bare = sides.nginx(file), sides.storeless(bare=file)
        paths = {ours: "/get_chain", nginx: f"/{file.name}", bare: "/bare"}
        rates = {server: [] for server in paths}
        for server, path in paths.items():
            if server.get(path).body != body:
                raise RuntimeError(f"{server} serves other bytes")
            load.wrk(server.url + path, plan.chain_connections, 1)
        for _ in plan.turns():
            for server, path in paths.items():
                rates[server].append(load.wrk(server.url + path, plan.chain_connections, plan.seconds)["rate"])
        what = f"get_chain, {blocks:,} blocks"
        figures.add(f"{what}, B-Coin", rates[ours], "1/s", note=f"{len(body) / MIB:.1f} MiB an answer, {plan.chain_connections} connections")
        figures.add(f"{what}, nginx", rates[nginx], "1/s")
        figures.add(f"{what}, axum from memory", rates[bare], "1/s")
        figures.ratio(f"{what}, B-Coin to nginx", rates[ours], rates[nginx], least=least)
        figures.ratio(f"{what}, B-Coin to axum from memory", rates[ours], rates[bare], least=least_of_bare)
        for server in paths:
            server.stop()


def is_valid(sides, plan, figures):
    ours = sides.bcoin(plan.long)
    rates = []
    for _ in plan.turns():
        seconds, reply = timed_get(ours, "/is_valid")
        if "Everything is fine" not in reply.json()["message"]:
            raise RuntimeError(f"is_valid: {reply}")
        rates.append(plan.long / seconds)
    figures.add(f"is_valid, {plan.long:,} blocks", rates, "blocks/s", least=1_000_000)
    ours.stop()


def replace_chain(sides, plan, figures):
    blocks = 10_000
    peer = sides.bcoin(blocks)
    whole, of_peer = [], []
    for _ in plan.turns():
        ours = sides.bcoin()
        ours.connect([peer])
        of_peer.append(timed_get(peer, "/get_chain")[0])
        seconds, reply = timed_get(ours, "/replace_chain")
        body = reply.json()
        if not body["replaced"] or len(body["new_chain"]) != blocks:
            raise RuntimeError(f"replace_chain took nothing: {body['peers']}")
        whole.append(seconds)
        ours.stop()
    figures.add(f"replace_chain, {blocks:,} blocks from one peer", whole, "s", most=0.5, note="its answer with all blocks included")
    figures.add("of this the peer's own get_chain", of_peer, "s")


def growth(sides, plan, figures):
    small, large = sides.bcoin(1_000), sides.bcoin(plan.long)
    mined, added = {small: [], large: []}, {small: [], large: []}
    for node in (small, large):
        mine(node, PROOFS)
    for turn in plan.turns():
        # Whoever goes first meets a calmer disk: they change places.
        for node in (small, large) if turn % 2 else (large, small):
            mined[node].append(1 / load.wrk(f"{node.url}/mine_block", 1, plan.seconds)["rate"])
        for node in (small, large) if turn % 2 else (large, small):
            added[node].append(1 / load.wrk(f"{node.url}/add_transaction", 64, plan.seconds, add=True)["rate"])
            mine_waiting(node)
    figures.add("mine_block at 1,000 blocks", [cost * 1000 for cost in mined[small]], "ms")
    figures.add(f"mine_block at {plan.long:,} blocks", [cost * 1000 for cost in mined[large]], "ms")
    figures.ratio(f"mining cost, {plan.long:,} to 1,000 blocks", mined[large], mined[small], most=1.5)
    figures.ratio(f"adding cost, {plan.long:,} to 1,000 blocks", added[large], added[small], most=1.5)
    small.stop()
    large.stop()


def start(sides, plan, figures):
    ours = sides.bcoin(plan.long)
    figures.add(f"import of {plan.long:,} blocks", plan.long / ours.import_seconds, "blocks/s")
    after_stop, after_kill = [], []
    for _ in plan.turns():
        ours.stop()
        ours.spawn()
        after_stop.append(ours.wait_ready("/readyz", 120))
        mine(ours, 3)
        ours.kill()
        ours.spawn()
        after_kill.append(ours.wait_ready("/readyz", 120))
    figures.add(f"start at {plan.long:,} blocks", after_stop, "s", most=2)
    figures.add(f"start at {plan.long:,} blocks after kill -9", after_kill, "s", most=2)
    ours.stop()


def memory(sides, plan, figures):
    for blocks, most in ((plan.middle, 256), (plan.long, 512)):
        ours = sides.bcoin(blocks)
        idle = ours.memory()
        timed_get(ours, "/is_valid")
        mine(ours, PROOFS)
        load.wrk(f"{ours.url}/add_transaction", 64, plan.seconds, add=True)
        mine_waiting(ours)
        load.wrk(f"{ours.url}/get_chain", plan.chain_connections, plan.seconds)
        ours.get("/v1/audit", timeout=300)
        figures.add(f"memory at {blocks:,} blocks, just started", idle / MIB, "MiB")
        figures.add(f"memory at {blocks:,} blocks, after work", ours.memory() / MIB, "MiB", most=most)
        figures.add(f"memory at {blocks:,} blocks, highest", ours.memory("VmHWM") / MIB, "MiB", most=most)
        ours.stop()


ALL = [add_transaction, mine_block, get_chain, is_valid, replace_chain, growth, start, memory]
