"""The bond's promises, and the ways to break them."""

from .chain import artifact
from .checking import COIN, DAY, HOUR, encoded


def run(checks):
    checks.subject = "bond"
    birth(checks)
    repaid_in_time(checks)
    not_funded(checks)
    default_with_collateral(checks)
    default_without_fetching(checks)
    matured_undeclared(checks)
    reentrancy(checks)
    shares_that_do_not_divide(checks)


def offer(checks, goal=10 * COIN, interest=500, collateral=0):
    chain = checks.chain
    deadline = chain.now() + DAY
    return chain.deploy(
        artifact("bond"), goal, interest, deadline, deadline + 30 * DAY, sender=chain.accounts[0], value=collateral
    ), deadline, deadline + 30 * DAY


def birth(checks):
    chain, issuer = checks.chain, checks.chain.accounts[0]
    bond, now = artifact("bond"), checks.chain.now()
    for what, reason, arguments in [
        ("a bond without a goal", "a bond needs a goal", (0, 500, now + DAY, now + 2 * DAY)),
        ("interest above 100 %", "interest is at most 100 %", (COIN, 10_001, now + DAY, now + 2 * DAY)),
        ("a deadline in the past", "the deadline has passed", (COIN, 500, now - 1, now + 2 * DAY)),
        ("maturity before the deadline", "maturity comes after the deadline", (COIN, 500, now + DAY, now + DAY)),
        ("a goal whose interest does not fit into 256 bits", "", (2**255, 10_000, now + DAY, now + 2 * DAY)),
    ]:
        checks.not_created(what, reason, bond, *arguments, sender=issuer)
    made, deadline, maturity = offer(checks, collateral=2 * COIN)
    checks.tells("the offer", made, made.receipt, "Offered", issuer=issuer, goal=10 * COIN, owed=10 * COIN + COIN // 2,
                 collateral=2 * COIN, deadline=deadline, maturity=maturity)
    checks.check("a plain payment, by mistake, is refused", chain.transact(made, "0x", issuer, COIN)["status"], "0x0")


def repaid_in_time(checks):
    chain = checks.chain
    issuer, ann, ben, stranger = chain.accounts[:4]
    bond, deadline, maturity = offer(checks, collateral=COIN)
    checks.check("it begins with funding", bond.read("state"), "funding")
    checks.refused("lending nothing", "send coins along", bond, "lend", sender=ann)
    checks.refused("lending more than the goal", "more than is still wanted", bond, "lend", sender=ann, value=10 * COIN + 1)
    lent = bond.send("lend", sender=ann, value=4 * COIN)
    checks.tells("lending", bond, lent, "Lent", investor=ann, amount=4 * COIN, raised=4 * COIN)
    checks.refused("fetching before the goal", "the goal is not reached", bond, "fetch", sender=issuer)
    checks.refused("a refund before the deadline", "lending still goes on", bond, "refund", sender=ann)
    checks.refused("repaying what nobody lent", "nothing has been lent", bond, "repay", sender=issuer, value=COIN)
    checks.refused("taking the collateral back at once", "the bond has not ended", bond, "take_back_collateral", sender=issuer)
    bond.send("lend", sender=ben, value=6 * COIN)
    checks.check("it runs once the goal is reached", bond.read("state"), "running")
    checks.refused("lending when all is lent", "more than is still wanted", bond, "lend", sender=stranger, value=1)
    checks.refused("fetching by a stranger", "only the issuer", bond, "fetch", sender=stranger)
    checks.refused("a refund when the goal is reached", "the goal was reached", bond, "refund", sender=ann)
    fetched = checks.gains("the issuer fetches all that was lent", issuer, 10 * COIN, bond, "fetch")
    checks.tells("fetching", bond, fetched, "Fetched", amount=10 * COIN)
    checks.refused("fetching twice", "already fetched", bond, "fetch", sender=issuer)
    checks.refused("claiming before anything is repaid", "nothing to claim", bond, "claim", sender=ann)
    checks.refused("declaring default before maturity", "not due yet", bond, "declare_default", sender=ann)
    checks.refused("repaying nothing", "send coins along", bond, "repay", sender=issuer)
    paid = bond.send("repay", sender=issuer, value=5 * COIN)
    checks.tells("repaying", bond, paid, "Repaid", payer=issuer, amount=5 * COIN, repaid=5 * COIN)
    checks.check("a part repaid is claimable by share", bond.read("claimable", ann), 2 * COIN)
    checks.gains("an investor claims the share of a part", ann, 2 * COIN, bond, "claim")
    checks.refused("claiming the same twice", "nothing to claim", bond, "claim", sender=ann)
    checks.refused("claiming by somebody who lent nothing", "nothing to claim", bond, "claim", sender=stranger)
    owed = bond.read("OWED") - 5 * COIN
    checks.refused("repaying too much", "more than is still owed", bond, "repay", sender=issuer, value=owed + 1)
    bond.send("repay", sender=stranger, value=owed)  # anybody may pay for the issuer
    checks.check("all repaid is told", bond.read("state"), "repaid")
    chain.move_to(maturity + 1)
    checks.refused("declaring default of a repaid bond", "everything is repaid", bond, "declare_default", sender=ann)
    checks.gains("the first investor gets the rest with interest", ann, 2 * COIN + COIN // 5, bond, "claim")
    claimed = checks.gains("the second investor gets all with interest", ben, 6 * COIN + 3 * COIN // 10, bond, "claim")
    checks.tells("claiming", bond, claimed, "Claimed", investor=ben, amount=6 * COIN + 3 * COIN // 10)
    checks.refused("taking the collateral as a stranger", "only the issuer", bond, "take_back_collateral", sender=ann)
    returned = checks.gains("the issuer gets the collateral back", issuer, COIN, bond, "take_back_collateral")
    checks.tells("the return", bond, returned, "Returned", amount=COIN)
    checks.refused("taking the collateral twice", "no collateral left", bond, "take_back_collateral", sender=issuer)
    checks.check("nothing is left in a bond that was repaid", chain.coins(bond), 0)


def not_funded(checks):
    chain = checks.chain
    issuer, ann, ben = chain.accounts[:3]
    bond, deadline, _ = offer(checks, collateral=COIN)
    bond.send("lend", sender=ann, value=4 * COIN)
    chain.next_block_at(deadline - 1)
    bond.send("lend", sender=ben, value=COIN)
    checks.check("one second before the deadline lending is taken", bond.read("lent", ben), COIN)
    chain.next_block_at(deadline)
    checks.check("at the deadline lending is refused", bond.tried("lend", sender=ben, value=COIN), False)
    checks.check("without the goal it has failed", bond.read("state"), "failed")
    checks.refused("lending to a failed bond", "the deadline has passed", bond, "lend", sender=ben, value=COIN)
    checks.refused("fetching what failed", "the goal is not reached", bond, "fetch", sender=issuer)
    checks.refused("declaring default of what never began", "nothing has been lent", bond, "declare_default", sender=ann)
    refund = checks.gains("an investor gets every unit back", ann, 4 * COIN, bond, "refund")
    checks.tells("the refund", bond, refund, "Refunded", investor=ann, amount=4 * COIN)
    checks.refused("a second refund", "nothing to refund", bond, "refund", sender=ann)
    checks.gains("the issuer gets the collateral back from a failed bond", issuer, COIN, bond, "take_back_collateral")
    checks.gains("the other investor gets every unit back", ben, COIN, bond, "refund")
    checks.check("nothing is left in a failed bond", chain.coins(bond), 0)


def default_with_collateral(checks):
    chain = checks.chain
    issuer, ann, ben, stranger = chain.accounts[:4]
    bond, _, maturity = offer(checks, collateral=3 * COIN)
    bond.send("lend", sender=ann, value=5 * COIN)
    bond.send("lend", sender=ben, value=5 * COIN)
    bond.send("fetch", sender=issuer)
    bond.send("repay", sender=issuer, value=4 * COIN)
    chain.move_to(maturity)
    checks.check("default shows at maturity before anybody declares it", (bond.read("state"), bond.read("defaulted")), ("default", False))
    checks.refused("taking the collateral from a bond that is due", "the bond has not ended", bond, "take_back_collateral", sender=issuer)
    declared = bond.send("declare_default", sender=stranger)
    checks.tells("default", bond, declared, "Defaulted", missing=6 * COIN + COIN // 2, seized=3 * COIN)
    checks.refused("declaring default twice", "already declared", bond, "declare_default", sender=ann)
    checks.refused("taking back a seized collateral", "no collateral left", bond, "take_back_collateral", sender=issuer)
    checks.gains("an investor claims repayment and collateral by share", ann, 3 * COIN + COIN // 2, bond, "claim")
    bond.send("repay", sender=issuer, value=3 * COIN + COIN // 2)
    checks.check("who pays late has defaulted all the same", (bond.read("state"), bond.read("defaulted")), ("default", True))
    checks.gains("late repayment is claimable", ann, COIN + 3 * COIN // 4, bond, "claim")
    checks.gains("and by who never claimed before", ben, 5 * COIN + COIN // 4, bond, "claim")
    checks.check("nothing is left after default and late repayment", chain.coins(bond), 0)


def default_without_fetching(checks):
    chain = checks.chain
    issuer, ann = chain.accounts[:2]
    bond, _, maturity = offer(checks, collateral=2 * COIN)
    bond.send("lend", sender=ann, value=10 * COIN)
    chain.next_block_at(maturity)
    checks.check("coins cannot be fetched any more at maturity", bond.tried("fetch", sender=issuer), False)
    checks.refused("fetching after maturity", "the bond has matured", bond, "fetch", sender=issuer)
    bond.send("declare_default", sender=ann)
    checks.refused("fetching what was seized", "already fetched", bond, "fetch", sender=issuer)
    checks.gains("coins never fetched repay the investor with interest", ann, 10 * COIN + COIN // 2, bond, "claim")
    checks.gains("what is more than owed returns to the issuer", issuer, COIN + COIN // 2, bond, "take_back_collateral")
    checks.check("nothing is left after seizing", chain.coins(bond), 0)


def matured_undeclared(checks):
    chain = checks.chain
    issuer, ann = chain.accounts[:2]
    bond, _, maturity = offer(checks)
    bond.send("lend", sender=ann, value=10 * COIN)
    bond.send("repay", sender=issuer, value=10 * COIN + COIN // 2)
    chain.move_to(maturity + HOUR)
    checks.gains("who repaid without fetching may still fetch after maturity", issuer, 10 * COIN, bond, "fetch")
    checks.gains("and the investor has it all", ann, 10 * COIN + COIN // 2, bond, "claim")


def reentrancy(checks):
    chain = checks.chain
    issuer, ann = chain.accounts[:2]
    bond, deadline, _ = offer(checks)
    thief = checks.puppet()
    checks.make_act(thief, bond, "lend", value=COIN)
    bond.send("lend", sender=ann, value=5 * COIN)
    chain.move_to(deadline)
    call = encoded(bond, "refund")
    thief.send("call_back_when_paid", bond, call, sender=issuer)
    checks.make_act(thief, bond, "refund")
    checks.check("who calls refund again while being paid gets nothing more",
                 (thief.read("attempts"), thief.read("successes"), chain.coins(thief), chain.coins(bond)), (1, 0, COIN, 5 * COIN))

    bond, _, _ = offer(checks)
    thief = checks.puppet()
    checks.make_act(thief, bond, "lend", value=5 * COIN)
    bond.send("lend", sender=ann, value=5 * COIN)
    bond.send("repay", sender=issuer, value=2 * COIN)
    thief.send("call_back_when_paid", bond, encoded(bond, "claim"), sender=issuer)
    checks.make_act(thief, bond, "claim")
    checks.check("who calls claim again while being paid gets nothing more",
                 (thief.read("attempts"), thief.read("successes"), chain.coins(thief)), (1, 0, COIN))
    thief.send("refuse_coins", True, sender=issuer)
    bond.send("repay", sender=issuer, value=2 * COIN)
    checks.puppet_refused("an investor who takes no coins is not paid", "I take no coins", thief, bond, "claim")
    checks.gains("and keeps nobody else from being paid", ann, 2 * COIN, bond, "claim")


def shares_that_do_not_divide(checks):
    chain = checks.chain
    issuer, *investors = chain.accounts[:4]
    bond, _, _ = offer(checks, goal=100, interest=700)
    for investor, units in zip(investors, [33, 33, 34]):
        bond.send("lend", sender=investor, value=units)
    bond.send("fetch", sender=issuer)
    claimed = 0
    for part in [1, 7, 50, 49]:
        bond.send("repay", sender=issuer, value=part)
        for investor in investors:
            claimable = bond.read("claimable", investor)
            if claimable:
                bond.send("claim", sender=investor)
                claimed += claimable
            checks.check("no share is ever above its part", bond.read("claimed", investor) * 100 <= bond.read("repaid") * bond.read("lent", investor))
    checks.check("all but less than a unit for each is paid out", 0 <= 107 - claimed < 3 and chain.coins(bond) == 107 - claimed)
