#!/usr/bin/env python3
"""Holds `bcoin wallet` against eth-account: two independent programs, the same words, keys, files and bytes.

Words of either give the same addresses in both, with and without a passphrase. Keystore files of either open in the
other. Transfers signed here are, byte for byte, those of eth-account for the same fields, and name their sender.

    wallet_matches_eth_account.py [--bcoin target/release/bcoin] [--words 12] [--transfers 60] [--seed 1]
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import environment

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "Pässwort, with a blank"
INDICES = [0, 1, 2, 9, 1000, 2**31 - 1]
PASSPHRASES = ["", "TREZOR", "Grüße", "㍍ガバヴァぱばぐゞちぢ十人十色"]


def secret(folder, name, text):
    """A file that nobody else can read."""
    path = Path(folder) / name
    path.touch(mode=0o600)
    path.write_text(text)
    return str(path)


class Wallet:
    """`bcoin wallet` on a folder of its own."""

    def __init__(self, bcoin, folder):
        self.bcoin = bcoin
        self.folder = Path(folder)
        self.keys = self.folder / "wallet"
        self.password = secret(folder, "password", PASSWORD + "\n")

    def run(self, *arguments, text=None):
        """The output of one command."""
        environment_ = {"BCOIN_WALLET_DIR": str(self.keys), "PATH": os.environ["PATH"]}
        command = [self.bcoin, "wallet", *map(str, arguments)]
        ended = subprocess.run(command, input=text, capture_output=True, text=True, env=environment_)
        if ended.returncode != 0:
            raise SystemExit(f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr}")
        return ended.stdout

    def locked(self, *arguments, text=None):
        """The output of a command that needs the password."""
        return self.run(*arguments, "--password-file", self.password, text=text)

    def only_file(self):
        (path,) = self.keys.glob("UTC--*")
        return path


def expect(left, right, what):
    if left != right:
        raise SystemExit(f"{what}: bcoin {left!r}, eth-account {right!r}")


def address_of(Account, words, passphrase, index):
    account = Account.from_mnemonic(words, passphrase=passphrase, account_path=f"m/44'/60'/0'/0/{index}")
    return account.address


def check_words(options, chance, Account):
    """Words of eth-account in bcoin, and the other way round."""
    checked = 0
    with tempfile.TemporaryDirectory() as folder:
        wallet = Wallet(options.bcoin, folder)
        for round_ in range(options.words):
            count = chance.choice([12, 15, 18, 21, 24])
            _, words = Account.create_with_mnemonic(num_words=count)
            passphrase = PASSPHRASES[round_ % len(PASSPHRASES)]
            given = ["--passphrase-file", secret(folder, f"passphrase-{round_}", passphrase + "\n")] if passphrase else []
            for index in INDICES:
                shown = wallet.run("address", "--index", index, "--file", "-", *given, text=words).strip()
                expect(shown, address_of(Account, words, passphrase, index), f"address {index} of {count} words")
                checked += 1
    for count in (12, 24):
        with tempfile.TemporaryDirectory() as folder:
            wallet = Wallet(options.bcoin, folder)
            made = json.loads(wallet.locked("new", "--words", count, "--print-words", "--json", "--count", 2))
            for index, entry in enumerate(made["addresses"]):
                expect(entry["address"], address_of(Account, made["words"], "", index), f"address {index} of new words")
                checked += 1
    print(f"words: {checked} addresses are the same")


def check_files(options, Account):
    """Keystore files of bcoin in eth-account, and the other way round."""
    with tempfile.TemporaryDirectory() as folder:
        wallet = Wallet(options.bcoin, folder)
        key = Account.create().key
        wallet.locked("import", "--file", "-", text=key.hex())
        text = wallet.only_file().read_text()
        expect(Account.decrypt(text, PASSWORD).hex(), key.hex(), "key of a file by bcoin")
        exported = wallet.run("export")
        expect(json.loads(exported), json.loads(text), "exported file and file")
        try:
            Account.decrypt(text, PASSWORD.lower())
        except ValueError:
            pass
        else:
            raise SystemExit("eth-account opened a file by bcoin with a wrong password")
    kinds = [("scrypt", None), ("scrypt", 2), ("pbkdf2", None), ("pbkdf2", 1)]
    for kdf, iterations in kinds:
        with tempfile.TemporaryDirectory() as folder:
            wallet = Wallet(options.bcoin, folder)
            account = Account.create()
            theirs = json.dumps(Account.encrypt(account.key, PASSWORD, kdf=kdf, iterations=iterations))
            # Once taken in, and once lying in the folder as it is.
            wallet.locked("import", "--file", secret(folder, "theirs", theirs))
            for _ in range(2):
                shown = wallet.locked("export", account.address, "--private-key", "--yes").strip()
                expect(shown, "0x" + account.key.hex().removeprefix("0x"), f"key of a {kdf} file by eth-account")
                wallet.only_file().write_text(theirs)
    print(f"files: one of bcoin and {len(kinds)} of eth-account open in both")


def check_transfers(options, chance, Account):
    """Signed transfers, byte for byte."""
    with tempfile.TemporaryDirectory() as folder:
        wallet = Wallet(options.bcoin, folder)
        wallet.keys.mkdir(mode=0o700)
        accounts = []
        for number in range(4):
            account = Account.create()
            accounts.append(account)
            # At next to no cost, since opening files is checked elsewhere.
            file = json.dumps(Account.encrypt(account.key, PASSWORD, kdf="scrypt", iterations=2))
            secret(wallet.keys, f"key-{number}", file)
        for _ in range(options.transfers):
            account = chance.choice(accounts)
            value = chance.choice([0, 1, 10**18, chance.randrange(10**chance.randrange(1, 40))])
            fee = chance.choice([0, 1, 10**9 + 1, chance.randrange(2**100)])
            fields = {
                "type": 2,
                "chainId": chance.choice([1, 31337, 2**63 - 1, chance.randrange(1, 2**31)]),
                "nonce": chance.choice([0, 127, 128, chance.randrange(2**63)]),
                "to": Account.create().address,
                "value": value,
                "gas": chance.choice([21000, chance.randrange(21000, 2**24)]),
                "maxFeePerGas": fee,
                "maxPriorityFeePerGas": fee,
            }
            amount = f"{value // 10**18}.{value % 10**18:018}"
            told = json.loads(wallet.locked(
                "send", "--offline", "--yes", "--json", "--from", account.address, "--to", fields["to"], "--amount", amount,
                "--fee", fee, "--gas", fields["gas"], "--nonce", fields["nonce"], "--chain-id", fields["chainId"]))
            theirs = account.sign_transaction(fields)
            expect(told["raw"], theirs.raw_transaction.to_0x_hex(), f"bytes of {fields}")
            expect(told["hash"], theirs.hash.to_0x_hex(), f"hash of {fields}")
            expect(account.address, Account.recover_transaction(told["raw"]), f"sender of {fields}")
    print(f"transfers: {options.transfers} are the same bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bcoin", default=str(ROOT / "target/release/bcoin"))
    parser.add_argument("--words", type=int, default=12)
    parser.add_argument("--transfers", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    interpreter = environment.python("wallet-venv", "wallet_requirements.txt", "eth-account, for the wallet")
    if Path(sys.prefix) != Path(interpreter).parent.parent:
        os.execv(interpreter, [interpreter, *sys.argv])
    from eth_account import Account

    Account.enable_unaudited_hdwallet_features()
    options.bcoin = str(Path(options.bcoin).resolve())
    chance = random.Random(options.seed)
    check_words(options, chance, Account)
    check_files(options, Account)
    check_transfers(options, chance, Account)


if __name__ == "__main__":
    main()
