"""The escrow's promises, and the ways to break them."""

from eth_utils import keccak

from .chain import NOBODY, artifact
from .checking import COIN, DAY, HOUR, encoded

TERMS = keccak(text="Twelve chairs of oak, delivered to the town hall")
EVIDENCE, COMPLAINT = keccak(text="waybill 77"), keccak(text="two chairs are of pine")
PRICE, DEPOSIT = 8 * COIN, COIN


def run(checks):
    checks.subject = "escrow"
    birth(checks)
    delivered_and_accepted(checks)
    cancelled(checks)
    breach(checks)
    silent_buyer(checks)
    dispute(checks)
    silent_arbiter(checks)
    settled(checks)
    reentrancy(checks)


def parties(checks):
    return checks.chain.accounts[:4]


def offer(checks, deposit=DEPOSIT):
    buyer, seller, arbiter, _ = parties(checks)
    return checks.chain.deploy(
        artifact("escrow"), seller, arbiter, TERMS, deposit, 7 * DAY, 2 * DAY, 3 * DAY, sender=buyer, value=PRICE
    )


def agreed(checks):
    escrow = offer(checks)
    escrow.send("agree", TERMS, sender=parties(checks)[1], value=DEPOSIT)
    return escrow


def delivered(checks):
    escrow = agreed(checks)
    escrow.send("deliver", EVIDENCE, sender=parties(checks)[1])
    return escrow


def disputed(checks):
    escrow = delivered(checks)
    escrow.send("dispute", COMPLAINT, sender=parties(checks)[0])
    return escrow


def paid_out(checks, what, escrow, to_buyer, to_seller):
    """Both withdraw what they are owed, and nothing stays."""
    buyer, seller, _, _ = parties(checks)
    for who, name, units in [(buyer, "buyer", to_buyer), (seller, "seller", to_seller)]:
        checks.check(f"{what}: the {name} is credited", escrow.read("credit", who), units)
        if units:
            checks.gains(f"{what}: the {name} withdraws", who, units, escrow, "withdraw")
        checks.refused(f"{what}: withdrawing again by the {name}", "nothing to withdraw", escrow, "withdraw", sender=who)
    checks.check(f"{what}: nothing is left", (checks.chain.coins(escrow), escrow.read("state")), (0, "closed"))


def birth(checks):
    buyer, seller, arbiter, _ = parties(checks)
    escrow = artifact("escrow")
    times = (7 * DAY, 2 * DAY, 3 * DAY)
    three = "three different parties are needed"
    for what, reason, arguments, value in [
        ("an escrow without a price", "send the price along", (seller, arbiter, TERMS, 0, *times), 0),
        ("an escrow without an arbiter", "seller and arbiter are needed", (seller, NOBODY, TERMS, 0, *times), 1),
        ("a buyer who sells", three, (buyer, arbiter, TERMS, 0, *times), 1),
        ("a buyer who is the arbiter", three, (seller, buyer, TERMS, 0, *times), 1),
        ("a seller who is the arbiter", three, (seller, seller, TERMS, 0, *times), 1),
        ("no terms", "the hash of the terms is needed", (seller, arbiter, b"\0" * 32, 0, *times), 1),
        ("no time to deliver", "delivery takes 1 second to 10 years", (seller, arbiter, TERMS, 0, 0, 1, 1), 1),
        ("a time to answer that never ends", "an answer takes 1 second to 1 year", (seller, arbiter, TERMS, 0, 1, 2**256 - 1, 1), 1),
        ("no time to answer", "an answer takes 1 second to 1 year", (seller, arbiter, TERMS, 0, 1, 0, 1), 1),
        ("a time to deliver above ten years", "delivery takes 1 second to 10 years", (seller, arbiter, TERMS, 0, 3650 * DAY + 1, 1, 1), 1),
        ("a time to decide above a year", "a decision takes 1 second to 1 year", (seller, arbiter, TERMS, 0, 1, 1, 365 * DAY + 1), 1),
        ("no time to decide", "a decision takes 1 second to 1 year", (seller, arbiter, TERMS, 0, 1, 1, 0), 1),
    ]:
        checks.not_created(what, reason, escrow, *arguments, sender=buyer, value=value)
    longest = (seller, arbiter, TERMS, 0, 3650 * DAY, 365 * DAY, 365 * DAY)
    checks.check("the longest times are taken", checks.chain.why_not(escrow, *longest, sender=buyer, value=1), None)


def delivered_and_accepted(checks):
    chain = checks.chain
    buyer, seller, arbiter, stranger = parties(checks)
    escrow = offer(checks)
    checks.tells("the offer", escrow, escrow.receipt, "Offered", buyer=buyer, seller=seller, arbiter=arbiter, terms=TERMS, price=PRICE, deposit=DEPOSIT)
    checks.refused("agreeing as a stranger", "only the seller", escrow, "agree", TERMS, sender=stranger, value=DEPOSIT)
    checks.refused("agreeing to other terms", "these are other terms", escrow, "agree", COMPLAINT, sender=seller, value=DEPOSIT)
    checks.refused("agreeing without the deposit", "send exactly the deposit along", escrow, "agree", TERMS, sender=seller)
    checks.refused("delivering before agreeing", "nothing is to be delivered", escrow, "deliver", EVIDENCE, sender=seller)
    checks.refused("dividing before agreeing", "nothing is to be divided", escrow, "propose", 0, sender=seller)
    told = escrow.send("agree", TERMS, sender=seller, value=DEPOSIT)
    checks.tells("agreement", escrow, told, "Agreed", deliver_by=chain.now() + 7 * DAY)
    checks.refused("agreeing twice", "there is no open offer", escrow, "agree", TERMS, sender=seller, value=DEPOSIT)
    checks.refused("calling it off after the seller agreed", "the seller has agreed already", escrow, "cancel", sender=buyer)
    checks.refused("accepting what is not delivered", "nothing is delivered", escrow, "accept", sender=buyer)
    checks.refused("disputing what is not delivered", "nothing is delivered", escrow, "dispute", COMPLAINT, sender=buyer)
    checks.refused("delivering as the buyer", "only the seller", escrow, "deliver", EVIDENCE, sender=buyer)
    told = escrow.send("deliver", EVIDENCE, sender=seller)
    checks.tells("delivery", escrow, told, "Delivered", evidence=EVIDENCE, answer_by=chain.now() + 2 * DAY)
    checks.check("the proof of delivery is kept", escrow.read("evidence"), EVIDENCE)
    checks.refused("claiming breach after delivery", "nothing is to be delivered", escrow, "claim_breach", sender=buyer)
    checks.refused("the seller accepting for the buyer", "only the buyer", escrow, "accept", sender=seller)
    checks.refused("the arbiter deciding without a dispute", "there is no dispute", escrow, "decide", 0, sender=arbiter)
    checks.refused("the seller claiming silence too early", "the buyer still has time", escrow, "claim_unanswered", sender=seller)
    told = escrow.send("accept", sender=buyer)
    checks.tells("acceptance", escrow, told, "Accepted", by_silence=False)
    checks.refused("accepting twice", "nothing is delivered", escrow, "accept", sender=buyer)
    checks.refused("a stranger withdrawing", "nothing to withdraw", escrow, "withdraw", sender=stranger)
    paid_out(checks, "accepted", escrow, 0, PRICE + DEPOSIT)
    checks.check("a plain payment, by mistake, is refused", chain.transact(escrow, "0x", buyer, 1)["status"], "0x0")


def cancelled(checks):
    buyer, seller, arbiter, _ = parties(checks)
    escrow = offer(checks)
    checks.refused("calling it off as the arbiter", "only buyer or seller", escrow, "cancel", sender=arbiter)
    told = escrow.send("cancel", sender=buyer)
    checks.tells("calling off", escrow, told, "Cancelled", by=buyer)
    checks.refused("agreeing to what was called off", "there is no open offer", escrow, "agree", TERMS, sender=seller, value=DEPOSIT)
    paid_out(checks, "called off", escrow, PRICE, 0)


def breach(checks):
    chain = checks.chain
    buyer, seller, _, stranger = parties(checks)
    escrow = agreed(checks)
    due = escrow.read("due")
    checks.refused("claiming breach too early", "the seller still has time", escrow, "claim_breach", sender=buyer)
    chain.next_block_at(due)
    checks.check("delivery in the last moment's block is too late", escrow.tried("deliver", EVIDENCE, sender=seller), False)
    checks.check("a late delivery shows", escrow.read("state"), "late")
    checks.refused("delivering too late", "too late to deliver", escrow, "deliver", EVIDENCE, sender=seller)
    checks.refused("claiming breach as a stranger", "only the buyer", escrow, "claim_breach", sender=stranger)
    told = escrow.send("claim_breach", sender=buyer)
    checks.tells("breach", escrow, told, "Breached", late_since=due)
    checks.refused("claiming breach twice", "nothing is to be delivered", escrow, "claim_breach", sender=buyer)
    paid_out(checks, "breach", escrow, PRICE + DEPOSIT, 0)


def silent_buyer(checks):
    chain = checks.chain
    buyer, seller, _, stranger = parties(checks)
    escrow = delivered(checks)
    chain.next_block_at(escrow.read("due") - 1)
    checks.check("the buyer has time until the last second", escrow.tried("claim_unanswered", sender=seller), False)
    chain.next_block_at(escrow.read("due"))
    checks.check("a dispute at the end of that time is too late", escrow.tried("dispute", COMPLAINT, sender=buyer), False)
    checks.refused("disputing too late", "too late to dispute", escrow, "dispute", COMPLAINT, sender=buyer)
    checks.refused("a stranger claiming silence", "only the seller", escrow, "claim_unanswered", sender=stranger)
    told = escrow.send("claim_unanswered", sender=seller)
    checks.tells("silence", escrow, told, "Accepted", by_silence=True)
    paid_out(checks, "silent buyer", escrow, 0, PRICE + DEPOSIT)


def dispute(checks):
    buyer, seller, arbiter, stranger = parties(checks)
    escrow = delivered(checks)
    checks.refused("the seller disputing", "only the buyer", escrow, "dispute", COMPLAINT, sender=seller)
    told = escrow.send("dispute", COMPLAINT, sender=buyer)
    checks.tells("the dispute", escrow, told, "Disputed", reason=COMPLAINT, decide_by=checks.chain.now() + 3 * DAY)
    checks.check("the complaint is kept", escrow.read("reason"), COMPLAINT)
    checks.refused("accepting during a dispute", "nothing is delivered", escrow, "accept", sender=buyer)
    checks.refused("claiming silence during a dispute", "nothing is delivered", escrow, "claim_unanswered", sender=seller)
    checks.refused("a stranger deciding", "only the arbiter", escrow, "decide", 0, sender=stranger)
    checks.refused("the seller deciding", "only the arbiter", escrow, "decide", PRICE, sender=seller)
    checks.refused("dividing more than there is", "more than there is", escrow, "decide", PRICE + DEPOSIT + 1, sender=arbiter)
    checks.refused("claiming the arbiter's silence too early", "the arbiter still has time", escrow, "claim_undecided", sender=buyer)
    told = escrow.send("decide", 6 * COIN, sender=arbiter)
    checks.tells("the decision", escrow, told, "Divided", by=arbiter, to_buyer=3 * COIN, to_seller=6 * COIN)
    checks.refused("deciding twice", "there is no dispute", escrow, "decide", 0, sender=arbiter)
    checks.refused("the arbiter withdrawing", "nothing to withdraw", escrow, "withdraw", sender=arbiter)
    paid_out(checks, "decided", escrow, 3 * COIN, 6 * COIN)


def silent_arbiter(checks):
    chain = checks.chain
    buyer, seller, arbiter, stranger = parties(checks)
    escrow = disputed(checks)
    chain.next_block_at(escrow.read("due"))
    checks.check("a decision at the end of the arbiter's time is too late", escrow.tried("decide", 0, sender=arbiter), False)
    checks.refused("deciding too late", "too late to decide", escrow, "decide", 0, sender=arbiter)
    checks.refused("a stranger claiming the arbiter's silence", "only buyer or seller", escrow, "claim_undecided", sender=stranger)
    escrow.send("claim_undecided", sender=seller)
    paid_out(checks, "silent arbiter", escrow, PRICE, DEPOSIT)


def settled(checks):
    chain = checks.chain
    buyer, seller, arbiter, _ = parties(checks)
    escrow = disputed(checks)
    checks.refused("the arbiter proposing", "only buyer or seller", escrow, "propose", 0, sender=arbiter)
    checks.refused("proposing more than there is", "more than there is", escrow, "propose", PRICE + DEPOSIT + 1, sender=buyer)
    told = escrow.send("propose", 0, sender=buyer)
    checks.tells("the proposal", escrow, told, "Proposed", by=buyer, to_seller=0)
    escrow.send("propose", 7 * COIN, sender=seller)
    checks.check("different proposals divide nothing", escrow.read("state"), "disputed")
    escrow.send("propose", 7 * COIN, sender=buyer)
    checks.check("equal proposals divide", escrow.read("state"), "closed")
    paid_out(checks, "settled", escrow, 2 * COIN, 7 * COIN)
    escrow = agreed(checks)
    checks.check("0 is a proposal, and no proposal is none", escrow.tried("propose", 0, sender=seller) and escrow.read("state"), "agreed")
    chain.move_to(escrow.read("due") + HOUR)
    escrow.send("propose", 0, sender=buyer)
    paid_out(checks, "the seller gave up", escrow, PRICE + DEPOSIT, 0)


def reentrancy(checks):
    chain = checks.chain
    buyer, _, arbiter, _ = parties(checks)
    for misbehaviour in ["calls again", "takes no coins"]:
        thief = checks.puppet()
        escrow = chain.deploy(
            artifact("escrow"), thief, arbiter, TERMS, 0, 7 * DAY, 2 * DAY, 3 * DAY, sender=buyer, value=PRICE
        )
        checks.make_act(thief, escrow, "agree", TERMS)
        checks.make_act(thief, escrow, "deliver", EVIDENCE)
        escrow.send("dispute", COMPLAINT, sender=buyer)
        escrow.send("decide", 3 * COIN, sender=arbiter)
        if misbehaviour == "calls again":
            thief.send("call_back_when_paid", escrow, encoded(escrow, "withdraw"), sender=buyer)
            checks.make_act(thief, escrow, "withdraw")
            checks.check("who calls withdraw again while being paid gets nothing more",
                         (thief.read("attempts"), thief.read("successes"), chain.coins(thief)), (1, 0, 3 * COIN))
        else:
            thief.send("refuse_coins", True, sender=buyer)
            checks.puppet_refused("a seller who takes no coins is not paid", "I take no coins", thief, escrow, "withdraw")
        checks.gains(f"a seller who {misbehaviour} keeps nothing from the buyer", buyer, 5 * COIN, escrow, "withdraw")
