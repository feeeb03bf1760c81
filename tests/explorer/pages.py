"""Every page of a classic and of a coin node, in Debian's chromium: pages.py BCOIN AXE [--only PART]…

Parts: `budget` what a page loads, and that nothing leaves the host; `reading` without JavaScript; `hostile` 50 hostile texts as names,
amounts and memos; `access` the accessibility check by axe-core, AXE being its script, in both themes and languages; `pictures`.
"""

import argparse
import contextlib
import json
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

import hostile
from world import DESKTOP, PHONE, PROJECTOR, Visitor, node

MOST_BYTES = 150 * 1024
# What axe holds against: WCAG 2.2 A and AA, and its own advice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Checks:
    def __init__(self):
        self.passed, self.failed = 0, []

    def hold(self, what, holds, found=""):
        if holds:
            self.passed += 1
        else:
            self.failed.append(what)
            print(f"FAILED {what}: {found}", flush=True)

    def end(self):
        print(f"{self.passed} passed, {len(self.failed)} failed")
        return 1 if self.failed or not self.passed else 0


class Network:
    """A node with something on every page, and the paths of all its pages."""

    def __init__(self, name, one, paths):
        self.name, self.one, self.paths = name, one, paths


def classic(one, other):
    for amount, receiver in ((5, "bob"), (2.5, "carol"), ("ten", "bob")):
        one.post("/add_transaction", json.dumps({"sender": "alice", "receiver": receiver, "amount": amount}))
        one.post("/mine_block", "")
    for _ in range(4):
        one.post("/mine_block", "")
    # The other's own chain is displaced by this one's, and what it held waits again.
    other.post("/add_transaction", json.dumps({"sender": "dora", "receiver": "erik", "amount": 1}))
    other.post("/mine_block", "")
    for here, there in ((one, other), (other, one)):
        here.connect([there])
    assert other.post("/replace_chain", "").json()["replaced"]
    displaced = other.get("/v1/displaced").json()["blocks"][0]["hash"]
    one.post("/add_transaction", json.dumps({"sender": "alice", "receiver": "bob", "amount": 1}))
    hash_of_two = one.get("/v1/blocks/2").json()["hash"]
    paths = ["/", "/chain", "/chain?from=3", "/block/1", "/block/2", "/block/tip", f"/block/{hash_of_two}", "/transaction/2-0", "/transaction/3-1",
             "/account/alice", "/account/Meghna", "/account/nobody", "/waiting", "/search?q=alice", "/search?q=nothing%20here"]
    return Network("classic", one, paths + shared(one, 999)), Network("classic-displaced", other, [f"/block/{displaced}", "/waiting", "/network"])


# The first accounts of the network dev, whose keys everybody has.
FIRST, SECOND = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def coin(one):
    def call(method, *parameters):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
        answer = one.post("/rpc", body).json()
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    memo = "0x" + "<b>for the tea</b>".encode().hex()
    sent = call("eth_sendTransaction", {"from": FIRST, "to": SECOND, "value": hex(10**18), "data": memo})
    # Only writes its own code; the second fails.
    made = call("eth_sendTransaction", {"from": FIRST, "data": "0x600a600c600039600a6000f3602a60005260206000f3"})
    for _ in range(4):
        one.post("/mine_block", "")
    call("evm_setAutomine", False)
    waits = call("eth_sendTransaction", {"from": SECOND, "to": FIRST, "value": hex(10**17)})
    contract = call("eth_getTransactionReceipt", made)["contractAddress"]
    record = call("eth_getBlockByNumber", "0x1", False)["hash"]
    paths = ["/", "/chain", "/chain?from=3", "/block/0", "/block/1", "/block/tip", f"/block/{record}", f"/transaction/{sent}", f"/transaction/{made}",
             f"/transaction/{waits}", f"/account/{FIRST}", f"/account/{contract}", "/account/0x" + "11" * 20, "/waiting",
             f"/search?q={'ab' * 32}", "/search?q=nothing%20here"]
    return Network("coin", one, paths + shared(one, 999))


def shared(one, beyond):
    text = one.get("/try").body.decode()
    steps = sorted({part.split('"')[0].split("?")[0] for part in text.split('href="/try/')[1:]})
    if not steps:
        raise RuntimeError("the page /try names no step")
    return ["/network", "/try", *[f"/try/{step}" for step in steps], "/console", "/break", "/charts", f"/block/{beyond}", "/no/such/page"]


@contextlib.contextmanager
def networks(program):
    with node(program) as one, node(program) as other, node(program, network="dev") as coins:
        yield [*classic(one, other), coin(coins)]


def budget(checks, worlds, _):
    with Visitor() as visitor:
        for world in worlds:
            origin = world.one.url
            for path in world.paths:
                visitor.open("about:blank")
                visitor.cdp("Network.clearBrowserCache")
                visitor.forget_requests()
                visitor.open(origin + path)
                loaded = [(url, size) for url, size in visitor.requests() if not url.startswith("about:")]
                # A page is asked for again while it is live: what it is made of counts once.
                total = sum({url: size for url, size in loaded}.values())
                checks.hold(f"{world.name} {path} is within 150 KiB", 0 < total <= MOST_BYTES, f"{total} bytes: {loaded}")
                elsewhere = [url for url, _ in loaded if "{0.scheme}://{0.netloc}".format(urlsplit(url)) != origin]
                checks.hold(f"{world.name} {path} asks nobody else", not elsewhere, elsewhere)
                said = [line for line in visitor.complaints() if "status of 404" not in line]
                checks.hold(f"{world.name} {path} has no complaint", not said, said)


def reading(checks, worlds, _):
    with Visitor(javascript=False) as visitor:
        for world in worlds:
            for path in world.paths:
                visitor.open(world.one.url + path)
                source = visitor._session("GET", "/source")
                checks.hold(f"{world.name} {path} has one heading", source.count("<h1") == 1, source.count("<h1"))
                text = visitor.cdp("Runtime.evaluate", {"expression": "document.getElementById('content').innerText"})["result"].get("value", "")
                checks.hold(f"{world.name} {path} can be read", len(text.split()) > 5, text[:200])
                checks.hold(f"{world.name} {path} does not wait for a script", "{{" not in text and "undefined" not in text, text[:200])


def hold_all_texts(checks, visitor, name, url, texts):
    """All of `texts` stand in the page's text, and none did anything."""
    visitor.open(url)
    shown = visitor.run("return document.getElementById('content').textContent + [...document.querySelectorAll('input')].map(i => i.value).join(' ')")
    for text in texts:
        end = "~" + text.rsplit("~", 2)[1] + "~"
        checks.hold(f"{name} shows {end}", end in shown, url)
    taken = visitor.run("return [window.taken, document.title.includes('taken'), document.querySelectorAll('main script, main iframe, main img, main [onerror], main [onload]').length]")
    checks.hold(f"{name} runs nothing", taken == [None, False, 0], taken)
    said = [line for line in visitor.complaints() if "status of 404" not in line]
    checks.hold(f"{name} has no complaint", not said, said)


def hostile_texts(checks, program):
    texts = hostile.TEXTS
    with node(program, "--miner", texts[0][:60]) as one, Visitor() as visitor:
        for start in range(0, 50, 10):
            for text in texts[start:start + 10]:
                transaction = {"sender": text, "receiver": text, "amount": text, "memo": text, text[:40]: [text]}
                answer = one.post("/add_transaction", json.dumps(transaction))
                if answer.status != 201:
                    raise RuntimeError(f"{text!r} was not taken: {answer}")
            waiting = texts[start:start + 10]
            hold_all_texts(checks, visitor, f"/waiting {start}", one.url + "/waiting", waiting)
            one.post("/mine_block", "")
            height = 2 + start // 10
            hold_all_texts(checks, visitor, f"/block/{height}", f"{one.url}/block/{height}", waiting)
            for place, text in enumerate(waiting):
                hold_all_texts(checks, visitor, f"/transaction/{height}-{place}", f"{one.url}/transaction/{height}-{place}", [text])
        for path in ("/", "/chain", "/network", "/break", "/charts", "/try", "/console"):
            visitor.open(one.url + path)
            taken = visitor.run("return window.taken ?? null")
            checks.hold(f"{path} runs nothing", taken is None, taken)
        for text in texts:
            name = "~" + text.rsplit("~", 2)[1] + "~"
            for path in ("/account/" + quote(text[-200:], safe=""), "/search?q=" + quote(text[-200:], safe="")):
                visitor.open(one.url + path)
                found = visitor.run("return [window.taken ?? null, document.body.textContent.includes(arguments[0]) || [...document.querySelectorAll('input')].some(i => i.value.includes(arguments[0]))]", name)
                checks.hold(f"{path[:20]}… {name} is text", found == [None, True], found)


def access(checks, worlds, axe):
    source = Path(axe).read_text()
    looks = [("en", False, DESKTOP), ("en", True, DESKTOP), ("zh-CN", True, PHONE), ("zh-CN", False, PHONE)]
    with Visitor() as visitor:
        for language, dark, size in looks:
            visitor.like(dark=dark, still=True)
            visitor.size(*size)
            for world in worlds:
                visitor.speak(language, world.one.url)
                for path in world.paths:
                    visitor.open(world.one.url + path)
                    visitor.run(source + "; return true")
                    found = visitor.later(
                        "axe.run(document, {runOnly: arguments[0], resultTypes: ['violations']}).then("
                        "r => arguments[1](r.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200), v.nodes[0].failureSummary])),"
                        "e => arguments[1]([['axe failed', String(e)]]))", RULES)
                    where = f"{world.name} {path} {language} {'dark' if dark else 'light'} {size[0]}"
                    checks.hold(f"{where} is accessible", not found, json.dumps(found, ensure_ascii=False)[:1500])
                    wide = visitor.run("return document.documentElement.scrollWidth - innerWidth")
                    checks.hold(f"{where} fits its window", wide <= 0, f"{wide} px too wide")


def pictures(_, worlds, __):
    with Visitor() as visitor:
        for world in worlds:
            for path in world.paths:
                name = world.name + (path.replace("/", "-").split("?")[0][:24].rstrip("-") or "-overview")
                for look, language, dark, size in (("desktop", "en", False, DESKTOP), ("phone", "en", False, PHONE), ("dark", "zh-CN", True, DESKTOP)):
                    visitor.like(dark=dark)
                    visitor.size(*size)
                    visitor.speak(language, world.one.url)
                    visitor.open(world.one.url + path)
                    visitor.picture(f"{name}-{look}")
            visitor.size(*PROJECTOR)
            visitor.open(world.one.url + "/network")
            visitor.picture(f"{world.name}-network-projector")


PARTS = {"budget": budget, "reading": reading, "access": access}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("axe")
    parser.add_argument("--only", action="append", choices=[*PARTS, "hostile", "pictures"])
    options = parser.parse_args()
    wanted = options.only or [*PARTS, "hostile"]
    checks = Checks()
    if set(wanted) & {*PARTS, "pictures"}:
        with networks(options.program) as worlds:
            for name, part in {**PARTS, "pictures": pictures}.items():
                if name in wanted:
                    print(f"-- {name}", flush=True)
                    part(checks, worlds, options.axe)
    if "hostile" in wanted:
        print("-- hostile", flush=True)
        hostile_texts(checks, options.program)
    return checks.end() if wanted != ["pictures"] else 0


if __name__ == "__main__":
    sys.exit(main())
