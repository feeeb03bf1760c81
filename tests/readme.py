#!/usr/bin/env python3
"""Runs what the documents show, and compares the answers.

    tests/readme.py BINARY [DOCUMENT…]     README.md, docs/chapter.md and the scripts in examples/ if none is named
    tests/readme.py BINARY --write DOCUMENT…     puts this run's answers into the documents instead

In a Markdown document every block fenced as ```console is run: lines that begin with "$ " are commands (a backslash at the
end continues one), what follows is the answer. Each document gets a fresh network of three nodes, on free ports that take
the place of 1001 to 1003 in commands and answers, in a folder that holds nodes.json and transaction.json. Blocks fenced as
```console dev run on another fresh network, `bcoin up --network dev`, with an empty wallet. A line "…" in an
answer stands for any lines. What differs with every run is masked: times, hashes and node ids, each of which must stand
for one and the same value throughout the document; durations and the program's version; on dev proofs, too. Scripts are run
one after the other on one network, with BASE set to the first port, and must end with exit code 0.

Beside that, the README must name every route that a node says it has, and no other, every command, and every setting of
`node`; and what a document of the repository links to within it must be there. The routes of coin nodes stand in the
section that shows dev.
"""

import contextlib
import difflib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENTS = ["README.md", "docs/chapter.md", "examples/chapter.sh", "examples/check_with_sha256sum.sh"]

# Values that stand for one thing each, so that the same one must come back wherever the document repeats it.
NAMED = re.compile(
    r"(?P<record>\b0x[0-9a-f]{64}\b)|(?P<hash>\b[0-9a-f]{64}\b)|(?P<short>\b[0-9a-f]{12}…)|(?P<id>\b[0-9a-f]{32}\b)"
    r"|(?P<time>\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?Z?)"
)
# Values that mean nothing beyond their moment.
FLEETING = [
    (re.compile(r'("(?:seconds_\w+|uptime_seconds)": ?)[0-9.e-]+'), r"\1<number>"),
    (re.compile(r'("version": ?)"[^"]*"'), r"\1<version>"),
    (re.compile(r"^date: .*$", re.MULTILINE), "date: <date>"),
]
# On dev half of all hashes are proofs, so that which one is found is chance.
FLEETING_ON_DEV = [
    (re.compile(r'("(?:proof|time|expected_at)": ?)\d+'), r"\1<number>"),
    (re.compile(r"(\b[0-9a-f]{64}) +\d+ +"), r"\1 <proof> "),
]
# Where the documents show the wallet; this run's is in its own folder.
WALLET = "/home/ada/.local/share/bcoin/wallet"

# The section about coin nodes, to the next of its kind.
PAGES_SECTION = re.compile(r"^## Look at it$.*?(?=^## )", re.MULTILINE | re.DOTALL)
COIN_SECTION = re.compile(r"^## A network with real coins$.*?(?=^## )", re.MULTILINE | re.DOTALL)


class Network:
    """Three nodes of a fresh network, for one document."""

    def __init__(self, binary, name="classic"):
        self.name = name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bcoin-readme-"))
        self.wallet = str(self.folder / "wallet")
        self.base = free_base()
        for file in ["nodes.json", "transaction.json"]:
            (self.folder / file).write_text(self.here((ROOT / file).read_text()))
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "bcoin").symlink_to(binary)
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("BCOIN_") and not name.lower().endswith("_proxy")
        }
        self.environment |= {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "BCOIN_NODE": f"http://127.0.0.1:{self.base}",
            "BASE": str(self.base),
            "BCOIN_WALLET_DIR": self.wallet,
            "NO_COLOR": "1",
            "COLUMNS": "120",
        }
        self.log = open(self.folder / "up.log", "w+")
        self.process = subprocess.Popen(
            [binary, "up", "--network", name, "--base-port", str(self.base), "--data-dir", "data", "--fresh"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self):
        waits_until = time.monotonic() + 60
        for port in range(self.base, self.base + 3):
            while self.get(f"http://127.0.0.1:{port}/get_chain") is None:
                if self.process.poll() is not None or time.monotonic() > waits_until:
                    self.log.seek(0)
                    text = self.log.read()
                    self.__exit__()
                    sys.exit(f"the network did not start:\n{text}")
                time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder)

    def here(self, text):
        """The book's ports as this run's."""
        text = text.replace(WALLET, self.wallet)
        return re.sub(r"\b100([123])\b", lambda found: str(self.base + int(found[1]) - 1), text)

    def there(self, text):
        """This run's ports as the book's."""
        text = text.replace(self.wallet, WALLET)
        for number in range(3):
            text = re.sub(rf"\b{self.base + number}\b", str(1001 + number), text)
        return text

    def run(self, command):
        return subprocess.run(
            ["bash", "-c", self.here(command)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # A terminal shows both, but curl's progress only when its output goes elsewhere, as here.
            stderr=subprocess.PIPE if "curl" in command else subprocess.STDOUT,
            text=True,
            timeout=60,
        )

    @staticmethod
    def get(url):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            return opener.open(url, timeout=10).read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError:
            return None


def free_base():
    """The first of three free ports. They have four digits, as the book's, so that tables keep their width."""
    candidates = list(range(2001, 9991, 10))
    random.shuffle(candidates)
    for base in candidates:
        try:
            for port in range(base, base + 3):
                with socket.socket() as taken:
                    taken.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
    sys.exit("no three free ports")


class Mask:
    """Which value of this run each value of the document stands for."""

    def __init__(self, fleeting=()):
        self.known = {}
        self.fleeting = [*FLEETING, *fleeting]

    def differ(self, expected, actual):
        """Nothing if both say the same."""
        templates, values = [], []
        for text in [expected, actual]:
            text = "\n".join(line.rstrip() for line in text.strip().splitlines())
            for pattern, mark in self.fleeting:
                text = pattern.sub(mark, text)
            values.append([found[0] for found in NAMED.finditer(text)])
            templates.append(NAMED.sub(lambda found: f"<{found.lastgroup}>", text))
        if not re.fullmatch(
            "".join(".*" if part == "…" else re.escape(part) for part in split_at_gaps(templates[0])),
            templates[1],
            re.DOTALL,
        ):
            lines = difflib.ndiff(templates[0].splitlines(), templates[1].splitlines())
            return "\n".join(lines)
        if "…" in templates[0].split("\n"):
            return None
        for ours, theirs in zip(*values):
            if self.known.setdefault(ours, theirs) != theirs:
                return f"{ours} stood for {self.known[ours]} before, here it stands for {theirs}"
        return None


def split_at_gaps(template):
    """The template in parts, of which those that are "…" alone stand for any lines."""
    parts = []
    for line in template.split("\n"):
        parts += [line, "\n"] if line != "…" else ["…"]
    if parts[-1] == "\n":
        parts.pop()
    return parts


def steps_of(lines):
    """Each command in ```console blocks: its network, the line it begins at, its text, the answer's lines."""
    networks = {"```console": "classic", "```console dev": "dev"}
    at, inside, steps = 0, None, []
    while at < len(lines):
        line = lines[at]
        if line.startswith("```"):
            inside = None if inside else networks.get(line.strip())
        elif inside and line.startswith("$ "):
            begin = at
            command = line[2:]
            while command.endswith("\\"):
                at += 1
                command += "\n" + lines[at]
            answer = at + 1
            while not lines[at + 1].startswith(("$ ", "```")):
                at += 1
            steps.append((inside, begin, command, slice(answer, at + 1)))
        at += 1
    return steps


def check_document(path, binary, write):
    with contextlib.ExitStack() as running:
        networks = {"classic": running.enter_context(Network(binary))}
        if "```console dev" in path.read_text():
            networks["dev"] = running.enter_context(Network(binary, "dev"))
        return check_on(path, networks, write)


def check_on(path, networks, write):
    lines = path.read_text().splitlines()
    steps, passed, failed = steps_of(lines), 0, 0
    masks = {"classic": Mask(), "dev": Mask(FLEETING_ON_DEV)}
    answers = []
    for name, begin, command, answer in steps:
        network, mask = networks[name], masks[name]
        result = network.run(command)
        expected = "\n".join(lines[answer])
        if write:
            gap = "…" in lines[answer]
            shown = network.there(result.stdout).strip("\n").splitlines()
            answers.append((answer, lines[answer] if gap else shown))
            continue
        differs = mask.differ(network.here(expected), result.stdout)
        if differs is None:
            passed += 1
        else:
            failed += 1
            print(f"FAILED {path.name}:{begin + 1}: {network.here(command)}\n{differs}\n{result.stderr or ''}")
    if write:
        for answer, shown in reversed(answers):
            lines[answer] = shown
        path.write_text("\n".join(lines) + "\n")
    elif path.name == "README.md":
        text = path.read_text()
        of_coin = COIN_SECTION.search(text)[0]
        missing = check_routes(text.replace(of_coin, ""), networks["classic"]) + check_routes(of_coin, networks["dev"])
        missing += check_command_line(text, networks["classic"])
        for what in missing:
            print(f"FAILED README.md: {what}")
        passed, failed = passed + (not missing), failed + len(missing)
    if not steps:
        print(f"FAILED {path.name} shows no command")
        failed += 1
    return passed, failed


def shape(path):
    """A path whatever its open places are called."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def check_routes(text, network):
    """What the table of routes has too little or too much."""
    base = f"http://127.0.0.1:{network.base}"
    routes = json.loads(network.get(f"{base}/no-such-route"))["routes"]
    there = {route.split(" ", 1)[1] for route in routes}
    there = {path for path in there if not path.startswith("/docs/")}  # the parts of the page /docs
    shown = set(re.findall(r"^\| `[A-Z, ]+ (/[^`? ]*)", text, re.MULTILINE))
    # Pages have a table of their own, for both protocols.
    pages = {shape(path) for path in re.findall(r"`(/[^`]*)`", PAGES_SECTION.search((ROOT / "README.md").read_text())[0])} - {"/"}
    lost = pages - {shape(path) for path in there}
    there = {path for path in there if shape(path) not in pages}
    table = f"the table of routes on {network.name}"
    problems = [f"the route {path} is not in {table}" for path in sorted(there - shown)]
    problems += [f"the table of pages has {path}, {network.name} has not" for path in sorted(lost)]
    for path in sorted(shown - there):
        if "/problems/unknown-path" in (network.get(base + path) or ""):
            problems.append(f"{table} has {path}, the node has not")
    return problems


def check_command_line(text, network):
    """Which commands and settings the README does not name."""
    commands = re.findall(r"^  ([a-z]+)  ", network.run("bcoin --help").stdout, re.MULTILINE)
    settings = re.findall(r"(--[a-z-]+)|env: (BCOIN_\w+)", network.run("bcoin node --help").stdout)
    wanted = [f"bcoin {command}" for command in commands] + [name for pair in settings for name in pair if name]
    wanted = sorted({name for name in wanted if name not in ("--help", "BCOIN_CONFIG")})
    if len(commands) < 10 or len(settings) < 20:
        return ["the help shows hardly any commands or settings"]
    return [f"{name} is not mentioned" for name in wanted if not re.search(rf"{re.escape(name)}\b", text)]


def check_script(path, network):
    result = subprocess.run(
        ["bash", str(path)], cwd=network.folder, env=network.environment, capture_output=True, text=True, timeout=120
    )
    if result.returncode == 0:
        return 1, 0
    print(f"FAILED {path.name} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
    return 0, 1


def check_links():
    """Whether every link from one document of the repository to another leads somewhere."""
    passed, problems = 0, []
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    for document in documents:
        text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", link):
                continue
            name, _, anchor = link.partition("#")
            target = document.parent / name if name else document
            if not target.exists():
                problems.append(f"{document.name} links to {name}, which is not there")
            elif anchor and anchor not in anchors(target.read_text()):
                problems.append(f"{document.name} links to {link}, and no heading is called so")
            else:
                passed += 1
    for problem in problems:
        print(f"FAILED {problem}")
    return (1 if passed and not problems else 0), len(problems)


def anchors(text):
    """The names that headings have in links."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def main():
    arguments = sys.argv[1:]
    write = "--write" in arguments
    arguments = [argument for argument in arguments if argument != "--write"]
    if not arguments or arguments[0].startswith("-"):
        sys.exit(__doc__)
    binary = str(pathlib.Path(arguments[0]).resolve())
    names = arguments[1:] or DOCUMENTS
    results = []
    for name in names:
        if not name.endswith(".sh"):
            results.append(check_document(ROOT / name, binary, write))
    scripts = [name for name in names if name.endswith(".sh") and not write]
    if scripts:
        with Network(binary) as network:
            results += [check_script(ROOT / name, network) for name in scripts]
    if not write:
        results.append(check_links())
    passed, failed = (sum(column) for column in zip(*results))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
