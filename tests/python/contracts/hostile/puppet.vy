# pragma version 0.4.3
# pragma evm-version prague
"""
@title A contract that takes part in agreements as a person would, and may misbehave when it is paid

It does what anybody tells it to, so it must never own anything of value.
"""

REFUSE: constant(uint256) = 1
CALL_BACK: constant(uint256) = 2

mode: uint256
target: address
call_back: Bytes[1024]
attempts: public(uint256)
successes: public(uint256)


@external
@payable
def act(target: address, call: Bytes[1024]):
    raw_call(target, call, value=msg.value)


@external
def create(code: Bytes[20000]) -> address:
    return raw_create(code)


@external
def refuse_coins(refuse: bool):
    self.mode = REFUSE if refuse else 0


@external
def call_back_when_paid(target: address, call: Bytes[1024]):
    self.mode = CALL_BACK
    self.target = target
    self.call_back = call
    self.attempts = 0
    self.successes = 0


@external
@payable
def __default__():
    assert self.mode != REFUSE, "I take no coins"
    if self.mode == CALL_BACK and self.attempts < 3:
        self.attempts += 1
        if raw_call(self.target, self.call_back, revert_on_failure=False):
            self.successes += 1
