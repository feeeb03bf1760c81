"""The exchange's promises, and the ways to break them."""

import random

from .chain import artifact
from .checking import HOUR, compiled, encoded

LATER = 2**255
SAYS_NO, LIE, FEE, CALL_BACK, GREEDY, TAKE = 1, 2, 3, 4, 5, 6


def run(checks):
    checks.subject = "exchange"
    birth(checks)
    honest(checks)
    limits(checks)
    tokens_that_answer_nothing(checks)
    lying_tokens(checks)
    reentrancy(checks)
    inflated_shares(checks)
    many_trades(checks)


def new_token(checks, name="token"):
    """A token of which the first three accounts have plenty."""
    chain = checks.chain
    token = chain.deploy(compiled(name), sender=chain.accounts[0])
    for account in chain.accounts[:3]:
        token.send("mint", account, 2**120, sender=account)
    return token


def new_pool(checks, a=None, b=None, filled=True):
    chain = checks.chain
    ann = chain.accounts[0]
    a, b = a or new_token(checks), b or new_token(checks)
    pool = chain.deploy(artifact("exchange"), a, b, sender=ann)
    for token in [a, b]:
        for account in chain.accounts[:3]:
            token.send("approve", pool, 2**256 - 1, sender=account)
    if filled:
        pool.send("provide", 1_000_000, 4_000_000, 0, 0, 0, LATER, sender=ann)
    return pool, a, b


def state(pool, a, b, *accounts):
    """All that a failed call must leave as it was."""
    return (
        pool.read("reserve_a"), pool.read("reserve_b"), pool.read("total_shares"),
        *(token.read("balanceOf", who) for token in [a, b] for who in [pool, *accounts]),
    )


def birth(checks):
    ann = checks.chain.accounts[0]
    token = new_token(checks)
    exchange = artifact("exchange")
    checks.not_created("an exchange of a token with itself", "two different tokens are needed", exchange, token.address, token.address, sender=ann)
    checks.not_created("an exchange of something that is no token", "there is no token at this address", exchange, token.address, ann, sender=ann)


def honest(checks):
    chain = checks.chain
    ann, ben, carl = chain.accounts[:3]
    pool, a, b = new_pool(checks, filled=False)
    checks.refused("trading with an empty pool", "the pool is empty", pool, "trade", a, 100, 0, LATER, sender=ben)
    checks.refused("a first provider with next to nothing", "too little for a first provider", pool, "provide", 1000, 1000, 0, 0, 0, LATER, sender=ann)
    checks.refused("a first provider with more than a pool can hold", "more than a pool can hold", pool, "provide", 2**112, 2**112, 0, 0, 0, LATER, sender=ann)
    checks.refused("providing one token alone", "both tokens are needed", pool, "provide", 1000, 0, 0, 0, 0, LATER, sender=ann)
    told = pool.send("provide", 1_000_000, 4_000_000, 0, 0, 0, LATER, sender=ann)
    checks.tells("providing", pool, told, "Provided", provider=ann, amount_a=1_000_000, amount_b=4_000_000, shares=1_999_000)
    checks.check("shares are the root of the product, and 1000 are nobody's", (pool.read("shares", ann), pool.read("total_shares")), (1_999_000, 2_000_000))
    quote = pool.read("quote", a, 10_000)
    checks.check("the price follows the formula, fee taken", quote, 9970 * 4_000_000 // (1_000_000 + 9970))
    told = pool.send("trade", a, 10_000, quote, LATER, sender=ben)
    checks.tells("trading", pool, told, "Traded", trader=ben, token_in=a.address, amount_in=10_000, amount_out=quote)
    checks.check("both sides have moved", (a.read("balanceOf", pool), b.read("balanceOf", pool)), (1_010_000, 4_000_000 - quote))
    back = pool.read("quote", b, quote)
    pool.send("trade", b, quote, back, LATER, sender=ben)
    checks.check("there and back costs the fee twice", 10_000 * 0.993 < back < 10_000 * 0.995)
    checks.check("and the pool has it", pool.read("reserve_a") * pool.read("reserve_b") > 4 * 10**12)
    a_before, b_before = pool.read("reserve_a"), pool.read("reserve_b")
    pool.send("provide", 500_000, 10_000_000, 0, 0, 0, LATER, sender=carl)
    share = pool.read("shares", carl)
    checks.check("a second provider gives in the pool's ratio",
                 abs((pool.read("reserve_a") - a_before) * b_before - (pool.read("reserve_b") - b_before) * a_before) <= a_before + b_before)
    before = a.read("balanceOf", carl), b.read("balanceOf", carl)
    gave = pool.read("reserve_a") - a_before, pool.read("reserve_b") - b_before
    told = pool.send("withdraw", share, 0, 0, LATER, sender=carl)
    got = a.read("balanceOf", carl) - before[0], b.read("balanceOf", carl) - before[1]
    checks.check("who leaves at once gets what was given, less rounding", all(0 <= x - y <= 2 for x, y in zip(gave, got)))
    checks.tells("withdrawing", pool, told, "Withdrawn", provider=carl, amount_a=got[0], amount_b=got[1], shares=share)
    mine = pool.read("shares", ann)
    pool.send("withdraw", mine, 1_000_000 * 1999 // 2000, 0, LATER, sender=ann)
    checks.check("the last provider leaves, and 1000 shares' worth stays", (pool.read("total_shares"), pool.read("reserve_a") > 0), (1000, True))


def limits(checks):
    chain = checks.chain
    ann, ben = chain.accounts[:2]
    pool, a, b = new_pool(checks)
    quote, now = pool.read("quote", a, 1000), chain.now()
    checks.refused("trading for less than named", "less than wanted would come out", pool, "trade", a, 1000, quote + 1, LATER, sender=ben)
    checks.refused("trading too late", "the deadline has passed", pool, "trade", a, 1000, 0, now - 1, sender=ben)
    checks.refused("providing too late", "the deadline has passed", pool, "provide", 1000, 4000, 0, 0, 0, now - 1, sender=ben)
    checks.refused("withdrawing too late", "the deadline has passed", pool, "withdraw", 1, 0, 0, now - 1, sender=ann)
    chain.next_block_at(now + HOUR)
    checks.check("the deadline itself is in time", pool.tried("trade", a, 1000, quote, now + HOUR, sender=ben))
    checks.refused("trading a third token", "the pool does not have this token", pool, "trade", pool, 1000, 0, LATER, sender=ben)
    checks.refused("trading nothing", "nothing came in", pool, "trade", a, 0, 0, LATER, sender=ben)
    checks.refused("trading so little that nothing comes out", "less than wanted would come out", pool, "trade", b, 1, 0, LATER, sender=ben)
    checks.refused("trading more than a pool can hold", "more than a pool can hold", pool, "trade", a, 2**112, 0, LATER, sender=ben)
    checks.refused("providing more than a pool can hold", "more than a pool can hold", pool, "provide", 2**112, 2**112, 0, 0, 0, LATER, sender=ben)
    checks.refused("a number that makes the ratio wrap around", "more than a pool can hold", pool, "provide", 2**255, 1, 0, 0, 0, LATER, sender=ben)
    checks.refused("a quote for more than a pool can hold", "more than a pool can hold", pool, "quote", a, 2**256 - 1, sender=ben)
    checks.refused("withdrawing shares that one has not", "you have fewer shares", pool, "withdraw", 1, 0, 0, LATER, sender=ben)
    checks.refused("withdrawing more shares than there are", "you have fewer shares", pool, "withdraw", 2**255, 0, 0, LATER, sender=ann)
    checks.refused("withdrawing nothing", "you have fewer shares", pool, "withdraw", 0, 0, 0, LATER, sender=ann)
    checks.refused("withdrawing for less than named", "less than wanted", pool, "withdraw", 1000, 10**9, 0, LATER, sender=ann)
    checks.refused("providing when the ratio has moved", "the ratio has moved too far", pool, "provide", 1000, 8000, 0, 5000, 0, LATER, sender=ben)
    checks.refused("providing for fewer shares than named", "fewer shares than wanted", pool, "provide", 1000, 8000, 0, 0, 10**9, LATER, sender=ben)
    a_before, b_before = pool.read("reserve_a"), pool.read("reserve_b")
    wanted = 1000 * b_before // a_before
    minted = min(1000 * pool.read("total_shares") // a_before, wanted * pool.read("total_shares") // b_before)
    deadline = chain.now() + HOUR
    chain.next_block_at(deadline)
    checks.check("providing with limits that are met to the unit, in the last second",
                 pool.tried("provide", 1000, 10**6, 1000, wanted, minted, deadline, sender=ben))
    checks.check("takes just so much, for just so many shares",
                 (pool.read("reserve_a") - a_before, pool.read("reserve_b") - b_before, pool.read("shares", ben)), (1000, wanted, minted))
    part = [pool.read(name) * minted // pool.read("total_shares") for name in ["reserve_a", "reserve_b"]]
    deadline = chain.now() + HOUR
    chain.next_block_at(deadline)
    checks.check("withdrawing with limits that are met to the unit, in the last second", pool.tried("withdraw", minted, *part, deadline, sender=ben))
    token = new_token(checks)
    poor, a2, b2 = new_pool(checks, a=token)
    a2.send("approve", poor, 0, sender=ben)
    checks.refused("trading without the token's leave", "", poor, "trade", a2, 1000, 0, LATER, sender=ben)
    price = poor.read("quote", a2, 1000)
    a2.send("transfer", poor, 10**9, sender=ben)
    checks.check("tokens sent without a call move no price", poor.read("quote", a2, 1000), price)


def tokens_that_answer_nothing(checks):
    chain = checks.chain
    ann, ben = chain.accounts[:2]
    pool, a, b = new_pool(checks, a=new_token(checks, "silent_token"))
    quote = pool.read("quote", a, 1000)
    pool.send("trade", a, 1000, quote, LATER, sender=ben)
    checks.check("a token that answers nothing can come in", a.read("balanceOf", pool), 1_001_000)
    quote = pool.read("quote", b, 1000)
    had = a.read("balanceOf", ben)
    pool.send("trade", b, 1000, quote, LATER, sender=ben)
    checks.check("and go out", a.read("balanceOf", ben) - had, quote)
    pool.send("withdraw", 1000, 1, 1, LATER, sender=ann)
    checks.check("and its shares be withdrawn", pool.read("shares", ann), 1_998_000)


def lying_tokens(checks):
    chain = checks.chain
    ann, ben = chain.accounts[:2]
    pool, a, b = new_pool(checks)
    for mode, what, reason in [
        (SAYS_NO, "a token that answers false", "the token refuses"),
        (LIE, "a token that only says that it came", "nothing came in"),
        (TAKE, "a token that takes from the pool when it should give", "the token took instead of giving"),
    ]:
        a.send("behave", mode, sender=ann)
        before = state(pool, a, b, ben)
        checks.refused(f"{what}, coming in", reason, pool, "trade", a, 1000, 0, LATER, sender=ben)
        checks.check(f"{what}, coming in: all is as before", state(pool, a, b, ben), before)
    for mode, what, reason in [
        (SAYS_NO, "a token that answers false", "the token refuses"),
        (GREEDY, "a token that takes more from the pool than it gives", "token A is missing"),
    ]:
        a.send("behave", mode, sender=ann)
        before = state(pool, a, b, ben)
        checks.refused(f"{what}, going out", reason, pool, "trade", b, 1000, 0, LATER, sender=ben)
        checks.refused(f"{what}, on withdrawing", reason, pool, "withdraw", 1000, 0, 0, LATER, sender=ann)
        checks.check(f"{what}, going out: all is as before", state(pool, a, b, ben), before)
    a.send("behave", LIE, sender=ann)
    checks.refused("providing with a token that only says that it came", "both tokens are needed", pool, "provide", 1000, 4000, 0, 0, 0, LATER, sender=ben)
    a.send("behave", FEE, sender=ann)
    product = pool.read("reserve_a") * pool.read("reserve_b")
    told = pool.send("trade", a, 10_000, 0, LATER, sender=ben)
    checks.tells("what arrives of a token that keeps a part", pool, told, "Traded", amount_in=9900)
    checks.check("and that is what counts", (pool.read("reserve_a"), pool.read("reserve_a") * pool.read("reserve_b") >= product), (1_009_900, True))
    before = pool.read("total_shares"), pool.read("reserve_a"), pool.read("reserve_b")
    pool.send("provide", 10_000, 40_000, 0, 0, 0, LATER, sender=ben)
    after = pool.read("total_shares"), pool.read("reserve_a"), pool.read("reserve_b")
    checks.check("shares are for what arrived, too", after[0] * before[1] <= before[0] * after[1] and after[0] * before[2] <= before[0] * after[2])


def reentrancy(checks):
    chain = checks.chain
    ann, ben = chain.accounts[:2]
    pool, a, b = new_pool(checks)
    # The token has all that it needs to take part itself.
    for token in [a, b]:
        token.send("mint", a, 10**6, sender=ann)
        a.send("act", token, encoded(token, "approve", pool, 2**256 - 1), sender=ann)
    a.send("act", pool, encoded(pool, "provide", 10_000, 40_000, 0, 0, 0, LATER), sender=ann)
    for what, call in [
        ("trade", encoded(pool, "trade", b, 1000, 0, LATER)),
        ("provide", encoded(pool, "provide", 1000, 4000, 0, 0, 0, LATER)),
        ("withdraw", encoded(pool, "withdraw", 1000, 0, 0, LATER)),
        ("ask for a price", encoded(pool, "quote", b, 1000)),
    ]:
        a.send("behave", 0, sender=ann)
        checks.check(f"by itself the token can {what}", a.why_not("act", pool, call, sender=ann), None)
        a.send("call_back_when_moved", pool, call, sender=ann)
        quote = pool.read("quote", a, 1000)
        pool.send("trade", a, 1000, quote, LATER, sender=ben)
        checks.check(f"a token that comes in cannot {what} in the middle", (a.read("attempts"), a.read("successes")), (1, 0))
        a.send("call_back_when_moved", pool, call, sender=ann)
        pool.send("trade", b, 1000, 0, LATER, sender=ben)
        checks.check(f"nor can one that goes out {what}", (a.read("attempts"), a.read("successes")), (1, 0))
    a.send("call_back_when_moved", pool, encoded(pool, "FEE"), sender=ann)
    pool.send("trade", a, 1000, 0, LATER, sender=ben)
    checks.check("what is not locked it may call: so the lock was the reason", (a.read("attempts"), a.read("successes")), (1, 1))


def inflated_shares(checks):
    chain = checks.chain
    ann, ben = chain.accounts[:2]
    pool, a, b = new_pool(checks, filled=False)
    pool.send("provide", 1001, 1001, 0, 0, 0, LATER, sender=ann)
    checks.check("the first provider has one share beside those of nobody", pool.read("shares", ann), 1)
    for token in [a, b]:
        token.send("transfer", pool, 10**12, sender=ann)
    pool.send("provide", 10**9, 10**9, 0, 0, 0, LATER, sender=ben)
    had = a.read("balanceOf", ben)
    pool.send("withdraw", pool.read("shares", ben), 0, 0, LATER, sender=ben)
    checks.check("a gift to the pool takes nothing from the next provider", 10**9 - (a.read("balanceOf", ben) - had) <= 1)


def many_trades(checks):
    """Whatever is done, the product never falls per share, and the pool has what it counts as its own."""
    chain = checks.chain
    pool, a, b = new_pool(checks)
    dice = random.Random(5)
    worth = lambda: (pool.read("reserve_a") * pool.read("reserve_b"), pool.read("total_shares"))
    before, wrong = worth(), 0
    for _ in range(60):
        who = chain.accounts[dice.randrange(3)]
        act = dice.randrange(4)
        if act < 2:
            pool.tried("trade", [a, b][act], dice.randrange(1, 300_000), 0, LATER, sender=who)
        elif act == 2:
            pool.tried("provide", dice.randrange(1, 200_000), dice.randrange(1, 900_000), 0, 0, 0, LATER, sender=who)
        else:
            pool.tried("withdraw", dice.randrange(1, 100_000), 0, 0, LATER, sender=who)
        after = worth()
        if after[0] * before[1] ** 2 < before[0] * after[1] ** 2:
            wrong += 1
        if a.read("balanceOf", pool) != pool.read("reserve_a") or b.read("balanceOf", pool) != pool.read("reserve_b"):
            wrong += 1
        before = after
    checks.check("through 60 random acts a share is never worth less, and all is there", wrong, 0)
