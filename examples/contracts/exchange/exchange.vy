# pragma version 0.4.3
# pragma evm-version prague
"""
@title An exchange of two tokens: a pool that trades with anybody at a price that its own reserves make

The pool holds two tokens, A and B. A trade may change both reserves, but never make their product smaller; so the more of A
somebody wants, the more B each further A costs. Whoever puts tokens into the pool gets shares of it, and with them of the
fees that traders leave behind.

What it promises
  to traders:   They get at least the amount they named, before the time they named, or nothing happens at all.
  to providers: A share is worth its part of both reserves at any time, and nobody can stop its holder from taking that
                part out. Trades never lower the product of the reserves; each leaves 0.3 % of what came in.
  to both:      There is no owner, nothing can be changed, and a token's answer is not believed: what counts is how far
                the pool's balance has moved. A token that lies can harm only those who hold it.
  to nobody:    A good price. Between asking for a price and trading others may trade: that is what the limits are for.
                And who holds shares while the price moves may end with less than who held the tokens: no contract
                can change that.
"""

from ethereum.ercs import IERC20

event Provided:
    provider: indexed(address)
    amount_a: uint256
    amount_b: uint256
    shares: uint256

event Withdrawn:
    provider: indexed(address)
    amount_a: uint256
    amount_b: uint256
    shares: uint256

event Traded:
    trader: indexed(address)
    token_in: indexed(address)
    amount_in: uint256
    amount_out: uint256

# Of 10,000 parts of what comes in, 30 stay as the fee.
FEE: public(constant(uint256)) = 30
# The first provider leaves these shares to nobody. Without them, one could hold a single share, make it worth a lot by
# sending tokens along, and have the shares of the next provider rounded down to nothing.
LOCKED: public(constant(uint256)) = 1000
# So small that no product below can overflow.
MOST: public(constant(uint256)) = 2**112 - 1

TOKEN_A: public(immutable(address))
TOKEN_B: public(immutable(address))

# What the pool counts as its own. Tokens that somebody sends here without calling are nobody's, and move no price.
reserve_a: public(uint256)
reserve_b: public(uint256)
total_shares: public(uint256)
shares: public(HashMap[address, uint256])


@deploy
def __init__(token_a: address, token_b: address):
    assert token_a != token_b, "two different tokens are needed"
    assert token_a.is_contract and token_b.is_contract, "there is no token at this address"
    TOKEN_A = token_a
    TOKEN_B = token_b


# `@nonreentrant` lets nobody into one of these functions while another one runs. A token is foreign code that is called in
# the middle: without the lock it could call back while the pool has one half of a trade. The views are locked, too: others
# rely on them, and in such a moment they would answer with prices that do not exist.
@external
@nonreentrant
def provide(
    most_a: uint256, most_b: uint256, least_a: uint256, least_b: uint256, least_shares: uint256, deadline: uint256
) -> uint256:
    """
    @notice Puts both tokens into the pool, in the pool's own ratio, for shares. `approve` the pool with both tokens first.
    @param most_a Units of A to give at most; likewise `most_b`
    @param least_a Refuse if the ratio would take less A than this; likewise `least_b`
    @param least_shares Refuse if there would be fewer shares
    @param deadline Refuse after this moment, in seconds since 1970
    @return The shares
    """
    assert block.timestamp <= deadline, "the deadline has passed"
    a: uint256 = self.reserve_a
    b: uint256 = self.reserve_b
    total: uint256 = self.total_shares
    give_a: uint256 = most_a
    give_b: uint256 = most_b
    if total > 0:
        # As much of both as the ratio allows.
        assert most_a <= MOST and most_b <= MOST, "more than a pool can hold"
        give_b = most_a * b // a
        if give_b > most_b:
            give_b = most_b
            give_a = most_b * a // b
    assert give_a >= least_a and give_b >= least_b, "the ratio has moved too far"

    got_a: uint256 = self._take(TOKEN_A, give_a)
    got_b: uint256 = self._take(TOKEN_B, give_b)
    assert got_a > 0 and got_b > 0, "both tokens are needed"
    assert a + got_a <= MOST and b + got_b <= MOST, "more than a pool can hold"

    minted: uint256 = 0
    if total == 0:
        # The root of the product: then it does not matter in which ratio the first provider gives.
        minted = isqrt(got_a * got_b)
        assert minted > LOCKED, "too little for a first provider"
        minted -= LOCKED
        total = LOCKED
    else:
        minted = min(got_a * total // a, got_b * total // b)
    assert minted > 0 and minted >= least_shares, "fewer shares than wanted"

    self.reserve_a = a + got_a
    self.reserve_b = b + got_b
    self.total_shares = total + minted
    self.shares[msg.sender] += minted
    self._all_is_here()
    log Provided(provider=msg.sender, amount_a=got_a, amount_b=got_b, shares=minted)
    return minted


@external
@nonreentrant
def withdraw(amount: uint256, least_a: uint256, least_b: uint256, deadline: uint256) -> (uint256, uint256):
    """
    @notice Gives shares back for their part of both reserves.
    """
    assert block.timestamp <= deadline, "the deadline has passed"
    assert amount > 0 and self.shares[msg.sender] >= amount, "you have fewer shares"
    a: uint256 = self.reserve_a * amount // self.total_shares
    b: uint256 = self.reserve_b * amount // self.total_shares
    assert a >= least_a and b >= least_b, "less than wanted"
    self.shares[msg.sender] -= amount
    self.total_shares -= amount
    self.reserve_a -= a
    self.reserve_b -= b
    self._give(TOKEN_A, a)
    self._give(TOKEN_B, b)
    self._all_is_here()
    log Withdrawn(provider=msg.sender, amount_a=a, amount_b=b, shares=amount)
    return a, b


@external
@nonreentrant
def trade(token_in: address, amount_in: uint256, least_out: uint256, deadline: uint256) -> uint256:
    """
    @notice Gives one token, gets the other. `approve` the pool with `token_in` first.
    @param least_out The slippage limit: refuse if less would come out
    @return Units of the other token
    """
    assert block.timestamp <= deadline, "the deadline has passed"
    assert token_in == TOKEN_A or token_in == TOKEN_B, "the pool does not have this token"
    a: uint256 = self.reserve_a
    b: uint256 = self.reserve_b
    # The price comes from what arrived: some tokens keep a part of every transfer.
    got: uint256 = self._take(token_in, amount_in)
    given: uint256 = 0
    if token_in == TOKEN_A:
        given = self._out(got, a, b)
        self.reserve_a = a + got
        self.reserve_b = b - given
    else:
        given = self._out(got, b, a)
        self.reserve_b = b + got
        self.reserve_a = a - given
    assert given > 0 and given >= least_out, "less than wanted would come out"
    assert self.reserve_a * self.reserve_b >= a * b, "the product would fall"
    self._give(TOKEN_B if token_in == TOKEN_A else TOKEN_A, given)
    self._all_is_here()
    log Traded(trader=msg.sender, token_in=token_in, amount_in=got, amount_out=given)
    return given


@external
@view
@nonreentrant
def quote(token_in: address, amount_in: uint256) -> uint256:
    """
    @notice What a trade would give now
    """
    assert token_in == TOKEN_A or token_in == TOKEN_B, "the pool does not have this token"
    if token_in == TOKEN_A:
        return self._out(amount_in, self.reserve_a, self.reserve_b)
    return self._out(amount_in, self.reserve_b, self.reserve_a)


@pure
def _out(amount_in: uint256, reserve_in: uint256, reserve_out: uint256) -> uint256:
    assert reserve_in > 0, "the pool is empty"
    assert amount_in > 0, "nothing came in"
    assert amount_in <= MOST - reserve_in, "more than a pool can hold"
    # (in + paid) * (out - given) = in * out, with paid = amount without fee; rounded in favour of the pool.
    paid: uint256 = amount_in * (10_000 - FEE)
    return paid * reserve_out // (reserve_in * 10_000 + paid)


def _take(token: address, amount: uint256) -> uint256:
    before: uint256 = staticcall IERC20(token).balanceOf(self)
    # Some tokens answer false where others revert, and some answer nothing at all; the last counts as yes here.
    assert extcall IERC20(token).transferFrom(msg.sender, self, amount, default_return_value=True), "the token refuses"
    now: uint256 = staticcall IERC20(token).balanceOf(self)
    assert now >= before, "the token took instead of giving"
    return now - before


def _give(token: address, amount: uint256):
    assert extcall IERC20(token).transfer(msg.sender, amount, default_return_value=True), "the token refuses"


def _all_is_here():
    # Whatever the tokens did: the pool has what it counts as its own.
    assert staticcall IERC20(TOKEN_A).balanceOf(self) >= self.reserve_a, "token A is missing"
    assert staticcall IERC20(TOKEN_B).balanceOf(self) >= self.reserve_b, "token B is missing"
