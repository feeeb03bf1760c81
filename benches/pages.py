"""The explorer on a long chain, and under many events.

    python3 benches/pages.py                        how fast each page answers on 1,000,000 classic blocks
    python3 benches/pages.py --live 600             how a page bears 50 events a second for ten minutes (needs chromium)
    python3 benches/pages.py --blocks 50000 --requests 50 --live 20     shows that it runs, proves nothing

Answers come over loopback, one at a time on one connection, and beside each stands /livez of the same node in the same run: what HTTP
alone takes. The names and heights that are asked for are drawn anew each time, so that no page is answered from what was just read.
"""

import argparse
import http.client
import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "python"), str(ROOT / "tests" / "explorer")]

import chains
import nodes

WANTED_MS = 50
WANTED_LONG_TASK_MS = 100
EVENTS_A_SECOND = 50


def started(program, blocks):
    """A node of a folder with that many blocks; the folder is kept for the next time."""
    folder = chains.WORK / f"pages-{blocks}"
    if not (folder / "chain.redb").exists():
        subprocess.run([program, "import", str(chains.chain_file(blocks)), "--data-dir", str(folder)], check=True)
    port = nodes.free_port()
    node = nodes.Node([program, "node", "--port", str(port), "--data-dir", str(folder)], port, chains.WORK / "pages.log")
    node.spawn().wait_ready("/readyz", 60)
    return node


def kinds(node, blocks, draw):
    """Each kind of page with a way to draw an address of it."""
    tip = node.get("/v1/node").json()["tip"]["hash"]
    height = lambda: draw.randint(1, blocks)
    return {
        "/": lambda: "/",
        "/chain": lambda: "/chain",
        "/chain?from=H": lambda: f"/chain?from={height()}",
        "/block/H": lambda: f"/block/{height()}",
        "/block/HASH": lambda: f"/block/{tip}",
        "/transaction/H-0": lambda: f"/transaction/{draw.randint(2, blocks)}-0",
        "/account/NAME in every block": lambda: "/account/Meghna",
        "/account/NAME in none": lambda: "/account/" + quote(f"nobody {height()}"),
        "/waiting": lambda: "/waiting",
        "/search?q=HEIGHT (to the block)": lambda: f"/search?q={height()}",
        "/search?q=unknown": lambda: f"/search?q=unknown{height()}",
        "/network": lambda: "/network",
        "/try": lambda: "/try",
        "/try/mine": lambda: "/try/mine",
        "/console": lambda: "/console",
        "/break": lambda: "/break",
        "/break?from=H": lambda: f"/break?from={height()}",
        "/charts": lambda: "/charts",
        "/charts?blocks=1000": lambda: "/charts?blocks=1000",
    }


def times(node, address, requests):
    """Milliseconds of each answer, and the largest answer's bytes."""
    connection = http.client.HTTPConnection(nodes.LOOPBACK, node.port, timeout=60)
    took, largest = [], 0
    for _ in range(requests):
        path = address()
        began = time.perf_counter()
        connection.request("GET", path, headers={"Accept": "text/html"})
        answer = connection.getresponse()
        body = answer.read()
        took.append((time.perf_counter() - began) * 1000)
        largest = max(largest, len(body))
        if answer.status not in (200, 303, 404):
            raise SystemExit(f"GET {path}: {answer.status} {body[:300]!r}")
    connection.close()
    return sorted(took), largest


def share(sorted_times, part):
    return sorted_times[min(len(sorted_times) - 1, int(len(sorted_times) * part))]


def answers(node, blocks, requests, seed):
    draw = random.Random(seed)
    print(f"{blocks:,} blocks, {requests} requests a page (seed {seed}); wanted: p99 of at most {WANTED_MS} ms")
    print(f"{'page':34} {'p50 ms':>8} {'p99 ms':>8} {'most ms':>8} {'of /livez':>10} {'KiB':>6}")
    slow = []
    # The index of names is made while the node answers.
    end = time.monotonic() + 120
    while time.monotonic() < end and b"data-making" in node.get("/account/Meghna").body:
        time.sleep(0.2)
    for name, address in kinds(node, blocks, draw).items():
        bare, _ = times(node, lambda: "/livez", requests)
        took, largest = times(node, address, requests)
        p99 = share(took, 0.99)
        ratio = share(took, 0.5) / share(bare, 0.5)
        print(f"{name:34} {share(took, 0.5):8.2f} {p99:8.2f} {took[-1]:8.2f} {ratio:9.1f}x {largest / 1024:6.1f}", flush=True)
        if p99 > WANTED_MS:
            slow.append(name)
    print(f"resident memory: {node.memory() / 2**20:.0f} MiB")
    print("all within what is wanted" if not slow else f"slower than wanted: {', '.join(slow)}")


def events(node, rate, end, sent):
    """Hands in transactions at this rate, and mines every second, until `end`."""
    connection = http.client.HTTPConnection(nodes.LOOPBACK, node.port, timeout=60)
    began, number = time.monotonic(), 0
    while time.monotonic() < end:
        number += 1
        if number % rate == 0:
            connection.request("POST", "/mine_block")
        else:
            body = json.dumps({"sender": f"sender {number}", "receiver": "live", "amount": number})
            connection.request("POST", "/add_transaction", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
        sent[0] = number
        time.sleep(max(0, began + number / rate - time.monotonic()))


def live(node, seconds, paths):
    """What a page that is looked at does meanwhile: its longest tasks, and its memory after collecting what is garbage."""
    from world import Visitor

    print(f"{EVENTS_A_SECOND} events a second for {seconds} s a page; wanted: no task above {WANTED_LONG_TASK_MS} ms, memory flat")
    for path in paths:
        sent = [0]
        began = time.monotonic()
        end = began + seconds
        worker = threading.Thread(target=events, args=(node, EVENTS_A_SECOND, end, sent))
        with Visitor() as visitor:
            visitor.open(node.url + path)
            visitor.run("window.tasks = []; new PerformanceObserver(list => list.getEntries().forEach(e => window.tasks.push(e.duration)))"
                        ".observe({type: 'longtask'}); return true")
            visitor.cdp("Performance.enable")
            worker.start()
            heaps = []
            while time.monotonic() < end:
                time.sleep(min(10, max(0.1, end - time.monotonic())))
                visitor.cdp("HeapProfiler.collectGarbage")
                figures = {entry["name"]: entry["value"] for entry in visitor.cdp("Performance.getMetrics")["metrics"]}
                heaps.append((figures["JSHeapUsedSize"] / 2**20, int(figures["Nodes"])))
            tasks = visitor.run("return window.tasks")
            worker.join()
            took = time.monotonic() - began
        print(f"{path:10} {sent[0]:,} events ({sent[0] / took:.0f}/s), tasks above 50 ms: {len(tasks)}, longest {max(tasks, default=0):.0f} ms; "
              f"heap {heaps[0][0]:.1f} MiB after 10 s, {heaps[-1][0]:.1f} MiB at the end, {max(h for h, _ in heaps):.1f} at most; "
              f"nodes of the document {heaps[0][1]:,} and {heaps[-1][1]:,}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bcoin", default=nodes.release("bcoin"))
    parser.add_argument("--blocks", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--live", type=int, metavar="SECONDS", help="per page, instead of the answers")
    parser.add_argument("--page", action="append", help="which pages to look at live; all with live parts by default")
    options = parser.parse_args()
    node = started(options.bcoin, options.blocks)
    try:
        if options.live:
            live(node, options.live, options.page or ["/", "/chain", "/waiting", "/network", "/charts"])
        else:
            answers(node, options.blocks, options.requests, options.seed)
    finally:
        node.stop()


if __name__ == "__main__":
    main()
