# pragma version 0.4.3
# pragma evm-version prague
"""
@title An escrow: the price waits here until the seller has delivered

What it promises
  to the buyer:   The seller is paid only if the buyer accepts, says nothing until the time for it has run out, or the
                  arbiter decides so. A seller who does not deliver in time loses price and deposit to the buyer.
  to the seller:  The price is here before any work begins, and the buyer cannot take it back while the seller keeps to
                  the terms. A buyer who falls silent cannot keep the seller waiting for ever.
  to both:        The arbiter can only divide the coins between the two of them, only in a dispute, and only once. If
                  the arbiter falls silent, each gets back what each has put in. At any time the two can agree otherwise.
  to nobody:      That the arbiter is just. This contract never sees the goods: it keeps the hash of the terms that both
                  agreed to, so that nobody can show other terms later.
"""

event Offered:
    buyer: indexed(address)
    seller: indexed(address)
    arbiter: indexed(address)
    terms: bytes32
    price: uint256
    deposit: uint256

event Cancelled:
    by: indexed(address)

event Agreed:
    deliver_by: uint256

event Delivered:
    evidence: bytes32
    answer_by: uint256

event Accepted:
    by_silence: bool

event Breached:
    late_since: uint256

event Disputed:
    reason: bytes32
    decide_by: uint256

event Proposed:
    by: indexed(address)
    to_seller: uint256

event Divided:
    by: indexed(address)
    to_buyer: uint256
    to_seller: uint256

event Withdrawn:
    by: indexed(address)
    amount: uint256

# Where the agreement stands. Each function below names the stage it begins from.
flag Stage:
    OFFERED
    AGREED
    DELIVERED
    DISPUTED
    CLOSED

BUYER: public(immutable(address))
SELLER: public(immutable(address))
ARBITER: public(immutable(address))
TERMS: public(immutable(bytes32))           # hash of the text both agree to
PRICE: public(immutable(uint256))
DEPOSIT: public(immutable(uint256))         # what the seller loses by not delivering; may be 0
DELIVER_WITHIN: public(immutable(uint256))  # seconds from the seller's agreement
ANSWER_WITHIN: public(immutable(uint256))   # seconds the buyer has to accept or dispute
DECIDE_WITHIN: public(immutable(uint256))   # seconds the arbiter has

stage: Stage
due: public(uint256)                            # when the current stage's time runs out; 0 if it does not
evidence: public(bytes32)                       # hash of the proof of delivery
reason: public(bytes32)                         # hash of the buyer's complaint
proposal: public(HashMap[address, uint256])     # how much of all coins either side would give the seller, plus 1
credit: public(HashMap[address, uint256])       # coins that are somebody's and wait to be withdrawn


@deploy
@payable
def __init__(
    seller: address,
    arbiter: address,
    terms: bytes32,
    deposit: uint256,
    deliver_within: uint256,
    answer_within: uint256,
    decide_within: uint256,
):
    """
    @notice The buyer offers, and pays in: the coins sent along are the price.
    """
    assert msg.value > 0, "send the price along"
    assert seller != empty(address) and arbiter != empty(address), "seller and arbiter are needed"
    assert seller != msg.sender and arbiter != msg.sender and arbiter != seller, "three different parties are needed"
    assert terms != empty(bytes32), "the hash of the terms is needed"
    # Bounds keep a mistyped time from locking coins up for ever.
    assert 0 < deliver_within and deliver_within <= 10 * 365 * 86400, "delivery takes 1 second to 10 years"
    assert 0 < answer_within and answer_within <= 365 * 86400, "an answer takes 1 second to 1 year"
    assert 0 < decide_within and decide_within <= 365 * 86400, "a decision takes 1 second to 1 year"
    BUYER = msg.sender
    SELLER = seller
    ARBITER = arbiter
    TERMS = terms
    PRICE = msg.value
    DEPOSIT = deposit
    DELIVER_WITHIN = deliver_within
    ANSWER_WITHIN = answer_within
    DECIDE_WITHIN = decide_within
    self.stage = Stage.OFFERED
    log Offered(buyer=msg.sender, seller=seller, arbiter=arbiter, terms=terms, price=msg.value, deposit=deposit)


@external
@view
def state() -> String[9]:
    """
    @notice offered, agreed, late (agreed, and the time to deliver is over), delivered, disputed, or closed
    """
    if self.stage == Stage.OFFERED:
        return "offered"
    if self.stage == Stage.AGREED:
        return "agreed" if block.timestamp < self.due else "late"
    if self.stage == Stage.DELIVERED:
        return "delivered"
    if self.stage == Stage.DISPUTED:
        return "disputed"
    return "closed"


@external
def cancel():
    """
    @notice Before the seller has agreed: either side calls it off, and the buyer's coins are the buyer's again.
    """
    assert msg.sender == BUYER or msg.sender == SELLER, "only buyer or seller"
    assert self.stage == Stage.OFFERED, "the seller has agreed already"
    log Cancelled(by=msg.sender)
    self._close(PRICE, 0)


@external
@payable
def agree(terms: bytes32):
    """
    @notice The seller agrees to exactly these terms, and pays in the deposit. The time to deliver begins.
    """
    assert msg.sender == SELLER, "only the seller"
    assert self.stage == Stage.OFFERED, "there is no open offer"
    assert terms == TERMS, "these are other terms"
    assert msg.value == DEPOSIT, "send exactly the deposit along"
    self.stage = Stage.AGREED
    self.due = block.timestamp + DELIVER_WITHIN
    log Agreed(deliver_by=self.due)


@external
def deliver(evidence: bytes32):
    """
    @notice The seller says that delivery is done; the hash of a waybill or the like may go with it.
    """
    assert msg.sender == SELLER, "only the seller"
    assert self.stage == Stage.AGREED, "nothing is to be delivered"
    assert block.timestamp < self.due, "too late to deliver"
    self.stage = Stage.DELIVERED
    self.evidence = evidence
    self.due = block.timestamp + ANSWER_WITHIN
    log Delivered(evidence=evidence, answer_by=self.due)


@external
def claim_breach():
    """
    @notice The seller has not delivered in time: price and deposit go to the buyer.
    """
    assert msg.sender == BUYER, "only the buyer"
    assert self.stage == Stage.AGREED, "nothing is to be delivered"
    assert block.timestamp >= self.due, "the seller still has time"
    log Breached(late_since=self.due)
    self._close(PRICE + DEPOSIT, 0)


@external
def accept():
    """
    @notice The buyer accepts what was delivered: the price goes to the seller.
    """
    assert msg.sender == BUYER, "only the buyer"
    assert self.stage == Stage.DELIVERED, "nothing is delivered"
    log Accepted(by_silence=False)
    self._close(0, PRICE + DEPOSIT)


@external
def claim_unanswered():
    """
    @notice The buyer has neither accepted nor disputed in time: the price goes to the seller.
    """
    assert msg.sender == SELLER, "only the seller"
    assert self.stage == Stage.DELIVERED, "nothing is delivered"
    assert block.timestamp >= self.due, "the buyer still has time"
    log Accepted(by_silence=True)
    self._close(0, PRICE + DEPOSIT)


@external
def dispute(reason: bytes32):
    """
    @notice The buyer says that this is not what was agreed on. The arbiter decides.
    """
    assert msg.sender == BUYER, "only the buyer"
    assert self.stage == Stage.DELIVERED, "nothing is delivered"
    assert block.timestamp < self.due, "too late to dispute"
    self.stage = Stage.DISPUTED
    self.reason = reason
    self.due = block.timestamp + DECIDE_WITHIN
    log Disputed(reason=reason, decide_by=self.due)


@external
def decide(to_seller: uint256):
    """
    @notice The arbiter divides all coins: so much to the seller, the rest to the buyer.
    """
    assert msg.sender == ARBITER, "only the arbiter"
    assert self.stage == Stage.DISPUTED, "there is no dispute"
    assert block.timestamp < self.due, "too late to decide"
    assert to_seller <= PRICE + DEPOSIT, "more than there is"
    self._divide(to_seller)


@external
def claim_undecided():
    """
    @notice The arbiter has not decided in time: each side gets back what it has put in.
    """
    assert msg.sender == BUYER or msg.sender == SELLER, "only buyer or seller"
    assert self.stage == Stage.DISPUTED, "there is no dispute"
    assert block.timestamp >= self.due, "the arbiter still has time"
    self._divide(DEPOSIT)


@external
def propose(to_seller: uint256):
    """
    @notice Buyer or seller proposes how to divide all coins. As soon as both propose the same, it is done.
            A proposal stands until the same side makes another one.
    """
    assert msg.sender == BUYER or msg.sender == SELLER, "only buyer or seller"
    assert self.stage in (Stage.AGREED | Stage.DELIVERED | Stage.DISPUTED), "nothing is to be divided"
    assert to_seller <= PRICE + DEPOSIT, "more than there is"
    # One more than the proposal is kept, since 0 means that there is none.
    self.proposal[msg.sender] = to_seller + 1
    log Proposed(by=msg.sender, to_seller=to_seller)
    if self.proposal[BUYER] == self.proposal[SELLER]:
        self._divide(to_seller)


@external
def withdraw():
    """
    @notice Pays out what is one's own. Whoever cannot be paid harms nobody else.
    """
    amount: uint256 = self.credit[msg.sender]
    assert amount > 0, "nothing to withdraw"
    # Written off before it is paid: a receiver that calls again from within the payment finds nothing.
    self.credit[msg.sender] = 0
    log Withdrawn(by=msg.sender, amount=amount)
    raw_call(msg.sender, b"", value=amount)


def _divide(to_seller: uint256):
    to_buyer: uint256 = PRICE + DEPOSIT - to_seller
    log Divided(by=msg.sender, to_buyer=to_buyer, to_seller=to_seller)
    self._close(to_buyer, to_seller)


def _close(to_buyer: uint256, to_seller: uint256):
    # The only way coins become anybody's, and it leads out of every stage: so it happens once.
    self.stage = Stage.CLOSED
    self.due = 0
    self.credit[BUYER] += to_buyer
    self.credit[SELLER] += to_seller
