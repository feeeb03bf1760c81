"""Drives one server with wrk and says what came of it; installs wrk and nginx from Debian when root."""

import json
import os
import shutil
import subprocess
import time
from itertools import count
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "load.lua"
QUIET = 0.9
runs = count(1)


def install(*programs):
    """Debian's nginx-light and wrk. No service is started: the benchmark runs nginx on a port of its own."""
    packages = {"wrk": "wrk", "nginx": "nginx-light"}
    missing = [packages[program] for program in programs if not find(program)]
    if not missing:
        return
    if os.geteuid() != 0:
        raise SystemExit(f"missing: {', '.join(missing)}; install with apt-get, or run this as root")
    # In run level 1 Debian's invoke-rc.d starts nothing.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run(["apt-get", "-qq", "update"], check=True, env=quiet, stdout=subprocess.DEVNULL)
    command = ["apt-get", "-qq", "install", "--no-install-recommends", *missing]
    subprocess.run(command, check=True, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def find(program):
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


def idle_share(seconds=0.5):
    """How much of the machine had nothing to do just now."""

    def ticks():
        counts = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return counts[3], sum(counts)

    idle, total = ticks()
    time.sleep(seconds)
    idle_after, total_after = ticks()
    return (idle_after - idle) / max(1, total_after - total)


def wait_for_quiet(patience):
    """Waits until others leave the machine alone, at most `patience` seconds: every commit waits for a free core."""
    end = time.monotonic() + patience
    while time.monotonic() < end and idle_share() < QUIET:
        pass


def wrk(url, connections, seconds, add=False, body=None):
    """What wrk measured: `rate` of whole answers a second, `mib_per_second`, percentiles."""
    work = ["add", f"bench {next(runs)}"] if add else ["get"] if body is None else ["post", body]
    command = [
        find("wrk"), "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s",
        "--timeout", "30s", "--script", str(SCRIPT), url, "--", *work,
    ]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    line = next((line for line in text.splitlines() if line.startswith("FIGURES ")), None)
    if line is None:
        raise RuntimeError(f"wrk printed no figures:\n{text}")
    figures = json.loads(line.removeprefix("FIGURES "))
    if figures["refused"]:
        raise RuntimeError(f"{url} refused {figures['refused']} of {figures['requests']} requests")
    figures["rate"] = figures["requests"] / figures["seconds"]
    figures["mib_per_second"] = figures["bytes"] / figures["seconds"] / 2**20
    return figures
