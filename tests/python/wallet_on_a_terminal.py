#!/usr/bin/env python3
"""`bcoin wallet` as a person sees it: a terminal that shows what it should, and hides what is typed in secret.

New words are shown, asked about and taken off the screen; passwords, words and keys never come back from the terminal;
no coin moves and no key is printed without a yes. However a command ends, the terminal is as it was.

    wallet_on_a_terminal.py [--bcoin target/release/bcoin]
"""

import argparse
import fcntl
import json
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
WORDS = "test test test test test test test test test test test junk"
FIRST = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
FIRST_KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
SECOND = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
PASSWORD = "correct horse"
PATIENCE = 60


class Terminal:
    """One command on a terminal of its own."""

    def __init__(self, bcoin, folder, *arguments, term="xterm"):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {"BCOIN_WALLET_DIR": str(folder), "TERM": term, "PATH": os.environ["PATH"]}

        def become_its_terminal():
            os.setsid()
            fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [bcoin, "wallet", *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
            preexec_fn=become_its_terminal)
        os.close(theirs)
        self.ours = ours
        self.seen = ""
        self.read_to = 0

    def read(self, until):
        """Reads what comes until a time; False at the end."""
        ready, _, _ = select.select([self.ours], [], [], max(0, until - time.monotonic()))
        if not ready:
            raise SystemExit(f"nothing more came: {self.seen!r}")
        try:
            data = os.read(self.ours, 4096)
        except OSError:
            data = b""
        self.seen += data.decode()
        return bool(data)

    def until(self, text):
        """What the terminal shows up to a text, since the last one."""
        until = time.monotonic() + PATIENCE
        while text not in self.seen[self.read_to:]:
            if not self.read(until):
                raise SystemExit(f"it ended before {text!r}: {self.seen!r}")
        end = self.seen.index(text, self.read_to) + len(text)
        shown = self.seen[self.read_to:end]
        self.read_to = end
        return shown

    def type(self, line):
        os.write(self.ours, (line + "\n").encode())

    def type_unseen(self, line):
        """Types once the terminal was told to be silent, which comes a moment after the question."""
        until = time.monotonic() + PATIENCE
        while termios.tcgetattr(self.ours)[3] & termios.ECHO:
            if time.monotonic() > until:
                raise SystemExit(f"the terminal would show what is typed: {self.seen!r}")
            time.sleep(0.001)
        self.type(line)

    def is_loud(self):
        """Whether the terminal shows what is typed, line by line, as a shell leaves it."""
        both = termios.ECHO | termios.ICANON
        return termios.tcgetattr(self.ours)[3] & both == both

    def type_while_a_password_is_checked(self, line):
        """Types once the terminal takes lines again, which is after the last password was read."""
        until = time.monotonic() + PATIENCE
        while not termios.tcgetattr(self.ours)[3] & termios.ICANON:
            if time.monotonic() > until:
                raise SystemExit(f"the password is still being read: {self.seen!r}")
            time.sleep(0.001)
        self.type(line)

    def end(self, code):
        """Everything that was shown, once the command ended as it should."""
        until = time.monotonic() + PATIENCE
        while self.read(until):
            pass
        os.close(self.ours)
        ended = self.process.wait(PATIENCE)
        if ended != code:
            raise SystemExit(f"it ended with {ended}, not {code}: {self.seen!r}")
        return self.seen


def hidden(seen, *secrets):
    for secret in secrets:
        if secret in seen:
            raise SystemExit(f"the terminal shows {secret!r}: {seen!r}")


def expect(holds, what, seen):
    if not holds:
        raise SystemExit(f"{what}: {seen!r}")


def numbered_words(shown):
    found = re.findall(r"(\d+)\. (\S+)", shown)
    return {int(number): word for number, word in found}


def new_words_are_shown_asked_about_and_taken_off(bcoin):
    with tempfile.TemporaryDirectory() as folder:
        wallet = Path(folder) / "wallet"
        terminal = Terminal(bcoin, wallet, "new", "--name", "savings", "--passphrase")
        terminal.until("Password for the key files (not shown): ")
        terminal.type_unseen(PASSWORD)
        terminal.until("The same again (not shown): ")
        terminal.type_unseen("another")
        terminal.until("The two differ.")
        for _ in range(2):
            terminal.until("(not shown): ")
            terminal.type_unseen(PASSWORD)
        terminal.until("Passphrase for the words (not shown): ")
        terminal.type_unseen("open sesame")
        terminal.until("The same again (not shown): ")
        terminal.type_unseen("open sesame")
        words = numbered_words(terminal.until("not shown again."))
        expect(sorted(words) == list(range(1, 13)), "it shows other than 12 words", terminal.seen)
        # Once a wrong one, then those it asks for.
        number = terminal.until(" is: ")
        terminal.type("wrong")
        terminal.until("It is another.")
        for _ in range(2):
            number = int(re.search(r"Word number (\d+) is: $", terminal.until(" is: ")).group(1))
            terminal.type(words[number])
        seen = terminal.end(0)
        hidden(seen, PASSWORD, "sesame")
        up, after = re.search(r"\x1b\[(\d+)A\x1b\[J(.*)", seen, re.S).groups()
        # From the first line of the words to the last answer: the cursor goes back over all of them.
        from_words = seen[seen.index("\r\nWrite these words"):seen.index("\x1b[")]
        expect(from_words.count("\n") == int(up), "it clears another number of lines", seen)
        # One by one they may stand in what else is said; in their order and with their numbers they may not.
        expect(not numbered_words(after), "it shows the words again", after)
        hidden(after, " ".join(words.values()))
        address = re.search(r"0x[0-9A-Fa-f]{40}", after).group(0)
        for file in wallet.rglob("*"):
            hidden(file.read_text(), " ".join(words.values()))
        passphrase = Path(folder) / "passphrase"
        passphrase.touch(mode=0o600)
        passphrase.write_text("open sesame\n")
        derived = subprocess.run(
            [bcoin, "wallet", "address", "--index", "0", "--file", "-", "--passphrase-file", str(passphrase)],
            input=" ".join(words[number] for number in range(1, 13)), text=True, capture_output=True, check=True)
        expect(derived.stdout.strip() == address, "the words give another address", derived.stdout)


def who_did_not_write_them_down_has_no_wallet(bcoin):
    with tempfile.TemporaryDirectory() as folder:
        wallet = Path(folder) / "wallet"
        terminal = Terminal(bcoin, wallet, "new", term="dumb")
        for _ in range(2):
            terminal.until("(not shown): ")
            terminal.type_unseen(PASSWORD)
        for _ in range(3):
            terminal.until(" is: ")
            terminal.type("wrong")
        seen = terminal.end(1)
        expect("nothing was kept" in seen and "\x1b" not in seen, "it says something else", seen)
        expect(not wallet.exists(), "it left a folder", str(wallet))


def what_is_imported_is_not_shown(bcoin):
    for secret, addresses in [(WORDS, [FIRST, SECOND]), (FIRST_KEY, [FIRST])]:
        with tempfile.TemporaryDirectory() as folder:
            terminal = Terminal(bcoin, Path(folder) / "wallet", "import", "--count", str(len(addresses)))
            terminal.until("Words or private key (not shown): ")
            terminal.type_unseen(secret)
            for _ in range(2):
                terminal.until("(not shown): ")
                terminal.type_unseen(PASSWORD)
            seen = terminal.end(0)
            hidden(seen, secret, "junk", PASSWORD)
            expect(all(address in seen for address in addresses), "it shows other addresses", seen)


def sign(bcoin, wallet, *more):
    return Terminal(
        bcoin, wallet, "send", "--offline", "--nonce", "0", "--chain-id", "31337", "--fee", "1000000001", "--to", SECOND,
        "--amount", "1.5", *more)


def nothing_happens_without_a_yes(bcoin):
    with tempfile.TemporaryDirectory() as folder:
        wallet = Path(folder) / "wallet"
        terminal = Terminal(bcoin, wallet, "import")
        for text in (FIRST_KEY, PASSWORD, PASSWORD):
            terminal.until("(not shown): ")
            terminal.type_unseen(text)
        terminal.end(0)
        for answer in ("n", "", "yess"):
            terminal = sign(bcoin, wallet)
            shown = terminal.until("Sign it? [y/N] ")
            expect("1.500021000000021" in re.sub(r"\x1b\[\d*m", "", shown), "no total is shown", shown)
            terminal.type(answer)
            seen = terminal.end(1)
            expect("nothing was sent" in seen and "0x02" not in seen, "something was signed", seen)
        terminal = sign(bcoin, wallet)
        terminal.until("[y/N] ")
        terminal.type("y")
        terminal.until("(not shown): ")
        terminal.type_unseen("wrong")
        terminal.until("Try again.")
        terminal.until("(not shown): ")
        terminal.type_unseen(PASSWORD)
        seen = terminal.end(0)
        hidden(seen, PASSWORD)
        expect("0x02f8" in seen, "no signed transaction is shown", seen)
        terminal = Terminal(bcoin, wallet, "export", "--private-key", "--json")
        terminal.until("[y/N] ")
        terminal.type("no")
        hidden(terminal.end(1), FIRST_KEY)
        terminal = Terminal(bcoin, wallet, "export", "--private-key", "--json")
        terminal.until("[y/N] ")
        terminal.type("yes")
        terminal.until("(not shown): ")
        terminal.type_unseen(PASSWORD)
        seen = terminal.end(0)
        told = json.loads(seen.splitlines()[-1])
        expect(told == {"address": FIRST, "private_key": "0x" + FIRST_KEY}, "another key is shown", seen)
        terminal = Terminal(bcoin, wallet, "export", "--private-key", "--yes")
        for _ in range(3):
            terminal.until("(not shown): ")
            terminal.type_unseen("wrong")
        expect("the password is wrong" in terminal.end(1), "three wrong passwords are taken", terminal.seen)


def a_signal_in_a_prompt_leaves_the_terminal_as_it_was(bcoin):
    with tempfile.TemporaryDirectory() as folder:
        for interrupt, code in (
            (lambda terminal: os.write(terminal.ours, b"\x03"), 130),
            (lambda terminal: terminal.process.send_signal(signal.SIGINT), 130),
            (lambda terminal: terminal.process.send_signal(signal.SIGTERM), 143),
        ):
            terminal = Terminal(bcoin, Path(folder) / "wallet", "new")
            terminal.until("(not shown): ")
            until = time.monotonic() + PATIENCE
            while terminal.is_loud() and time.monotonic() < until:
                time.sleep(0.001)
            interrupt(terminal)
            ended = terminal.process.wait(PATIENCE)
            expect(ended == code, f"it ended with {ended}, not {code}", terminal.seen)
            expect(terminal.is_loud(), "the terminal stays silent", terminal.seen)
            os.close(terminal.ours)


def what_is_typed_while_a_password_is_checked_is_not_shown(bcoin):
    with tempfile.TemporaryDirectory() as folder:
        wallet = Path(folder) / "wallet"
        terminal = Terminal(bcoin, wallet, "import")
        for text in (FIRST_KEY, PASSWORD, PASSWORD):
            terminal.until("(not shown): ")
            terminal.type_unseen(text)
        terminal.end(0)
        terminal = Terminal(bcoin, wallet, "export", "--private-key", "--yes")
        terminal.until("(not shown): ")
        terminal.type_unseen("wrong")
        terminal.type_while_a_password_is_checked(PASSWORD)
        hidden(terminal.end(0), PASSWORD)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bcoin", default=str(ROOT / "target/release/bcoin"))
    bcoin = str(Path(parser.parse_args().bcoin).resolve())
    for test in (
        new_words_are_shown_asked_about_and_taken_off,
        who_did_not_write_them_down_has_no_wallet,
        what_is_imported_is_not_shown,
        nothing_happens_without_a_yes,
        a_signal_in_a_prompt_leaves_the_terminal_as_it_was,
        what_is_typed_while_a_password_is_checked_is_not_shown,
    ):
        test(bcoin)
        print(test.__name__.replace("_", " "))


if __name__ == "__main__":
    main()
