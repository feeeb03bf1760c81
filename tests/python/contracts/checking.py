"""What the tests of contracts check with: each check is counted, and a wrong one is told with what was found."""

from .chain import COIN, Refused, compiled

HOUR, DAY = 3600, 86400


class Checks:
    def __init__(self, chain):
        self.chain, self.passed, self.failed = chain, 0, []
        self.subject = ""

    def check(self, what, found, wanted=True):
        if found == wanted:
            self.passed += 1
        else:
            self.failed.append(f"{self.subject}: {what}")
            print(f"FAILED {self.subject}: {what}: found {found!r}, wanted {wanted!r}")

    def refused(self, what, reason, contract, name, *arguments, sender, value=0):
        """A call that must fail for this reason, asked as a question and tried as a transaction."""
        chain = self.chain
        before = chain.coins(contract)
        self.check(f"{what} is refused, and why", contract.why_not(name, *arguments, sender=sender, value=value), reason)
        came_about = contract.tried(name, *arguments, sender=sender, value=value)
        self.check(f"{what} does nothing", (came_about, chain.coins(contract)), (False, before))

    def not_created(self, what, reason, artifact, *arguments, sender, value=0):
        self.check(f"{what} is refused, and why", self.chain.why_not(artifact, *arguments, sender=sender, value=value), reason)

    def tells(self, what, contract, receipt, name, **values):
        """An event that a transaction must have left, with these values among others."""
        found = [event for event in contract.events(receipt) if event[0] == name]
        shown = [{key: event[1].get(key) for key in values} for event in found]
        self.check(f"{what} is told by {name}", shown, [{key: lowered(value) for key, value in values.items()}])

    def gains(self, what, account, units, contract, name, *arguments, sender=None):
        """A call after which an account has so many more units of the coin, fees aside."""
        sender = sender or account
        before = self.chain.coins(account)
        receipt = contract.send(name, *arguments, sender=sender)
        fees = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16) if sender == account else 0
        self.check(what, self.chain.coins(account) + fees - before, units)
        return receipt

    def puppet(self):
        """A contract that takes part as a person would, and calls back when it is paid."""
        return self.chain.deploy(compiled("puppet"), sender=self.chain.accounts[9])

    def make_act(self, puppet, contract, name, *arguments, value=0):
        return puppet.send("act", contract, encoded(contract, name, *arguments), sender=self.chain.accounts[9], value=value)

    def puppet_refused(self, what, reason, puppet, contract, name, *arguments):
        call = encoded(contract, name, *arguments)
        sender = self.chain.accounts[9]
        self.check(f"{what}, and why", puppet.why_not("act", contract, call, sender=sender, abi=contract.abi), reason)
        self.check(f"{what}: nothing happens", puppet.tried("act", contract, call, sender=sender), False)


def encoded(contract, name, *arguments):
    return bytes.fromhex(contract.encode(name, *arguments)[2:])


def lowered(value):
    """Addresses as they are decoded."""
    return value.lower() if isinstance(value, str) and value.startswith("0x") else value


__all__ = ["COIN", "DAY", "HOUR", "Checks", "Refused", "compiled", "encoded"]
