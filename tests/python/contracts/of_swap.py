"""The swap's promises, and the ways to break them."""

import hashlib

from .chain import NOBODY, artifact
from .checking import COIN, HOUR, compiled, encoded

SECRET = hashlib.sha256(b"a secret").digest()
HASH = hashlib.sha256(SECRET).digest()
SAYS_NO, LIE, FEE, CALL_BACK = 1, 2, 3, 4


def run(checks):
    checks.subject = "swap"
    swap = checks.chain.deploy(artifact("swap"), sender=checks.chain.accounts[0])
    coins(checks, swap)
    refunds(checks, swap)
    reentrancy(checks, swap)
    tokens(checks, swap)
    lying_tokens(checks, swap)


def lock(checks, swap, sender, receiver, amount, hash=HASH, lasts=HOUR):
    deadline = checks.chain.now() + lasts
    receipt = swap.send("lock", receiver, hash, deadline, sender=sender, value=amount)
    return swap.read("id_of", sender, receiver, NOBODY, amount, hash, deadline), deadline, receipt


def coins(checks, swap):
    chain = checks.chain
    alice, bob, carol = chain.accounts[:3]
    soon = chain.now() + HOUR
    checks.refused("locking nothing", "send coins along", swap, "lock", bob, HASH, soon, sender=alice)
    checks.refused("locking for nobody", "a receiver is needed", swap, "lock", NOBODY, HASH, soon, sender=alice, value=1)
    checks.refused("locking without a hash", "a hash is needed", swap, "lock", bob, b"\0" * 32, soon, sender=alice, value=1)
    checks.refused("locking until the past", "the deadline has passed", swap, "lock", bob, HASH, chain.now(), sender=alice, value=1)
    checks.refused("claiming what is not there", "there is no such lock", swap, "claim", HASH, SECRET, sender=bob)
    checks.refused("refunding what is not there", "there is no such lock", swap, "refund", HASH, sender=alice)
    checks.check("nothing is known of what is not there", swap.read("state", HASH), "unknown")
    id, deadline, told = lock(checks, swap, alice, bob, 5 * COIN)
    checks.tells("locking", swap, told, "Locked", id=id, sender=alice, receiver=bob, token=NOBODY, amount=5 * COIN, hash=HASH, deadline=deadline)
    checks.check("the lock is as agreed", swap.read("lock_of", id)[:6], (alice.lower(), bob.lower(), NOBODY, 5 * COIN, HASH, deadline))
    checks.refused("locking the same twice", "this lock exists already", swap, "lock", bob, HASH, deadline, sender=alice, value=5 * COIN)
    other, _, _ = lock(checks, swap, carol, bob, 5 * COIN)
    checks.check("another's lock has another id", other != id)
    checks.refused("claiming with a wrong secret", "this is not the secret", swap, "claim", id, HASH, sender=bob)
    checks.refused("claiming with nothing", "this is not the secret", swap, "claim", id, b"\0" * 32, sender=bob)
    checks.refused("taking it back too early", "too early for a refund", swap, "refund", id, sender=alice)
    told = checks.gains("the secret opens it", bob, 5 * COIN, swap, "claim", id, SECRET)
    checks.tells("the secret", swap, told, "Claimed", id=id, secret=SECRET)
    checks.check("the secret can be read by the other side", (swap.read("state", id), swap.read("lock_of", id)[6]), ("claimed", SECRET))
    checks.refused("claiming twice", "already paid out", swap, "claim", id, SECRET, sender=bob)
    checks.refused("locking under a claimed id", "this lock exists already", swap, "lock", bob, HASH, deadline, sender=alice, value=5 * COIN)
    checks.gains("anybody may carry the secret: the receiver is paid", bob, 5 * COIN, swap, "claim", other, SECRET, sender=carol)
    chain.move_to(deadline + HOUR)
    checks.refused("taking back what was claimed", "already paid out", swap, "refund", id, sender=alice)
    checks.check("nothing is left", chain.coins(swap), 0)


def refunds(checks, swap):
    chain = checks.chain
    alice, bob, carol = chain.accounts[:3]
    id, deadline, _ = lock(checks, swap, alice, bob, 2 * COIN)
    last, its, _ = lock(checks, swap, alice, bob, COIN)
    chain.next_block_at(its - 1)
    checks.check("one second before the deadline it cannot be taken back", swap.tried("refund", last, sender=alice), False)
    chain.next_block_at(its)
    checks.check("at the deadline the secret opens nothing", swap.tried("claim", last, SECRET, sender=bob), False)
    checks.check("a lock that is over shows", swap.read("state", last), "late")
    checks.refused("claiming too late", "too late to claim", swap, "claim", id, SECRET, sender=bob)
    told = checks.gains("the sender has it back", alice, 2 * COIN, swap, "refund", id)
    checks.tells("the refund", swap, told, "Refunded", id=id)
    checks.refused("taking it back twice", "already paid out", swap, "refund", id, sender=alice)
    checks.refused("claiming what went back", "already paid out", swap, "claim", id, SECRET, sender=bob)
    checks.gains("anybody may ask for the refund: the sender is paid", alice, COIN, swap, "refund", last, sender=carol)
    checks.check("nothing is left after refunds", chain.coins(swap), 0)


def reentrancy(checks, swap):
    chain = checks.chain
    alice, bob = chain.accounts[:2]
    thief = checks.puppet()
    mine, _, _ = lock(checks, swap, alice, thief.address, 3 * COIN)
    theirs, _, _ = lock(checks, swap, alice, bob, 3 * COIN)
    thief.send("call_back_when_paid", swap, encoded(swap, "claim", mine, SECRET), sender=alice)
    checks.make_act(thief, swap, "claim", mine, SECRET)
    checks.check("who claims again while being paid gets nothing more",
                 (thief.read("attempts"), thief.read("successes"), chain.coins(thief)), (1, 0, 3 * COIN))
    mine, deadline, _ = lock(checks, swap, alice, thief.address, COIN)
    thief.send("call_back_when_paid", swap, encoded(swap, "claim", theirs, SECRET), sender=alice)
    checks.make_act(thief, swap, "claim", mine, SECRET)
    checks.check("nor may it open another lock from within", (thief.read("attempts"), thief.read("successes"), swap.read("state", theirs)), (1, 0, "locked"))
    mine, deadline, _ = lock(checks, swap, alice, thief.address, COIN, lasts=2 * HOUR)
    thief.send("refuse_coins", True, sender=alice)
    checks.puppet_refused("a receiver who takes no coins is not paid", "I take no coins", thief, swap, "claim", mine, SECRET)
    checks.gains("and keeps nobody else from being paid", bob, 3 * COIN, swap, "claim", theirs, SECRET)
    chain.move_to(deadline)
    checks.gains("what a receiver did not take goes back", alice, COIN, swap, "refund", mine)


def tokens(checks, swap):
    chain = checks.chain
    alice, bob = chain.accounts[:2]
    for name in ["token", "silent_token"]:
        token = chain.deploy(compiled(name), sender=alice)
        token.send("mint", alice, 100, sender=alice)
        kind = "a token" if name == "token" else "a token that answers nothing"
        deadline = chain.now() + HOUR
        checks.refused(f"{kind}: locking without leave", "", swap, "lock_tokens", bob, token, 60, HASH, deadline, sender=alice)
        token.send("approve", swap, 100, sender=alice)
        checks.refused(f"{kind}: locking none", "nothing to lock", swap, "lock_tokens", bob, token, 0, HASH, deadline, sender=alice)
        checks.refused(f"{kind}: locking with coins beside", "", swap, "lock_tokens", bob, token, 60, HASH, deadline, sender=alice, value=1)
        swap.send("lock_tokens", bob, token, 60, HASH, deadline, sender=alice)
        swap.send("lock_tokens", bob, token, 40, HASH, deadline, sender=alice)
        checks.check(f"{kind}: it is locked", (token.read("balanceOf", swap), token.read("balanceOf", alice)), (100, 0))
        swap.send("claim", swap.read("id_of", alice, bob, token, 60, HASH, deadline), SECRET, sender=bob)
        checks.check(f"{kind}: the secret opens it", token.read("balanceOf", bob), 60)
        chain.move_to(deadline)
        swap.send("refund", swap.read("id_of", alice, bob, token, 40, HASH, deadline), sender=alice)
        checks.check(f"{kind}: the rest goes back", (token.read("balanceOf", swap), token.read("balanceOf", alice)), (0, 40))


def lying_tokens(checks, swap):
    chain = checks.chain
    alice, bob, carol = chain.accounts[:3]
    token = chain.deploy(compiled("token"), sender=alice)
    token.send("mint", alice, 1000, sender=alice)
    token.send("mint", carol, 100, sender=alice)
    token.send("approve", swap, 1000, sender=alice)
    token.send("approve", swap, 100, sender=carol)
    deadline = chain.now() + HOUR
    swap.send("lock_tokens", bob, token, 100, HASH, deadline, sender=carol)
    for mode, what, reason in [
        (SAYS_NO, "a token that answers false", "the token refuses"),
        (LIE, "a token that only says that it moved", "another amount arrived"),
        (FEE, "a token that keeps a part", "another amount arrived"),
    ]:
        token.send("behave", mode, sender=alice)
        checks.refused(what, reason, swap, "lock_tokens", bob, token, 100, HASH, deadline, sender=alice)
    id = swap.read("id_of", carol, bob, token, 100, HASH, deadline)
    token.send("behave", SAYS_NO, sender=alice)
    checks.refused("a payment that the token refuses", "the token refuses", swap, "claim", id, SECRET, sender=bob)
    checks.refused("an account that is no token", "there is no token at this address", swap, "lock_tokens", bob, carol, 1, HASH, deadline, sender=alice)
    token.send("call_back_when_moved", swap, encoded(swap, "claim", id, SECRET), sender=alice)
    swap.send("claim", id, SECRET, sender=bob)
    checks.check("a token that calls back while it pays opens nothing twice",
                 (token.read("attempts"), token.read("successes"), token.read("balanceOf", bob), token.read("balanceOf", swap)), (1, 0, 100, 0))
    token.send("behave", 0, sender=alice)
    token.send("mint", token, 100, sender=alice)
    token.send("act", token, encoded(token, "approve", swap, 100), sender=alice)
    within = encoded(swap, "lock_tokens", bob, token, 10, HASH, deadline)
    checks.check("by itself the token can lock", token.why_not("act", swap, within, sender=alice), None)
    token.send("call_back_when_moved", swap, within, sender=alice)
    swap.send("lock_tokens", bob, token, 50, HASH, deadline, sender=alice)
    checks.check("a token that calls back while it comes locks nothing in the middle",
                 (token.read("attempts"), token.read("successes"), token.read("balanceOf", swap)), (1, 0, 50))
