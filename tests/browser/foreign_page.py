#!/usr/bin/env python3
"""Pages on foreign origins, opened by a real browser, try to change a node; nothing may change.

Every trick of tricks.py goes at two servers at once: a B-Coin node, and an undefended twin that must be changed by it,
or the trick is no trick. That the node was asked is read from the node's own counts. On loopback, and between two
network namespaces, where browsers tell nothing of the page that asks.

    foreign_page.py [BINARY] [--only WORD] [--verbose]

Needs root, and installs chromium, chromium-driver, curl and iproute2 of Debian where they are missing. Without root,
what cannot be done is skipped; with CI=true a skipped check is a failure.
"""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import tricks
from namespaces import BROWSER_ADDRESS, NODE_ADDRESS, STRANGER_ADDRESS, Cable
from node import Node
from servers import Pages, Peer, Undefended
from webdriver import Browser, BrowserFailed, programs

ROOT = Path(__file__).resolve().parent.parent.parent
LOOPBACK = "127.0.0.1"
# Leads to 127.0.0.1 in the browser, as a name does whose owner rebinds it.
REBOUND = "rebound.example"
ARRIVES = 4.0
# What an optional trick gets: a browser that fetches in advance does so at once.
MAY_ARRIVE = 0.7
PEER_LENGTH = 12


class Score:
    def __init__(self, verbose):
        self.passed = self.failed = self.skipped = 0
        self.verbose = verbose

    def check(self, name, holds, why=""):
        if holds:
            self.passed += 1
            print(f"ok {name}" + (f": {why}" if why else ""), flush=True)
        else:
            self.failed += 1
            print(f"FAIL {name}: {why}", flush=True)

    def skip(self, what, why):
        self.skipped += 1
        if os.environ.get("CI") == "true":
            self.failed += 1
            print(f"FAIL {what} was skipped in CI: {why}", flush=True)
        else:
            print(f"skipped: {what} ({why})", flush=True)

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else ""))
        return 1 if self.failed or (not self.passed and not self.skipped) else 0


def free_port(address=LOOPBACK):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def rose(before, after):
    return {key: after[key] - before.get(key, 0) for key in after if after[key] > before.get(key, 0)}


class Attack:
    """A browser and foreign pages against one node and its undefended twin."""

    def __init__(self, score, browser, node, twin, state):
        self.score, self.browser, self.node, self.twin, self.state = score, browser, node, twin, state

    def play(self, where, trick, server, page_base):
        paths = server.add(trick.pages([self.twin.base, self.node.base]))
        self.twin.forget()
        answered, done, refused = self.node.counts()
        for path in paths:
            page = server.pages[path][0]
            if page.status != 200 or page.content_type == "text/javascript":
                continue
            seen, counted = sum(self.twin.received.values()), sum(self.node.counts()[0].values())
            try:
                self.browser.go(page_base + path)
            except BrowserFailed as why:
                self.score.check(f"{where}: {trick.name}", False, str(why))
                return
            if len(paths) > 2:
                # Pages that leave for one server each: the next page would cut a call that is not out yet.
                self.wait(lambda: sum(self.twin.received.values()) > seen
                          or sum(self.node.counts()[0].values()) > counted, ARRIVES)
        expected = set(trick.routes)
        limit = MAY_ARRIVE if trick.optional else ARRIVES
        self.wait(lambda: self.twin.changes and expected <= set(self.twin.received), limit)
        if self.twin.changes or not trick.optional:
            self.wait(lambda: expected <= set(rose(answered, self.node.counts()[0])), limit)
        self.judge(where, trick, answered, done, refused)
        self.browser.close_other_windows()

    def judge(self, where, trick, answered, done, refused):
        name = f"{where}: {trick.name}"
        answered_now, done_now, refused_now = self.node.counts()
        arrived = rose(answered, answered_now)
        now = self.node.state()
        if now != self.state:
            self.score.check(name, False, f"the node was changed: {self.state} became {now}")
            self.state = now
        elif done_now != done:
            self.score.check(name, False, f"{done_now - done} requests were answered with success")
        elif not self.twin.changes and trick.optional and not arrived:
            print(f"note {name}: this browser sends nothing")
        elif not self.twin.changes:
            self.score.check(name, False, "did not even change the undefended twin")
        elif not set(trick.routes) <= set(arrived) and not trick.optional:
            self.score.check(name, False, f"of {trick.routes}, the node was asked for {sorted(arrived)} alone")
        else:
            rules = ", ".join(f"{rule} {count}" for rule, count in sorted(rose(refused, refused_now).items()))
            why = f"{sum(arrived.values())} requests, all refused ({rules or 'no CORS'})"
            self.score.check(name, True, f"{why}; the twin changed {self.twin.changes} times")
            if self.score.verbose:
                marks = {key: value for key, value in self.twin.headers[0].items() if key != "host"}
                print(f"   the twin saw {marks}")

    @staticmethod
    def wait(holds, seconds):
        end = time.monotonic() + seconds
        while not holds() and time.monotonic() < end:
            time.sleep(0.02)


def chosen(only, trusted):
    return [trick for trick in tricks.TRICKS if only in trick.name and (trusted or not trick.needs_trust)]


def prepare(node, peer):
    """Something to lose: a waiting transaction, and a peer whose longer chain waits to be adopted."""
    status, text = node.ask("POST", "/connect_node", {"nodes": [f"http://{peer.address}:{peer.port}"]})
    assert status == 201, text
    status, text = node.ask("POST", "/add_transaction", {"sender": "a", "receiver": "b", "amount": 1})
    assert status == 201, text


def on_loopback(score, program, only):
    twin_port, node_port = free_port(), free_port()
    switches = [f"--host-resolver-rules=MAP {REBOUND} {LOOPBACK}"]
    with contextlib.ExitStack() as stack:
        peer = stack.enter_context(Peer(LOOPBACK, PEER_LENGTH))
        twin = stack.enter_context(Undefended(LOOPBACK, twin_port))
        twin.base = f"http://{LOOPBACK}:{twin_port}"
        node = stack.enter_context(Node(program, LOOPBACK, node_port))
        prepare(node, peer)
        pages = stack.enter_context(Pages(LOOPBACK))
        silent = stack.enter_context(Pages(LOOPBACK, headers=[("Referrer-Policy", "no-referrer")]))
        browser = stack.enter_context(Browser(free_port(), switches))
        print(f"chromium {browser.version}")
        attack = Attack(score, browser, node, twin, node.state())
        for where, server, host in (
            ("cross-site", pages, "localhost"),
            ("cross-site, no referrer", silent, "localhost"),
            ("same site, other port", pages, LOOPBACK),
        ):
            for trick in chosen(only, trusted=True):
                attack.play(where, trick, server, f"http://{host}:{server.port}")
        if only:
            return
        foreign_name(score, browser, node, pages)
        score.check("the peer was never asked for its chain", peer.asked == 0, f"asked {peer.asked} times")
        the_user(score, browser, node, peer)
        redirected_visit(browser, node, pages)
        rebinding(score, browser, program)


def foreign_name(score, browser, node, pages):
    """A page of a name that leads here, which calls the node by that name, and visits to it by that name."""
    before = node.state()
    refused = node.counts()[2].get("host", 0)
    base = f"http://{REBOUND}:{node.port}"
    trick = next(trick for trick in tricks.TRICKS if trick.name == "fetch no-cors POST")
    paths = pages.add(trick.pages([base]))
    browser.go(f"http://{REBOUND}:{pages.port}{paths[0]}")
    Attack.wait(lambda: node.counts()[2].get("host", 0) >= refused + 4, ARRIVES)
    browser.go(f"{base}/mine_block")
    Attack.wait(lambda: node.counts()[2].get("host", 0) >= refused + 5, ARRIVES)
    count = node.counts()[2].get("host", 0) - refused
    score.check("a foreign name that leads here", count >= 5 and node.state() == before,
                f"{count} requests refused for their Host")
    status = browser.run("return performance.getEntriesByType('navigation')[0].responseStatus;")
    score.check("a visit by a foreign name is answered 421", status == 421, f"got {status}")


def the_user(score, browser, node, peer):
    """What the book's reader does by address bar and curl still works, and shows that the traps were set."""
    length = node.state()["length"]
    browser.go("about:blank")
    browser.go(f"{node.base}/mine_block")
    Attack.wait(lambda: node.state()["length"] > length, ARRIVES)
    mined = node.json("/get_chain")["chain"][length:]
    score.check("the user's own visit to /mine_block mines", len(mined) == 1, f"{len(mined)} blocks more")
    names = [transaction["sender"] for block in mined for transaction in block["transactions"]]
    score.check("the block holds the user's transaction and the reward alone", len(names) == 2 and names[0] == "a",
                f"senders {names}")
    browser.go(f"{node.base}/replace_chain")
    Attack.wait(lambda: node.state()["length"] == peer.length, ARRIVES)
    score.check("the user's own visit to /replace_chain adopts the peer's chain",
                peer.asked > 0 and node.state()["length"] == peer.length, f"length {node.state()['length']}")


def redirected_visit(browser, node, pages):
    """A known limit, shown and not judged: the user visits a foreign address, whose server redirects to the node.

    Browsers tell a visit that no page began (typed, a bookmark, a link in a mail) from one that a page began, but not
    whether it was redirected; so this looks just like the user's own visit to /mine_block. A page that was visited so
    can do it by itself: it goes on to another, which goes back in the history to an address that redirects by now.
    """
    redirect = tricks.Page(status=302, headers=(("Location", f"{node.base}/mine_block"),))
    # An address of its own: going back, a browser takes from its cache what it has already visited.
    later = tricks.Page(status=302, headers=(("Location", f"{node.base}/mine_block?later"),))
    back = tricks.Page("<script>setTimeout(() => history.back(), 200);</script>")
    on = "<script>addEventListener('unload', () => 0); setTimeout(() => location = '{previous}', 200);</script>"
    fresh = (("Cache-Control", "no-store"),)
    for name, made in (
        ("redirected", [redirect]),
        ("that went back to a redirect", [back, tricks.Page(on, headers=fresh, then=later)]),
    ):
        length = node.state()["length"]
        browser.go(f"http://localhost:{pages.port}{pages.add(made)[-1]}")
        Attack.wait(lambda: node.state()["length"] > length, 2)
        mined = node.state()["length"] - length
        print(f"note a foreign address that the user typed, {name} to /mine_block: {mined} blocks mined")


def rebinding(score, browser, program):
    """A page loaded from a name and port that then become the node's own: of the same origin, as rebinding makes it."""
    code = (
        "setInterval(() => { for (const route of ['mine_block', 'replace_chain'])"
        " fetch('/' + route, {method: 'POST', body: '{}'}).catch(() => 0);"
        " fetch('/mine_block').catch(() => 0); }, 200);"
    )
    with Pages(LOOPBACK) as before:
        path = before.add([tricks.Page(f"<title>loaded</title><script>{code}</script>")])[0]
        browser.go(f"http://{REBOUND}:{before.port}{path}")
        Attack.wait(lambda: browser.run("return document.title;") == "loaded", ARRIVES)
    with Node(program, LOOPBACK, before.port) as node:
        state = node.state()
        Attack.wait(lambda: node.counts()[2].get("host", 0) >= 3, ARRIVES)
        count = node.counts()[2].get("host", 0)
        score.check("a page rebound to the node's own origin", count >= 3 and node.state() == state,
                    f"{count} requests refused for their Host")
        browser.go("about:blank")


def over_the_network(score, program, only):
    with contextlib.ExitStack() as stack:
        cable = stack.enter_context(Cable())
        with cable.node_side():
            ports = [free_port(NODE_ADDRESS) for _ in range(2)]
            twin = stack.enter_context(Undefended(NODE_ADDRESS, ports[0]))
            twin.base = f"http://{NODE_ADDRESS}:{ports[0]}"
            node = Node(program, NODE_ADDRESS, ports[1], "--allow", f"{BROWSER_ADDRESS}/32")
        with cable.browser_side():
            # Entered from the browser's side, since it waits for an answer; the child must stand on the node's.
            node.command = ["ip", "netns", "exec", cable.node, *node.command]
            stack.enter_context(node)
            peer = stack.enter_context(Peer(BROWSER_ADDRESS, PEER_LENGTH))
            prepare(node, peer)
            pages = stack.enter_context(Pages(BROWSER_ADDRESS))
            silent = stack.enter_context(Pages(LOOPBACK, headers=[("Referrer-Policy", "no-referrer")]))
            browser = stack.enter_context(Browser(free_port()))
            attack = Attack(score, browser, node, twin, node.state())
            for where, server, host, trusted in (
                ("network", pages, BROWSER_ADDRESS, False),
                ("network, page on loopback, no referrer", silent, "localhost", True),
            ):
                marks = 0
                for trick in chosen(only, trusted):
                    attack.play(where, trick, server, f"http://{host}:{server.port}")
                    marks += any(name.startswith("sec-fetch") for headers in twin.headers for name in headers)
                print(f"note {where}: {marks} tricks came with Sec-Fetch headers")
            if not only:
                score.check("network: the peer was never asked for its chain", peer.asked == 0, f"{peer.asked} times")
                clients(score, browser, node)


def curl(node, route, *arguments):
    command = ["curl", "-s", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_code}", *arguments, node.base + route]
    return subprocess.run(command, capture_output=True, text=True, timeout=15).stdout


def clients(score, browser, node):
    """Over the network: who may change the node, and who needs its token."""
    token = node.token_file.read_text().strip()
    for name, expected, arguments in (
        ("curl from an allowed address mines", "200", ["--interface", BROWSER_ADDRESS]),
        ("curl from another address does not", "401", ["--interface", STRANGER_ADDRESS]),
        ("curl from another address with a wrong token does not", "401",
         ["--interface", STRANGER_ADDRESS, "-H", f"Authorization: Bearer {'0' * len(token)}"]),
        ("curl from another address with the token mines", "200",
         ["--interface", STRANGER_ADDRESS, "-H", f"Authorization: Bearer {token}"]),
        ("a browser's user agent from an allowed address does not", "401",
         ["--interface", BROWSER_ADDRESS, "-A", "Mozilla/5.0"]),
    ):
        length = node.state()["length"]
        got = curl(node, "/mine_block", *arguments)
        more = node.state()["length"] - length
        score.check(f"network: {name}", got == expected and more == (expected == "200"), f"{got}, {more} blocks more")
    before, count = node.state(), sum(node.counts()[0].values())
    browser.go(f"{node.base}/mine_block")
    Attack.wait(lambda: sum(node.counts()[0].values()) > count, ARRIVES)
    status = browser.run("return performance.getEntriesByType('navigation')[0].responseStatus;")
    score.check("network: a visit by browser needs the token", node.state() == before and status == 401, f"{status}")
    score.check("network: anybody may read", curl(node, "/get_chain", "--interface", STRANGER_ADDRESS) == "200")


def install(score):
    """Whether all programs are there; installs what is missing where that is possible."""
    wanted = {"chromium": "chromium", "chromedriver": "chromium-driver", "curl": "curl", "ip": "iproute2"}

    def missing():
        return [package for program, package in wanted.items() if not shutil.which(program)]

    if missing() and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-q"], ["install", "-qy", "--no-install-recommends", *missing()]):
            subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL, timeout=600)
    if missing():
        score.skip("foreign pages", f"missing: {' '.join(missing())}")
    return not missing()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary", nargs="?", default=str(ROOT / "target" / "release" / "bcoin"))
    parser.add_argument("--only", default="", help="only tricks with this word in their name, and nothing else")
    parser.add_argument("--verbose", action="store_true", help="the headers that came with each trick")
    arguments = parser.parse_args()
    # A signal unwinds, so that processes and namespaces go.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    program = str(Path(arguments.binary).resolve())
    score = Score(arguments.verbose)
    if not Path(program).exists():
        sys.exit(f"there is no {program}: cargo build --release")
    if install(score):
        on_loopback(score, program, arguments.only)
        if os.geteuid() == 0:
            over_the_network(score, program, arguments.only)
        else:
            score.skip("foreign pages between network namespaces", "needs root")
    sys.exit(score.end())


if __name__ == "__main__":
    main()
