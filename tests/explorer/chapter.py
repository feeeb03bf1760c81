#!/usr/bin/env python3
"""The chapter, done in a browser on a network of three nodes as a learner does it: every step's form sent, every link to the next
step followed to whichever node it leads, every check read. In both languages; on classic, and with coins.

    chapter.py [BINARY] [--only WORD] [--no-pictures]

Standard library alone. Debian packages: chromium chromium-driver. Time is judged nowhere: what does not happen within the waits of
`world.py` fails. Pictures go to target/explorer.
"""

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import world
from world import DESKTOP, LANGUAGES, PHONE, Node, Visitor, free_port

SEND = "#form-main [data-send]"
DONE = '#check[data-state="done"]'
# What a shell would take for itself.
AWKWARD = """it's "$HOME" `id` $(id) \\ ! 交易 é & | ; # ~ *"""
CHECKS = {"done": 0}


def holds(what, is_so):
    """Says what was looked at; ends the test where it does not hold."""
    CHECKS["done"] += 1
    if not is_so:
        raise AssertionError(what)


def three_free_ports():
    """The first of three in a row."""
    while True:
        first = free_port()
        if first < 65000 and all(is_free(port) for port in range(first, first + 3)):
            return first


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextlib.contextmanager
def network(program, *arguments):
    """Three nodes of `bcoin up`, as a learner starts them; their addresses."""
    folder = Path(tempfile.mkdtemp(prefix="bcoin-chapter-"))
    first = three_free_ports()
    command = [program, "up", "--fresh", "--base-port", str(first), "--data-dir", str(folder / "data"), *arguments]
    started = Node(command, first, folder / "log")
    try:
        started.spawn(cwd=folder)
        urls = []
        for port in range(first, first + 3):
            started.port = port
            started.wait_ready("/readyz")
            urls.append(f"http://127.0.0.1:{port}")
        yield urls
    finally:
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)


def ask(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.load(answer)


# -- what a learner does -------------------------------------------------------


def send(visitor, form="#form-main"):
    """Sends a form, and waits for its answer to stand in the page; the verdict."""
    before = visitor.run("return performance.now()")
    visitor.run("document.getElementById('status').textContent = ''; delete document.getElementById('check').dataset.state")
    visitor.click(f"{form} [data-send]:not(:disabled)")
    visitor.wait("#check[data-state]", seconds=60)
    visitor.wait(f"{form} [data-send]:not(:disabled)")
    holds("the answer says when it came", before is not None)
    return visitor.text("#verdict")


def step_here(visitor):
    return visitor.run("return document.getElementById('lesson')?.dataset.step")


def follow_next(visitor):
    """Clicks the link to what comes next; waits until that page has come to life."""
    here = visitor.here
    visitor.click("#next")
    visitor.until(lambda: visitor.here != here and visitor.count("[data-send]:not(:disabled)"), "the next step to be loaded")


def chapter(program, kind, arguments, language, picture):
    """From the first page to the last step."""
    with network(program, *arguments) as urls, Visitor() as visitor:
        visitor.speak(language, urls[0])
        visitor.open(urls[0] + "/try")
        visitor.wait("#begin")
        holds("the page speaks the language", visitor.run("return document.documentElement.lang") == language)
        if picture:
            visitor.picture(f"try-{kind}-{language}")
        visitor.click("#begin")
        visitor.until(lambda: step_here(visitor) == "chain", "the first step")
        done = []
        while True:
            visitor.wait("[data-send]:not(:disabled)")
            step, node = visitor.run("const d = document.getElementById('lesson').dataset; return [d.step, d.node]")
            done.append(f"{step}-{node}")
            take(visitor, step, kind, urls)
            if picture:
                visitor.picture(f"try-{kind}-{language}-{len(done):02}-{step}")
            if not visitor.count("#next"):
                break
            follow_next(visitor)
        visitor.open(urls[1] + "/try")
        visitor.until(lambda: visitor.text("#finished"), "the chapter to be finished, on another node of the host too")
        marks = visitor.texts("#steps .mark")
        holds(f"every step is done: {marks}", all(marks))
        tips = {ask(url + "/v1/node")["tip"]["hash"] for url in urls}
        holds(f"all nodes have one chain: {tips}", len(tips) == 1)
        visitor.click("#reset")
        visitor.until(lambda: not any(visitor.texts("#steps .mark")), "the steps to be open again")
        complaints = [line for line in visitor.complaints() if "status of 4" not in line]
        holds(f"the browser complains of nothing: {complaints}", not complaints)
        return done


def take(visitor, step, kind, urls):
    """Does a step, and looks at its check."""
    if step == "errors":
        for form in visitor.run("return [...document.querySelectorAll('form.sends')].map(form => form.id)"):
            verdict = send(visitor, f"#{form}")
            holds(f"{form} is refused: {verdict}", visitor.count(DONE) and re.search(r"\b4\d\d\b", verdict))
        return
    if step == "transaction" and kind == "classic":
        awkward(visitor, urls[0])
    if step == "transaction" and kind != "classic":
        visitor.type("#sign-amount", "2.25")
        old = visitor.run("return document.querySelector('[data-name=raw]').value")
        visitor.click(".sign button")
        visitor.until(lambda: "amount=2.25" in visitor.here and visitor.count(SEND + ":not(:disabled)"), "it to be signed")
        holds("another amount is another transaction", visitor.run("return document.querySelector('[data-name=raw]').value") != old)
    verdict = send(visitor)
    holds(f"{step} is done: {verdict} ({visitor.text('#status')})", visitor.count(DONE))
    holds(f"every place is filled: {verdict}", "{" not in verdict and "?" not in verdict)
    holds("the answer is there", visitor.text("#body") and visitor.text("#sent").startswith(("GET ", "POST ")))
    holds("its status is explained", len(visitor.text("#meaning")) > 5)


def awkward(visitor, url):
    """A line with all that a shell looks for, run in bash, does what the page does; and two clicks are one."""
    visitor.type('[data-name="sender"]', AWKWARD)
    visitor.type('[data-name="amount"]', "five")
    line = visitor.text("#form-main [data-curl]")
    subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=30)
    visitor.run("const b = document.querySelector('#form-main [data-send]'); b.click(); b.click(); b.form.requestSubmit()")
    visitor.wait(DONE)
    waiting = [row["transaction"] for row in ask(url + "/v1/transactions/waiting")["transactions"]]
    wanted = {"sender": AWKWARD, "receiver": "bob", "amount": "five"}
    holds(f"bash and the page have sent the same, once each: {waiting}", waiting == [wanted, wanted])
    visitor.type('[data-name="sender"]', "alice")
    visitor.type('[data-name="amount"]', "5")
    holds("the line is as the chapter has it", visitor.text("#form-main [data-curl]").startswith(
        """curl -d '{"sender": "alice", "receiver": "bob", "amount": 5}' http://"""))


def wrong_node(program):
    """A step on a node that it is not for says so and leads there; a node that knows nobody says that."""
    with network(program) as urls, Visitor() as visitor:
        visitor.open(urls[0] + "/try/replace")
        visitor.wait("#there")
        holds("nothing is sent from here", not visitor.count("[data-send]"))
        holds("the line asks the other node", visitor.text("[data-curl]") == f"curl {urls[1]}/replace_chain")
        visitor.click("#there")
        visitor.until(lambda: visitor.here == urls[1] + "/try/replace" and visitor.count(SEND), "the step on its own node")


def answered(visitor, form="form.sends"):
    """Sends a form that has no check; the line that says how it ended."""
    visitor.run("document.getElementById('status').textContent = ''")
    visitor.click(f"{form} [data-send]:not(:disabled)")
    visitor.wait(f"{form} [data-send]:not(:disabled)", seconds=60)
    return visitor.until(lambda: visitor.text("#status"), "an answer")


def own_address():
    """This machine's address that others would call, or None; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
            address = probe.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith("127.") else address


def token(program, picture):
    """Over the network a change needs the token: asked for, sent as a header, shown nowhere."""
    address = own_address()
    if address is None:
        print("skipped: this machine has no address but loopback")
        return not os.environ.get("CI") or sys.exit("CI may skip nothing")
    with world.node(program, address="0.0.0.0") as node, Visitor() as visitor:
        secret = (node.folder / "data" / "token").read_text().strip()
        far = f"http://{address}:{node.port}"
        visitor.open(far + "/try/mine")
        visitor.wait(SEND + ":not(:disabled)")
        line = visitor.text("[data-curl]")
        holds(line, line == f"curl -H 'Authorization: Bearer TOKEN' {far}/mine_block")
        for wrong in ("", "0" * len(secret), "not a header é"):
            visitor.type("#token", wrong)
            status = answered(visitor)
            holds(f"refused: {status}", status.startswith("401 "))
            holds("and says where the token is", "`token`" in visitor.text("#meaning"))
        if picture:
            visitor.picture("try-token")
        visitor.type("#token", secret)
        verdict = send(visitor)
        holds(f"mined: {verdict}", visitor.count(DONE))
        holds("the request is shown without it", "Bearer TOKEN" in visitor.text("#sent"))
        whole = visitor.run("return document.documentElement.outerHTML + location.href + document.cookie")
        holds("the token stands nowhere in the page", secret not in whole)
        holds("it is not kept unasked", not visitor.run("return sessionStorage.length"))
        visitor.click("#token-keep")
        visitor.open(far + "/try/mine_again")
        visitor.until(lambda: step_here(visitor) == "mine_again" and visitor.run(
            "return document.getElementById('token').value") == secret, "the token to be remembered")
        visitor.click("#token-keep")
        holds("and forgotten", not visitor.run("return sessionStorage.length"))
        visitor.open(far + "/try/chain")
        visitor.wait(SEND + ":not(:disabled)")
        holds("reading needs none", "TOKEN" not in visitor.text("[data-curl]"))
        visitor.open(f"http://127.0.0.1:{node.port}/try/mine")
        visitor.until(lambda: visitor.here.startswith("http://127.") and visitor.count(SEND), "the page on loopback")
        holds("on loopback nobody asks for it", not visitor.count("#token"))


def console(program, network, picture):
    """Every call of the node's document, sent from its page; what never ends is cancelled."""
    miner = [] if network == "classic" else ["--miner", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"]
    with world.node(program, *miner, network=network) as node, Visitor() as visitor:
        visitor.open(node.url + "/console")
        visitor.wait(".calls a")
        document = ask(node.url + "/openapi.json")
        wanted = {operation["operationId"]: (method.upper(), path)
                  for path, item in document["paths"].items() for method, operation in item.items()}
        links = visitor.run("return [...document.querySelectorAll('.calls a')].map(a => a.getAttribute('href'))")
        holds(f"every call is listed: {links}", {link.partition("call=")[2] for link in links} == set(wanted))
        if picture:
            visitor.picture(f"console-{network}")
        for name, (method, path) in wanted.items():
            visitor.open(f"{node.url}/console?call={name}")
            visitor.until(lambda: visitor.here.endswith(name) and visitor.count("form.sends [data-send]:not(:disabled)"), name)
            plain = visitor.run("return [...document.links].filter(a => /^.(mine_block|replace_chain)$/.test(a.pathname)).length")
            holds("no link changes the node", plain == 0)
            holds(f"{name} is explained", visitor.text(".lead"))
            if path == "/v1/events":
                endless(visitor, node)
                continue
            unfilled = visitor.run("return [...document.querySelectorAll('form.sends :required')].find(e => !e.value)?.id")
            if unfilled:
                visitor.type(f"#{unfilled}", "0x" + "11" * 32)
            status = answered(visitor)
            holds(f"{method} {path}: {status}", re.match(r"[2-5]\d\d ", status) and not status.startswith("500"))
            holds(f"{status} is explained", visitor.text("#meaning") != visitor.text('[data-status="999"]'))
            holds("headers are shown", "content-type" in visitor.text("#received"))
            if picture and name == "get_chain":
                visitor.picture(f"console-{network}-call")
        visitor.open(node.url + "/console?call=nothing")
        visitor.until(lambda: visitor.count(".problem"), "an unknown call to be named so")
        visitor.open(node.url + "/console?call=add_transaction")
        visitor.until(lambda: visitor.count("#add_transaction-body"), "the body")
        body = """{\n  "sender": "it's $HOME\\n交易",\n\t"receiver": "`b`", "amount": 1e2\n}"""
        visitor.run("const b = document.getElementById('add_transaction-body'); b.value = arguments[0];"
                    "b.dispatchEvent(new Event('input', {bubbles: true}))", body)
        line = visitor.text("[data-curl]")
        by_shell = subprocess.run(["bash", "-c", line.replace("curl ", "curl -s ", 1)], check=True, capture_output=True, timeout=30)
        answered(visitor)
        shown = json.loads(visitor.text("#body"))
        holds(f"{shown} by bash too", json.loads(by_shell.stdout) == shown)


def endless(visitor, node):
    visitor.click("form.sends [data-send]")
    visitor.wait("[data-cancel]:not([hidden])")
    urllib.request.urlopen(urllib.request.Request(node.url + "/mine_block", method="POST"), timeout=30).read()
    visitor.until(lambda: "event: block" in visitor.text("#body"), "an event in the page")
    visitor.click("[data-cancel]")
    visitor.until(lambda: visitor.text("#status") and visitor.count("form.sends [data-send]:not(:disabled)"), "the end of it")


def words_for_the_shell(program):
    """What the page writes for a shell, bash reads as it was; JSON is laid out without another digit."""
    chance = random.Random(6)
    signs = "ab '\"`$\\!\n\t;&|<>(){}[]*?~#=%@-交é😀\u202e\x7f"
    texts = ["".join(chance.choice(signs) for _ in range(chance.randrange(1, 24))) for _ in range(400)]
    with world.node(program) as node, Visitor() as visitor:
        visitor.open(node.url + "/console?call=get_chain")
        visitor.wait("form.sends")
        script = visitor.run("return [...document.scripts].find(s => s.src.endsWith('console.js')).src.replace('console', 'call')")
        quoted = visitor.run("return import(arguments[0]).then(m => arguments[1].map(m.quoted))".replace("arguments[1].map", "texts.map").replace(
            "return", "const texts = arguments[1]; return"), script, texts)
        printed = subprocess.run(["bash", "-c", "printf '%s\\0' " + " ".join(quoted)], check=True, capture_output=True, timeout=30)
        holds("bash reads what was written", printed.stdout.decode().split("\0")[:-1] == texts)
        for text in ('{"a": 12345678901234567890.10, "b": [], "c": {"d\\"": [1, NaN]}, "e": { } }', "no JSON", '["a\\\\", "{b"]'):
            laid = visitor.run("const text = arguments[1]; return import(arguments[0]).then(m => m.pretty(text))", script, text)
            bare = lambda text: re.sub(r"\s", "", text)
            holds(f"{laid} is {text}", bare(laid) == bare(text))


def troubles(program):
    """Without JavaScript all can be read; a node that is gone is no riddle; whoever cancels stops the mining."""
    with world.node(program) as node:
        with Visitor(javascript=False) as visitor:
            visitor.open(node.url + "/try/transaction")
            visitor.wait("noscript, .empty")
            source = urllib.request.urlopen(urllib.request.Request(node.url + "/try/transaction", headers={"Accept": "text/html"}), timeout=20)
            page = source.read().decode()
            holds("the line is there", "curl -d &#39;{&#34;sender&#34;: &#34;alice&#34;" in page)
            holds("no button promises what cannot be", re.search(r"<button[^>]*data-send disabled>", page))
        with Visitor() as visitor:
            visitor.open(node.url + "/try/chain")
            visitor.wait(SEND + ":not(:disabled)")
            node.stop()
            status = answered(visitor)
            holds(f"gone: {status}", status == visitor.text('[data-status="000"]'))
            holds("the step is not done", not visitor.count(DONE))
    with world.node(program, "--miner", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", network="main") as node, Visitor() as visitor:
        visitor.open(node.url + "/try/mine")
        visitor.wait(SEND + ":not(:disabled)")
        visitor.click(SEND)
        visitor.wait("[data-cancel]:not([hidden])")
        holds("the button waits", visitor.count(SEND + ":disabled"))
        visitor.click("[data-cancel]")
        visitor.until(lambda: visitor.text("#status") == visitor.text('[data-status="001"]'), "the cancelling to be said")


def weight(program, picture):
    """No page with all that it loads is heavier than 150 KiB, nothing comes from elsewhere; on a phone and in the dark too."""
    with network(program) as urls, Visitor() as visitor:
        for path in ("/try", "/try/transaction", "/try/errors", "/console", "/console?call=get_chain"):
            visitor.forget_requests()
            visitor.open(urls[0] + path)
            visitor.until(lambda: visitor.here == urls[0] + path and visitor.count("#live-state"), path)
            visitor.until(lambda: visitor.run("return document.readyState") == "complete", path)
            requests = [(url, size) for url, size in visitor.requests() if not url.endswith("/v1/events")]
            first = {url: size for url, size in reversed(requests)}
            holds(f"{path}: {sum(first.values())} bytes", sum(first.values()) <= 150 * 1024)
            holds(f"{first.keys()} are here", all(url.startswith((urls[0] + "/", "data:")) for url in first))
            for name, size, theme in (("phone", PHONE, "light"), ("dark", DESKTOP, "dark"), ("phone-dark", PHONE, "dark")):
                visitor.size(*size)
                visitor.theme(theme, urls[0])
                visitor.open(urls[0] + path)
                visitor.until(lambda: visitor.run("return document.documentElement.dataset.theme") == theme and visitor.count("footer"), "the theme")
                wide = visitor.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
                holds(f"{path} is {wide} pixels too wide on {name}", wide <= 0)
                if picture:
                    shown = re.sub(r"\W+", "-", path).strip("-")
                    visitor.picture(f"{shown}-{name}")
            visitor.size(*DESKTOP)
            visitor.theme("light", urls[0])


KINDS = {
    "classic": ["--network", "classic"],
    "dev": ["--network", "dev"],
    "dev-manual": ["--network", "dev", "--sync", "manual"],
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program", nargs="?", default="target/release/bcoin")
    arguments.add_argument("--only", default="")
    arguments.add_argument("--no-pictures", dest="pictures", action="store_false")
    given = arguments.parse_args()
    program = str(Path(given.program).resolve())
    parts = [(f"{kind} {language}", lambda k=kind, l=language: chapter(program, k, KINDS[k], l, given.pictures))
             for kind in KINDS for language in LANGUAGES]
    parts += [
        ("wrong node", lambda: wrong_node(program)),
        ("token", lambda: token(program, given.pictures)),
        ("console classic", lambda: console(program, "classic", given.pictures)),
        ("console dev", lambda: console(program, "dev", given.pictures)),
        ("words for the shell", lambda: words_for_the_shell(program)),
        ("troubles", lambda: troubles(program)),
        ("weight", lambda: weight(program, given.pictures)),
    ]
    for name, play in parts:
        if given.only not in name:
            continue
        steps = play()
        print(f"ok {name}{f': {len(steps)} steps done' if isinstance(steps, list) else ''}", flush=True)
    print(f"{CHECKS['done']} checks held")


if __name__ == "__main__":
    main()
