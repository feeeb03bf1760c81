"""A network parts, both sides mine, and it heals, seen on the pages: partition.py BCOIN [--only classic|coin|by_hand]…

Three nodes follow others by themselves. Two of them are a network, the third is one of its own; both sides mine. Then a node is told of
the other side: its page shows two tips. One more block decides: the pages show one tip, the displaced blocks greyed, and the transactions
of the losing side waiting again. Then the same by hand, with chains that lie side by side until they are told to meet, several times, so
that the slider has steps. Every wait is bounded.
"""

import argparse
import contextlib
import json
import subprocess
import sys

from world import DESKTOP, PHONE, Visitor, node

HOSTILE = "<img src=x onerror=document.title='broken'>\u202egnp.exe"
# The first accounts of the network dev, whose keys everybody has.
FIRST, SECOND = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
HEALING = 60


def expect(holds, what):
    if not holds:
        raise AssertionError(what)


def mine(one, blocks=1):
    for _ in range(blocks):
        answer = one.get("/mine_block")
        expect(answer.status == 200, f"{one} does not mine: {answer}")


def tip(one):
    return one.get("/v1/node").json()["tip"]


def pay_classic(one, sender, receiver):
    answer = one.post("/add_transaction", json.dumps({"sender": sender, "receiver": receiver, "amount": 5}))
    expect(answer.status == 201, f"add_transaction: {answer}")


def pay_coin(one, value):
    call = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendTransaction", "params": [{"from": FIRST, "to": SECOND, "value": hex(value)}]}
    answer = one.post("/rpc", json.dumps(call)).json()
    expect("result" in answer, f"eth_sendTransaction: {answer}")
    return answer["result"]


class Sides:
    """`alone` on one side; `left` and `right` on the other."""

    def __init__(self, network, alone, left, right):
        self.network, self.alone, self.left, self.right = network, alone, left, right
        self.all = [alone, left, right]
        # Hashes on coin; on classic who pays.
        self.fallen = []

    def part(self):
        expect(self.left.connect([self.right]).status == 201, "connect_node")
        if self.network == "classic":
            for sender in ("alice", HOSTILE):
                pay_classic(self.alone, sender, "bob")
            self.fallen = ["alice", HOSTILE]
            mine(self.alone, 2)
            mine(self.left, 2)
        else:
            # On dev each is mined before it is answered.
            self.fallen = [pay_coin(self.alone, 10**18), pay_coin(self.alone, 2 * 10**18)]
            mine(self.left, 2)


def displaced_of(one):
    blocks = one.get("/v1/network").json()["blocks"]
    return [block["hash"] for block in blocks if not block["on_chain"]]


def parts_and_heals(visitor, sides):
    name = sides.network
    sides.part()
    watcher, loser = sides.right, sides.alone
    visitor.until(lambda: tip(sides.left) == tip(watcher), "the two of one side to hold one chain")
    expect(tip(loser) != tip(watcher), "both sides stand on one block")
    losing = tip(loser)["hash"]

    visitor.open(watcher.url + "/network")
    visitor.until(lambda: "1" == visitor.run("return document.getElementById('network-summary').dataset.tips"), "one tip on its side")
    expect(watcher.connect([loser]).status == 201, "connect_node")

    # Live, without loading the page again: the other side's branch and who stands on it.
    def state():
        summary = visitor.run("return {...document.getElementById('network-summary').dataset}")
        return summary["seen"], summary["tips"]

    visitor.until(lambda: state() == ("3", "2"), "three nodes on two tips", HEALING)
    visitor.until(lambda: visitor.count(f"#tree .elsewhere[data-key='{losing}'], #tree .beside[data-key='{losing}']"), "the other branch in the tree")
    badges = visitor.run("return [...document.querySelectorAll('#tree .block')].map(b => [b.dataset.key, b.querySelectorAll('.letter').length])")
    standing = sorted(count for _, count in badges if count)
    expect(standing == [1, 2], f"who stands where: {badges}")
    rows = visitor.texts("#tree-rows tbody tr")
    expect(len(rows) == visitor.count("#tree .block") or visitor.count("#tree .fold"), f"the table has other blocks: {rows}")
    visitor.picture(f"{name}-partition")
    for look, size in (("phone", PHONE), ("desktop", DESKTOP)):
        visitor.size(*size)
        if look == "phone":
            visitor.theme("dark", watcher.url)
            visitor.speak("zh-CN", watcher.url)
            visitor.open(watcher.url + "/network")
            visitor.until(lambda: state() == ("3", "2"), "two tips on the phone")
            visitor.wait("#tree .block.elsewhere, #tree .block.beside")
            wide = visitor.run("return document.documentElement.scrollWidth")
            expect(wide <= PHONE[0], f"the page is {wide} wide on a phone")
            visitor.picture(f"{name}-partition-phone-dark-chinese")
            visitor.theme("light", watcher.url)
            visitor.speak("en", watcher.url)
    visitor.open(watcher.url + "/network")
    visitor.until(lambda: state() == ("3", "2"), "two tips once more")

    # One block more on one side, and everybody is there.
    mine(sides.left)
    visitor.until(lambda: state() == ("3", "1"), "one tip", HEALING)
    visitor.until(lambda: tip(loser) == tip(sides.left) == tip(watcher), "one chain", HEALING)
    visitor.picture(f"{name}-healed")

    # On the side that lost: its blocks greyed in the tree, and in the replay what fell out.
    visitor.open(loser.url + "/network")
    gone = displaced_of(loser)
    expect(losing in gone and len(gone) >= 2, f"displaced: {gone}")
    for block in gone:
        visitor.wait(f"#tree .block.beside[data-key='{block}']")
    grey = visitor.run("const box = document.querySelector('#tree .block.beside rect');"
                       "const style = getComputedStyle(box); return [style.stroke, style.strokeDasharray]")
    chain = visitor.run("return getComputedStyle(document.querySelector('#tree .block.chain rect')).stroke")
    expect(grey[0] != chain and grey[1] != "none", f"displaced blocks look like the others: {grey}, {chain}")
    marks = visitor.texts("#tree .block.beside a > text")
    expect(marks and all(mark.startswith("✕") for mark in marks), f"by colour alone: {marks}")
    shown = visitor.run("return [...document.querySelectorAll('[data-displaced]')].map(e => e.dataset.displaced)")
    expect(set(shown) <= set(gone) and losing in shown, f"the replay shows {shown} of {gone}")
    expect(visitor.count("[data-connected]") == 3, "the replay shows the blocks that connected")
    back = visitor.texts("#replay tr[data-fate='waits'] td:first-child")
    expect(len(back) == 2, f"came back: {back}")
    for fallen in sides.fallen:
        listed = fallen if name == "classic" else fallen[:10]
        expect(any(listed in text for text in back), f"{fallen} is not among {back}")
    expect(visitor.count("#content img") == 0 and visitor.run("return document.title") != "broken", "a name became a part of the page")
    visitor.picture(f"{name}-replay")
    expect(not visitor.complaints(), "the browser complains")
    print(f"{name}: two tips, one tip, {len(gone)} blocks greyed, {len(back)} transactions came back", flush=True)


def automatic(program, network):
    more = [] if network == "classic" else ["--miner", SECOND]
    with contextlib.ExitStack() as ends:
        start = lambda prepare=None: ends.enter_context(node(program, *more, network="classic" if network == "classic" else "dev", sync="auto", prepare=prepare))
        alone = start()
        prepare = None
        if network == "classic":
            # Both sides begin with the same three blocks, as after a real partition.
            mine(alone, 2)
            chain = alone.get("/get_chain").body

            def prepare(folder):
                subprocess.run([program, "import", "-", "--data-dir", folder], input=chain, check=True, stdout=subprocess.DEVNULL)

        sides = Sides(network, alone, start(prepare), start(prepare))
        parts_and_heals(ends.enter_context(Visitor()), sides)


def by_hand(program):
    """The default network: nothing moves until it is told to, and the page still sees all chains."""
    with contextlib.ExitStack() as ends:
        one, other = (ends.enter_context(node(program)) for _ in range(2))
        visitor = ends.enter_context(Visitor())
        for here, there in ((one, other), (other, one)):
            expect(here.connect([there]).status == 201, "connect_node")
        visitor.open(one.url + "/network")
        mine(other, 3)
        visitor.wait("#tree .block.elsewhere")
        tips = lambda: visitor.run("return document.getElementById('network-summary').dataset.tips")
        visitor.until(lambda: tips() == "2", "two chains side by side")
        visitor.picture("by-hand-apart")
        for round in range(3):
            expect(one.get("/replace_chain").status == 200, "replace_chain")
            visitor.until(lambda: tips() == "1", "one tip")
            pay_classic(one, f"round {round}", "bob")
            mine(one)
            mine(other, 2)
            visitor.until(lambda: tips() == "2", "two tips")
        expect(one.get("/replace_chain").status == 200, "replace_chain")
        visitor.until(lambda: visitor.run("return document.getElementById('replay-slider')?.max") == "4", "four steps")
        # The slider, as a person moves it with keys.
        newest = visitor.run("return document.getElementById('replay-at').dataset.number")
        visitor.run("document.getElementById('replay-slider').focus()")
        visitor.press("\ue012")
        visitor.until(lambda: visitor.run("return document.getElementById('replay-at').dataset.number") != newest, "an older step")
        expect("reorg=" in visitor.here, f"the step is not in the address: {visitor.here}")
        expect("round 1" in visitor.text("#replay tbody"), visitor.text("#replay"))
        expect("round 2" not in visitor.text("#replay tbody"), visitor.text("#replay"))
        visitor.picture("by-hand-replay")
        expect(not visitor.complaints(), "the browser complains")
        # What cannot be asked, and what answers with something else.
        other.stop()
        visitor.wait("#graph .node.gone", 30)
        visitor.picture("by-hand-unreachable")
    with node(program) as one, node(program) as other, Visitor(javascript=False) as visitor:
        expect(one.connect([other]).status == 201, "connect_node")
        for _ in range(2):
            mine(one)
            mine(other, 2 + 2)
            expect(one.get("/replace_chain").status == 200, "replace_chain")
        visitor.open(one.url + "/network")
        visitor.wait("#replay-at")
        expect(not visitor.run("return document.getElementById('replay-slider').getClientRects().length"), "a slider that does nothing is shown")
        at = visitor.run("return document.getElementById('replay-at').dataset.number")
        visitor.click("#replay .pager a")
        visitor.until(lambda: visitor.run("return document.getElementById('replay-at').dataset.number") != at, "an older step by its link")
    print("by hand: two chains, four reorganisations, slider and links", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bcoin", help="the program under test")
    parser.add_argument("--only", action="append", choices=["classic", "coin", "by_hand"])
    options = parser.parse_args()
    for part in options.only or ["classic", "coin", "by_hand"]:
        if part == "by_hand":
            by_hand(options.bcoin)
        else:
            automatic(options.bcoin, part)
    return 0


if __name__ == "__main__":
    sys.exit(main())
