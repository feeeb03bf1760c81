"""Clients that work on a node until it dies, and the kill -9 that ends it: for both protocols' kill loops."""

import threading
import time

import nodes


class Clients:
    """Threads that each take one step after another until `finish`; a node that is down only makes them wait."""

    def __init__(self):
        self.over = threading.Event()
        self.threads = []

    def add(self, pause, step):
        """`step` gets its number; `pause` is seconds, or says how many."""
        self.threads.append(threading.Thread(target=self.until_it_dies, args=(pause, step)))

    def start(self):
        for thread in self.threads:
            thread.start()

    def finish(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def until_it_dies(self, pause, step):
        count = 0
        while not self.over.is_set():
            try:
                step(count)
            except nodes.Unreachable:
                # Before the kill this is a start still under way, after it the end.
                self.over.wait(0.002)
            count += 1
            self.over.wait(pause() if callable(pause) else pause)


def kill_under_load(node, clients, chance):
    """Kills the node amid its clients' work, and now and then during starts after that; how many starts, and seconds until it is ready again."""
    clients.start()
    time.sleep(chance.random() * 0.4)
    node.kill()
    clients.finish()
    during_start = 0
    while chance.random() < 0.2:
        node.spawn()
        time.sleep(chance.random() * 0.03)
        node.kill()
        during_start += 1
    node.spawn()
    return during_start, node.wait_ready("/readyz", 60)


def pages(node, path, member):
    """All entries of a paged list under /v1."""
    after = ""
    while after is not None:
        page = node.get(f"{path}?limit=1000&after={after}").json()
        yield from page[member]
        after = page["next"]


def prepare_displacement(killed, steady, mined, chance):
    """Lets the two grow apart, the steady one further: the next replace_chain displaces acknowledged blocks. `mined` takes the answers of the one that will be killed."""
    steady.get("/replace_chain")
    for _ in range(chance.randint(1, 3)):
        mined(killed.get("/mine_block"))
    goal = len(killed.get("/get_chain").json()["chain"]) + chance.randint(1, 10)
    while len(steady.get("/get_chain").json()["chain"]) < goal:
        steady.get("/mine_block")
