# pragma version 0.4.3
# pragma evm-version prague
"""
@title A swap: coins or tokens locked by a hash and a time, to trade across two networks without trust

Alice has coins on network 1, Bob on network 2. Alice makes up a secret of 32 bytes and locks her coins on network 1 for Bob,
under the secret's SHA-256, until tomorrow. Bob sees that and locks his for Alice on network 2, under the same hash, until
tonight. Alice claims Bob's coins with the secret, and everybody can read it then: Bob claims Alice's. If either stops on the
way, both take back their own when the time is over.

What it promises
  to the receiver: Who shows the secret before the deadline has the coins go to the receiver; nobody can take them back before.
  to the sender:   From the deadline on, the coins are the sender's again and the secret opens nothing more.
  to nobody:       That both halves fit together: whoever answers must check amount, receiver, hash and deadline of the other
                   half, leave enough time between the two deadlines, and be awake. A secret is for one swap only.
"""

from ethereum.ercs import IERC20

event Locked:
    id: indexed(bytes32)
    sender: indexed(address)
    receiver: indexed(address)
    token: address
    amount: uint256
    hash: bytes32
    deadline: uint256

event Claimed:
    id: indexed(bytes32)
    secret: bytes32

event Refunded:
    id: indexed(bytes32)

flag State:
    LOCKED
    CLAIMED
    REFUNDED

struct Lock:
    sender: address
    receiver: address
    token: address     # empty for the network's own coins
    amount: uint256
    hash: bytes32      # SHA-256 of the secret; not Keccak, so that networks without an EVM can take part
    deadline: uint256  # seconds since 1970
    secret: bytes32    # once it is claimed
    state: State

locks: HashMap[bytes32, Lock]


@external
@view
def id_of(
    sender: address, receiver: address, token: address, amount: uint256, hash: bytes32, deadline: uint256
) -> bytes32:
    """
    @notice The lock's name, known before it exists: a program that was stopped can look whether it has locked already.
    """
    return self._id(sender, receiver, token, amount, hash, deadline)


@external
@view
def lock_of(id: bytes32) -> Lock:
    """
    @notice Everything about a lock; all is empty where there is none.
    """
    return self.locks[id]


@external
@view
def state(id: bytes32) -> String[8]:
    """
    @notice unknown, locked, late (locked, and the time for claiming is over), claimed, or refunded
    """
    found: Lock = self.locks[id]
    if found.state == State.LOCKED:
        return "locked" if block.timestamp < found.deadline else "late"
    if found.state == State.CLAIMED:
        return "claimed"
    if found.state == State.REFUNDED:
        return "refunded"
    return "unknown"


@external
@payable
def lock(receiver: address, hash: bytes32, deadline: uint256) -> bytes32:
    """
    @notice Locks the coins sent along for `receiver`.
    @return The lock's id
    """
    assert msg.value > 0, "send coins along"
    return self._lock(receiver, empty(address), msg.value, hash, deadline)


@external
@nonreentrant
def lock_tokens(receiver: address, token: address, amount: uint256, hash: bytes32, deadline: uint256) -> bytes32:
    """
    @notice Locks tokens for `receiver`. `approve` this contract first. Tokens that keep a part of a transfer are refused.
    @return The lock's id
    """
    assert token.is_contract, "there is no token at this address"
    assert amount > 0, "nothing to lock"
    id: bytes32 = self._lock(receiver, token, amount, hash, deadline)
    before: uint256 = staticcall IERC20(token).balanceOf(self)
    assert extcall IERC20(token).transferFrom(msg.sender, self, amount, default_return_value=True), "the token refuses"
    # Otherwise a token that lies could have itself paid out from the locks of others.
    assert staticcall IERC20(token).balanceOf(self) == before + amount, "another amount arrived"
    return id


@external
@nonreentrant
def claim(id: bytes32, secret: bytes32):
    """
    @notice Opens a lock with its secret, before the deadline. Anybody may carry the secret here: the receiver is paid.
    """
    found: Lock = self.locks[id]
    assert found.state != empty(State), "there is no such lock"
    assert found.state == State.LOCKED, "already paid out"
    assert block.timestamp < found.deadline, "too late to claim"
    assert sha256(secret) == found.hash, "this is not the secret"
    self.locks[id].state = State.CLAIMED
    self.locks[id].secret = secret
    log Claimed(id=id, secret=secret)
    self._pay(found.receiver, found.token, found.amount)


@external
@nonreentrant
def refund(id: bytes32):
    """
    @notice Returns what was locked to its sender, from the deadline on. Anybody may call: the sender is paid.
    """
    found: Lock = self.locks[id]
    assert found.state != empty(State), "there is no such lock"
    assert found.state == State.LOCKED, "already paid out"
    assert block.timestamp >= found.deadline, "too early for a refund"
    self.locks[id].state = State.REFUNDED
    log Refunded(id=id)
    self._pay(found.sender, found.token, found.amount)


@view
def _id(
    sender: address, receiver: address, token: address, amount: uint256, hash: bytes32, deadline: uint256
) -> bytes32:
    # With network and contract, so that one id can never stand for two locks.
    return keccak256(abi_encode(chain.id, self, sender, receiver, token, amount, hash, deadline))


def _lock(receiver: address, token: address, amount: uint256, hash: bytes32, deadline: uint256) -> bytes32:
    assert receiver != empty(address), "a receiver is needed"
    assert hash != empty(bytes32), "a hash is needed"
    assert deadline > block.timestamp, "the deadline has passed"
    id: bytes32 = self._id(msg.sender, receiver, token, amount, hash, deadline)
    assert self.locks[id].state == empty(State), "this lock exists already"
    self.locks[id] = Lock(
        sender=msg.sender,
        receiver=receiver,
        token=token,
        amount=amount,
        hash=hash,
        deadline=deadline,
        secret=empty(bytes32),
        state=State.LOCKED,
    )
    log Locked(
        id=id, sender=msg.sender, receiver=receiver, token=token, amount=amount, hash=hash, deadline=deadline
    )
    return id


def _pay(receiver: address, token: address, amount: uint256):
    if token == empty(address):
        raw_call(receiver, b"", value=amount)
    else:
        assert extcall IERC20(token).transfer(receiver, amount, default_return_value=True), "the token refuses"
