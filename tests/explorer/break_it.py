#!/usr/bin/env python3
"""Break it and Charts in a browser: a block is changed, links break, the copy is mined again, the real chain comes back.

    break_it.py PROGRAM      in both languages, on classic and on dev; pictures in target/explorer/
"""

import json
import sys
import urllib.request

from world import DESKTOP, LANGUAGES, PHONE, Visitor, node

PAGE_BYTES = 150 * 1024


def ask(url, body=None):
    request = urllib.request.Request(url, data=body and json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def state(visitor):
    return visitor.run("return document.getElementById('verdict').dataset.state")


def wait_for(visitor, wanted):
    visitor.until(lambda: state(visitor) == wanted, f"the verdict {wanted}", 30)


def blocks(visitor, wanted):
    return visitor.run("return [...document.querySelectorAll('[data-block]')].filter(b => b.dataset.state === arguments[0])"
                       ".map(b => Number(b.dataset.height))", wanted)


def open_page(visitor, url, ready):
    visitor.forget_requests()
    visitor.open(url)
    visitor.wait(ready)
    loaded = visitor.requests()
    size = sum(size for address, size in loaded if not address.endswith(("/v1/events", "/break/judge")))
    assert size <= PAGE_BYTES, f"{url} loads {size} bytes"
    host = url.split("/")[2]
    elsewhere = [address for address, _ in loaded if not address.startswith(f"http://{host}/")]
    assert not elsewhere, f"{url} asks {elsewhere}"
    return size


def fits(visitor):
    wide = visitor.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{visitor.here} is {wide} pixels too wide"


def classic(program):
    with node(program, "--miner", "Ada") as one, Visitor() as visitor:
        for amount in range(6):
            ask(one.url + "/add_transaction", {"sender": "alice", "receiver": "bob <b>", "amount": amount + 0.5})
            ask(one.url + "/mine_block")
        tip = ask(one.url + "/v1/node")["tip"]
        verdicts = {}
        for language in LANGUAGES:
            visitor.speak(language, one.url)
            visitor.size(*DESKTOP)
            size = open_page(visitor, one.url + "/break", ".buttons:not([hidden])")
            assert state(visitor) == "real"
            visitor.picture(f"break-{language}")
            # A change in block 4 breaks the link that block 5 is.
            visitor.type('[data-height="4"] input[name="transactions.0.amount"]', "1000000")
            wait_for(visitor, "broken")
            assert blocks(visitor, "broken") == [5] and blocks(visitor, "other") == [4], visitor.text("#verdict")
            assert visitor.count('[data-height="5"] input[name="previous_hash"][aria-invalid="true"]') == 1
            assert "previous_hash" in visitor.text('[data-height="5"] .faults li')
            verdicts[language] = visitor.text("#verdict")
            visitor.picture(f"break-{language}-broken")
            # Mined again, it is a forgery that breaks no rule.
            visitor.click("#mine")
            wait_for(visitor, "other")
            assert blocks(visitor, "other") == [4, 5, 6, 7] and not blocks(visitor, "broken")
            assert visitor.count("#mined li") == 3
            visitor.picture(f"break-{language}-mined")
            # Half a number is no JSON, and the block's own fault; the one behind cannot be checked.
            visitor.type('[data-height="6"] input[name="proof"]', "-")
            wait_for(visitor, "broken")
            assert blocks(visitor, "broken") == [6], blocks(visitor, "broken")
            visitor.click("button[type=reset]")
            wait_for(visitor, "real")
            assert not blocks(visitor, "other") and visitor.count(".faults:not([hidden])") == 0
            # The last block's transactions: nothing sees it, and the page says so.
            visitor.type('[data-height="7"] input[name="transactions.0.sender"]', "mallory")
            wait_for(visitor, "other")
            assert blocks(visitor, "other") == [7]
            visitor.size(*PHONE)
            fits(visitor)
            visitor.picture(f"break-{language}-phone")
            print(f"classic {language}: {size} bytes; {verdicts[language]}")
        assert verdicts["en"] != verdicts["zh-CN"]
        assert ask(one.url + "/v1/node")["tip"] == tip, "the chain has changed"
        charts(visitor, one, "classic")
        assert not visitor.complaints()
    with node(program, "--miner", "Ada") as one, Visitor(javascript=False) as visitor:
        visitor.open(one.url + "/break")
        assert visitor.count(".copy input[readonly]") >= 4 and visitor.count("#mine") == 1


def coin(program):
    with node(program, network="dev") as one, Visitor() as visitor:
        for _ in range(4):
            ask(one.url + "/mine_block")
        for language in LANGUAGES:
            visitor.speak(language, one.url)
            visitor.size(*DESKTOP)
            size = open_page(visitor, one.url + "/break", ".buttons:not([hidden])")
            visitor.type('[data-height="2"] input[name="record.state_root"]', "0x" + "0" * 64)
            wait_for(visitor, "broken")
            assert blocks(visitor, "broken") == [2, 3], visitor.text("#verdict")
            visitor.click("#mine")
            visitor.wait("#mined:not([hidden]) li")
            assert visitor.count("#mined li") == 4
            visitor.click("#mined summary")
            visitor.picture(f"break-coin-{language}")
            visitor.size(*PHONE)
            fits(visitor)
            visitor.picture(f"break-coin-{language}-phone")
            print(f"dev {language}: {size} bytes; {visitor.text('#mined summary')}")
        charts(visitor, one, "dev")
        assert not visitor.complaints()


def charts(visitor, one, network):
    for language, dark in zip(LANGUAGES, (False, True)):
        visitor.speak(language, one.url)
        visitor.theme("dark" if dark else "light", one.url)
        visitor.size(*DESKTOP)
        size = open_page(visitor, one.url + "/charts", "svg.chart")
        before = visitor.text("#charts > p")
        ask(one.url + "/mine_block")
        visitor.until(lambda: visitor.text("#charts > p") != before, "the charts to follow the chain")
        strokes = visitor.run("return [...new Set([...document.querySelectorAll('svg.chart :is(polyline, rect, line)')]"
                              ".map(e => getComputedStyle(e).stroke + getComputedStyle(e).fill))]")
        assert not any("rgb(0, 0, 1" in colour for colour in strokes), f"a marker's colour is seen: {strokes}"
        visitor.picture(f"charts-{network}-{language}")
        visitor.size(*PHONE)
        fits(visitor)
        visitor.picture(f"charts-{network}-{language}-phone")
        print(f"charts of {network} in {language}: {size} bytes")


def main():
    program = sys.argv[1]
    classic(program)
    coin(program)


if __name__ == "__main__":
    main()
