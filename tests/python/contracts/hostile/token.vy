# pragma version 0.4.3
# pragma evm-version prague
"""
@title A token that does what a token should not do, as told
"""

SAYS_NO: constant(uint256) = 1    # answers false, and moves nothing
LIE: constant(uint256) = 2        # answers true, and moves nothing
FEE: constant(uint256) = 3        # keeps a hundredth of what it moves
CALL_BACK: constant(uint256) = 4  # calls another contract in the middle of a transfer
GREEDY: constant(uint256) = 5     # takes twice what it moves
TAKE: constant(uint256) = 6       # takes from the receiver instead

mode: public(uint256)
target: address
call_back: Bytes[1024]
attempts: public(uint256)
successes: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount


@external
def behave(mode: uint256):
    self.mode = mode


@external
def call_back_when_moved(target: address, call: Bytes[1024]):
    self.mode = CALL_BACK
    self.target = target
    self.call_back = call
    self.attempts = 0
    self.successes = 0


@external
@payable
def act(target: address, call: Bytes[1024]):
    raw_call(target, call, value=msg.value)


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    return True


@external
def transfer(to: address, amount: uint256) -> bool:
    return self._move(msg.sender, to, amount)


@external
def transferFrom(holder: address, to: address, amount: uint256) -> bool:
    self.allowance[holder][msg.sender] -= amount
    return self._move(holder, to, amount)


def _move(holder: address, to: address, amount: uint256) -> bool:
    if self.mode == SAYS_NO:
        return False
    if self.mode == LIE:
        return True
    if self.mode == TAKE:
        self.balanceOf[to] -= 1
        return True
    self.balanceOf[holder] -= amount * 2 if self.mode == GREEDY else amount
    self.balanceOf[to] += amount - amount // 100 if self.mode == FEE else amount
    if self.mode == CALL_BACK and self.attempts < 3:
        self.attempts += 1
        if raw_call(self.target, self.call_back, revert_on_failure=False):
            self.successes += 1
    return True
