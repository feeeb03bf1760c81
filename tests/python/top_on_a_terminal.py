#!/usr/bin/env python3
"""`bcoin top` as a person sees it: on terminals of several sizes it shows the node, takes keys and new sizes, says that the node
is down and that it is back; and however it ends (q, Esc, Ctrl-C, SIGINT, SIGTERM) the terminal is as it was.

    top_on_a_terminal.py [--bcoin target/release/bcoin]
"""

import argparse
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60
ENTERED = "\x1b[?1049h"
LEFT = "\x1b[?1049l"
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7])(?:;\d+)*m")


class Terminal:
    """`bcoin top` on a terminal of its own."""

    def __init__(self, bcoin, columns, lines, *arguments, **environment):
        self.ours, self.theirs = pty.openpty()
        self.resize(columns, lines)
        self.was = termios.tcgetattr(self.theirs)

        def become_its_terminal():
            os.setsid()
            fcntl.ioctl(self.theirs, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [bcoin, "top", "--interval", "0.2", *arguments], stdin=self.theirs, stdout=self.theirs, stderr=self.theirs,
            env={"TERM": "xterm-256color", "PATH": os.environ["PATH"], **environment}, preexec_fn=become_its_terminal)
        self.seen = ""
        self.read_to = 0

    def resize(self, columns, lines):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def until(self, *texts):
        """Reads on until each text has come since the last call."""
        until = time.monotonic() + PATIENCE
        while not all(text in self.seen[self.read_to:] for text in texts):
            ready, _, _ = select.select([self.ours], [], [], max(0, until - time.monotonic()))
            if not ready:
                raise SystemExit(f"nothing more came that holds {texts}: {self.seen[self.read_to:]!r}")
            self.seen += os.read(self.ours, 65536).decode(errors="replace")
        self.read_to = len(self.seen)

    def type(self, keys):
        os.write(self.ours, keys.encode())

    def end(self, code):
        """Once it ended: the terminal is as it was, and shows what it showed before."""
        # Who ends writes a last time, which needs a reader.
        until = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            ready, _, _ = select.select([self.ours], [], [], 0.05)
            if ready:
                self.seen += os.read(self.ours, 65536).decode(errors="replace")
            if time.monotonic() > until:
                raise SystemExit("it does not end")
        while select.select([self.ours], [], [], 0)[0]:
            self.seen += os.read(self.ours, 65536).decode(errors="replace")
        if self.process.returncode != code:
            raise SystemExit(f"it ended with {self.process.returncode}, not {code}: {self.seen[-500:]!r}")
        if termios.tcgetattr(self.theirs) != self.was:
            raise SystemExit("the terminal's modes are not what they were")
        if self.seen.count(ENTERED) != 1 or self.seen.count(LEFT) != 1 or "\x1b[?25h" not in self.seen:
            raise SystemExit(f"the screen was not given back: {self.seen[-500:]!r}")
        os.close(self.ours)
        os.close(self.theirs)
        return self.seen


def node(bcoin, folder, port):
    process = subprocess.Popen(
        [bcoin, "node", "--port", str(port), "--data-dir", folder], stderr=subprocess.PIPE, text=True, cwd=folder)
    for line in process.stderr:
        found = re.search(r"the node answers.*address=(\S+):(\d+)", line)
        if found:
            return process, int(found[2])
    raise SystemExit("the node does not start")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bcoin", type=Path, default=ROOT / "target/release/bcoin")
    bcoin = parser.parse_args().bcoin.resolve()
    with tempfile.TemporaryDirectory() as folder:
        running, port = node(bcoin, folder, 0)
        address = f"127.0.0.1:{port}"
        try:
            ends = [("q", None, 0), ("\x1b", None, 0), ("\x03", None, 0), ("", signal.SIGINT, 130), ("", signal.SIGTERM, 143)]
            for (keys, by, code), (columns, lines) in zip(ends, [(100, 30), (40, 10), (80, 24), (200, 60), (20, 5)]):
                terminal = Terminal(bcoin, columns, lines, "--node", address)
                terminal.until(ENTERED, address[:9], *(["ready"] if columns >= 40 else []))
                if by is None:
                    terminal.type(keys)
                else:
                    terminal.process.send_signal(by)
                terminal.end(code)
            terminal = Terminal(bcoin, 100, 30, "--node", address, NO_COLOR="1")
            terminal.until("1 node up", "Waiting of")
            terminal.type("?")
            terminal.until("Keys")
            terminal.type("?p")
            terminal.until("PAUSED")
            terminal.type("p")
            terminal.resize(40, 10)
            terminal.until("Tree")
            terminal.type("\t")
            terminal.until("Blocks")
            running.kill()
            running.wait()
            terminal.until("down")
            running, _ = node(bcoin, folder, port)
            terminal.until("ready")
            terminal.type("q")
            if COLOUR.search(terminal.end(0)):
                raise SystemExit("NO_COLOR is set, and there are colours")
        finally:
            running.kill()
            running.wait()
    print("bcoin top shows a node on terminals of every size, and gives each back as it was")


if __name__ == "__main__":
    main()
