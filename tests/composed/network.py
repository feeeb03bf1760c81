"""The nodes of docker-compose.yml as a network that can be cut, and what it acknowledged."""

import collections
import os
import shutil
import subprocess
import time

from node import Node, docker

# A bound of patience, far beyond what is wanted: no check here is about time.
PATIENCE = 60
AT_ONCE = 0.005


class Network:
    def __init__(self, root, project, image, chance):
        self.root, self.project, self.chance = root, project, chance
        self.environment = os.environ | {"BCOIN_IMAGE": image, "BCOIN_SYNC": "auto", "COMPOSE_PROFILES": "fourth"}
        two = subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
        if not two and not shutil.which("docker-compose"):
            raise SystemExit("neither docker compose nor docker-compose is here")
        self.command = ["docker", "compose"] if two else ["docker-compose"]
        self.nodes = [Node(number) for number in (1, 2, 3)]
        # Senders of acknowledged transactions. Each is used once, answered or not, so that a copy is known as one.
        self.journal = []
        self.senders = 0
        self.moves = 0

    # -- containers

    def compose(self, *arguments):
        command = [*self.command, "--project-name", self.project, *arguments]
        done = subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=180)
        if done.returncode != 0:
            raise RuntimeError(f"compose {' '.join(arguments)}: {done.stderr.strip()}")

    def up(self, *nodes):
        self.compose("up", "--detach", "--no-build", *(node.name for node in nodes))
        for node in nodes:
            self.wait_until_it_answers(node)

    def down(self):
        self.compose("down", "--volumes", "--timeout", "5")

    def wait_until_it_answers(self, node):
        self.wait(f"{node} to answer", lambda: (node.look(), node.answers())[1])

    def cut(self, node):
        docker("network", "disconnect", f"{self.project}_bcoin", node.name)

    def heal(self, node, elsewhere=False):
        """Connects it again; `elsewhere` at an address that none had before."""
        more = []
        if elsewhere:
            subnet = os.environ.get("BCOIN_SUBNET", "10.163.101.0/24").split("/")[0].rsplit(".", 1)[0]
            self.moves += 1
            more = ["--ip", f"{subnet}.{100 + self.moves % 100}"]
        docker("network", "connect", *more, f"{self.project}_bcoin", node.name)

    def lose(self, node):
        """Its container and its volume."""
        self.compose("rm", "--stop", "--force", node.name)
        docker("volume", "rm", f"{self.project}_chain{node.name[-1]}")

    def last_words(self):
        for node in self.nodes:
            said = subprocess.run(["docker", "logs", "--tail", "40", node.name], capture_output=True, text=True)
            print(f"-- last words of {node}\n{said.stdout}{said.stderr}")

    # -- waiting

    def wait(self, what, holds):
        """Seconds until it holds."""
        began = time.monotonic()
        while True:
            if holds():
                return time.monotonic() - began
            if time.monotonic() - began > PATIENCE:
                raise AssertionError(f"waited {PATIENCE} s for {what}")
            time.sleep(AT_ONCE)

    def wait_for_one_tip(self, nodes=None, tip=None):
        """Seconds until all of them stand on one tip, on this one if it is given."""
        nodes, tips = nodes or self.nodes, []

        def is_one():
            tips[:] = [node.tip() for node in nodes]
            return len(set(tips)) == 1 and (tip is None or tips[0] == tip)

        try:
            return self.wait("one tip", is_one)
        except AssertionError as late:
            raise AssertionError(f"{late}; {dict(zip(nodes, tips))}") from None

    # -- what the nodes acknowledge

    def add(self, node):
        self.senders += 1
        sender = f"sender {self.senders}"
        node.add({"sender": sender, "receiver": node.name, "amount": self.chance.randint(1, 1_000_000) / 100})
        self.journal.append(sender)

    def kept_by(self, node):
        """How often each acknowledged transaction is on its chain or waits there."""
        tip = node.tip()
        transactions = [t for block in node.chain() for t in block["transactions"]] + node.waiting()
        # A block between the two questions would show what it took twice, or not at all.
        return collections.Counter(t["sender"] for t in transactions) if node.tip() == tip else None

    def wait_until_all_is_kept(self, nodes=None):
        """Seconds until every node has every acknowledged transaction once."""
        wrong = {}

        def is_kept():
            wrong.clear()
            for node in nodes or self.nodes:
                kept = self.kept_by(node)
                if kept is None:
                    return False
                lost = [sender for sender in self.journal if kept[sender] == 0]
                twice = [sender for sender in self.journal if kept[sender] > 1]
                if lost or twice:
                    wrong[node] = f"lacks {lost[:5]} ({len(lost)}), has twice {twice[:5]} ({len(twice)})"
            return not wrong

        try:
            return self.wait("every acknowledged transaction, once, on every node", is_kept)
        except AssertionError as late:
            raise AssertionError(f"{late}; {wrong}") from None

    def mine(self, node, count=1, others=()):
        """Mines, and sees that these others follow."""
        for _ in range(count):
            node.mine()
            if others:
                self.wait_for_one_tip([node, *others])
