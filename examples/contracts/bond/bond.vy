# pragma version 0.4.3
# pragma evm-version prague
"""
@title A bond: investors lend coins to an issuer, who repays them with interest

What it promises
  to investors:  Their coins leave this contract only if the whole goal comes together before the deadline. Otherwise each
                 takes back every unit. What the issuer repays is shared by what each lent, and nobody can stop a claim.
                 If the issuer has not repaid everything at maturity, anybody can have that written down for good; the
                 collateral, and lent coins that the issuer has not fetched, then go to the investors.
  to the issuer: Once the goal has come together the coins are there to be fetched, and no investor can take them back.
                 Nobody can ask for more than the goal and the interest agreed on at the beginning.
  to nobody:     That an issuer who has fetched the coins repays more than the collateral. No contract can promise that.
"""

# An event is a line in the chain's log: contracts cannot read it, programs outside can search for it.
event Offered:
    issuer: indexed(address)
    goal: uint256
    owed: uint256
    collateral: uint256
    deadline: uint256
    maturity: uint256

event Lent:
    investor: indexed(address)
    amount: uint256
    raised: uint256

event Refunded:
    investor: indexed(address)
    amount: uint256

event Fetched:
    amount: uint256

event Repaid:
    payer: indexed(address)
    amount: uint256
    repaid: uint256

event Defaulted:
    missing: uint256
    seized: uint256

event Claimed:
    investor: indexed(address)
    amount: uint256

event Returned:
    amount: uint256

# The agreement. `immutable` values are written once, at creation, into the contract's code: nobody can change them.
ISSUER: public(immutable(address))
GOAL: public(immutable(uint256))      # units to lend; 10**18 units are one coin
OWED: public(immutable(uint256))      # units to repay: the goal and the interest
DEADLINE: public(immutable(uint256))  # seconds since 1970; lending ends here
MATURITY: public(immutable(uint256))  # everything is to be repaid before this moment

raised: public(uint256)
repaid: public(uint256)      # by the issuer, or seized for the investors
fetched: public(bool)        # whether the issuer has the lent coins
defaulted: public(bool)      # stays true for good, even if the issuer pays late
collateral: public(uint256)  # the issuer's coins that are kept here until the bond has ended
lent: public(HashMap[address, uint256])
claimed: public(HashMap[address, uint256])


@deploy
@payable
def __init__(goal: uint256, interest_bps: uint256, deadline: uint256, maturity: uint256):
    """
    @notice Offers the bond. Coins sent along are the collateral; there may be none.
    @param goal Units to lend in all
    @param interest_bps The interest for the whole term, in hundredths of a percent: 500 is 5 %
    @param deadline When lending ends, in seconds since 1970
    @param maturity When everything must be repaid, in seconds since 1970
    """
    assert goal > 0, "a bond needs a goal"
    assert interest_bps <= 10_000, "interest is at most 100 %"
    assert deadline > block.timestamp, "the deadline has passed"
    assert maturity > deadline, "maturity comes after the deadline"
    ISSUER = msg.sender
    GOAL = goal
    # Vyper refuses sums and products that do not fit into 256 bits: the transaction reverts.
    OWED = goal + goal * interest_bps // 10_000
    DEADLINE = deadline
    MATURITY = maturity
    self.collateral = msg.value
    log Offered(issuer=msg.sender, goal=goal, owed=OWED, collateral=msg.value, deadline=deadline, maturity=maturity)


@external
@view
def state() -> String[8]:
    """
    @notice funding, failed (take your coins back), running, repaid, or default
    """
    if self.raised < GOAL:
        return "funding" if block.timestamp < DEADLINE else "failed"
    if self.defaulted:
        return "default"
    if self.repaid == OWED:
        return "repaid"
    # Nobody has called `declare_default` yet, but whoever asks shall see it.
    return "running" if block.timestamp < MATURITY else "default"


@external
@payable
def lend():
    """
    @notice Lends the coins sent along, until the deadline, and no more than the goal.
    """
    assert block.timestamp < DEADLINE, "the deadline has passed"
    assert msg.value > 0, "send coins along"
    assert self.raised + msg.value <= GOAL, "more than is still wanted"
    self.raised += msg.value
    self.lent[msg.sender] += msg.value
    log Lent(investor=msg.sender, amount=msg.value, raised=self.raised)


@external
def refund():
    """
    @notice Takes back what one lent, where the goal was not reached before the deadline.
    """
    assert self.raised < GOAL, "the goal was reached"
    assert block.timestamp >= DEADLINE, "lending still goes on"
    amount: uint256 = self.lent[msg.sender]
    assert amount > 0, "nothing to refund"
    # Checks, then effects, then the payment: whoever is paid may be a contract that calls again from within the payment.
    # By then its share must be written off. `raised` stays, so that the bond remains failed.
    self.lent[msg.sender] = 0
    log Refunded(investor=msg.sender, amount=amount)
    self._pay(msg.sender, amount)


@external
def fetch():
    """
    @notice The issuer fetches the lent coins once all have come together.
    """
    assert msg.sender == ISSUER, "only the issuer"
    assert self.raised == GOAL, "the goal is not reached"
    assert not self.fetched, "already fetched"
    # Coins that nobody fetched by then are still here to repay the investors with.
    assert block.timestamp < MATURITY or self.repaid == OWED, "the bond has matured"
    self.fetched = True
    log Fetched(amount=GOAL)
    self._pay(ISSUER, GOAL)


@external
@payable
def repay():
    """
    @notice Repays, in as many parts as one likes. Anybody may pay for the issuer, and late is better than never.
    """
    assert self.raised == GOAL, "nothing has been lent"
    assert msg.value > 0, "send coins along"
    assert self.repaid + msg.value <= OWED, "more than is still owed"
    self.repaid += msg.value
    log Repaid(payer=msg.sender, amount=msg.value, repaid=self.repaid)


@external
def declare_default():
    """
    @notice Writes down that the issuer has not repaid in time, and seizes what of the issuer's is still here. For anybody.
    """
    assert self.raised == GOAL, "nothing has been lent"
    assert block.timestamp >= MATURITY, "not due yet"
    assert self.repaid < OWED, "everything is repaid"
    assert not self.defaulted, "already declared"
    self.defaulted = True
    missing: uint256 = OWED - self.repaid
    here: uint256 = self.collateral
    if not self.fetched:
        # Coins that nobody fetched serve to repay as well; what is left of them returns with the collateral.
        self.fetched = True
        here += GOAL
    seized: uint256 = min(here, missing)
    self.collateral = here - seized
    self.repaid += seized
    log Defaulted(missing=missing, seized=seized)


@external
@view
def claimable(investor: address) -> uint256:
    """
    @notice Units that an investor could claim now
    """
    return self._claimable(investor)


@external
def claim():
    """
    @notice Takes one's share of what has been repaid so far. May be called again after further repayments.
    """
    amount: uint256 = self._claimable(msg.sender)
    assert amount > 0, "nothing to claim"
    self.claimed[msg.sender] += amount
    log Claimed(investor=msg.sender, amount=amount)
    self._pay(msg.sender, amount)


@external
def take_back_collateral():
    """
    @notice Returns to the issuer what is left of the collateral, once the bond has failed, is repaid, or was declared in default.
    """
    assert msg.sender == ISSUER, "only the issuer"
    failed: bool = self.raised < GOAL and block.timestamp >= DEADLINE
    assert failed or self.repaid == OWED or self.defaulted, "the bond has not ended"
    amount: uint256 = self.collateral
    assert amount > 0, "no collateral left"
    self.collateral = 0
    log Returned(amount=amount)
    self._pay(ISSUER, amount)


@view
def _claimable(investor: address) -> uint256:
    # Rounded down, so that the shares never add up to more than is there. Less than one unit per investor stays behind.
    return self.repaid * self.lent[investor] // GOAL - self.claimed[investor]


def _pay(receiver: address, amount: uint256):
    # Reverts everything if the receiver does not take the coins. That harms nobody else: each is paid on their own call.
    raw_call(receiver, b"", value=amount)
