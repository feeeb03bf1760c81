# pragma version 0.4.3
# pragma evm-version prague
"""
@title A registry of documents and goods, for notaries and food chains

What it promises
  about documents: Who registered a hash, and when, stands here for good; nobody can register it a second time, or earlier.
                   Only the one who registered it can revoke it, and each notary's attestation is the notary's alone.
  about goods:     Each batch has one holder at any time. It changes hands only if the holder offers it and the next one
                   accepts; so nobody can be made to hold what they have not received. Its maker can recall it for good.
  to everybody:    Nothing is ever deleted: what was revoked, recalled or used up stays readable with its whole history.
  to nobody:       That a document is true, that its author is who registered it, or that the crate holds what its label
                   says. The contract knows who said what and when. Whether to believe them is up to the reader.
"""

event Registered:
    document: indexed(bytes32)
    owner: indexed(address)

event Revoked:
    document: indexed(bytes32)
    reason: String[96]

event Attested:
    document: indexed(bytes32)
    notary: indexed(address)
    statement: String[96]

event AttestationWithdrawn:
    document: indexed(bytes32)
    notary: indexed(address)
    reason: String[96]

event Made:
    batch: indexed(uint256)
    maker: indexed(address)
    label: String[96]
    quantity: uint256

event HandedOver:
    batch: indexed(uint256)
    holder: indexed(address)
    to: indexed(address)

event HandOverEnded:
    batch: indexed(uint256)
    by: indexed(address)

event Accepted:
    batch: indexed(uint256)
    holder: indexed(address)

event Noted:
    batch: indexed(uint256)
    holder: indexed(address)
    document: indexed(bytes32)
    note: String[96]

event Recalled:
    batch: indexed(uint256)
    reason: String[96]

event UsedUp:
    batch: indexed(uint256)
    holder: indexed(address)

struct Document:
    owner: address
    registered_at: uint256  # seconds since 1970; 0 if it is not registered
    revoked_at: uint256     # 0 if it is not revoked
    attestations: uint256   # how many notaries stand by it now

struct Batch:
    maker: address
    holder: address
    offered_to: address     # who may accept it next; empty if nobody
    made_at: uint256        # 0 if there is no such batch
    quantity: uint256
    hands: uint256          # how often it has changed hands
    recalled: bool
    used_up: bool

documents: HashMap[bytes32, Document]
attested_at: public(HashMap[bytes32, HashMap[address, uint256]])  # document, notary; 0 if the notary does not stand by it
batches: HashMap[uint256, Batch]
batch_count: public(uint256)  # batches are numbered from 1


@external
@view
def document(hash: bytes32) -> Document:
    """
    @notice What is known about a document, by its hash; all is empty if nothing is.
    """
    return self.documents[hash]


@external
@view
def batch(number: uint256) -> Batch:
    """
    @notice What is known about a batch; its history is in the events.
    """
    return self.batches[number]


@external
def register(hash: bytes32):
    """
    @notice Registers a document by its hash. The document itself stays with its owner, and secret if the owner likes.
    """
    # A short or well-known document should contain something that nobody guesses: who guesses a text can find its hash.
    assert hash != empty(bytes32), "the hash of the document is needed"
    assert self.documents[hash].registered_at == 0, "already registered"
    self.documents[hash] = Document(
        owner=msg.sender, registered_at=block.timestamp, revoked_at=0, attestations=0
    )
    log Registered(document=hash, owner=msg.sender)


@external
def revoke(hash: bytes32, reason: String[96]):
    """
    @notice The owner declares that the document does not hold any more. This cannot be undone.
    """
    assert self.documents[hash].registered_at != 0, "not registered"
    assert self.documents[hash].owner == msg.sender, "only the owner"
    assert self.documents[hash].revoked_at == 0, "already revoked"
    self.documents[hash].revoked_at = block.timestamp
    log Revoked(document=hash, reason=reason)


@external
def attest(hash: bytes32, statement: String[96]):
    """
    @notice A notary stands by a document. Which notaries to trust is the reader's choice: anybody may attest.
    """
    assert self.documents[hash].registered_at != 0, "not registered"
    assert self.documents[hash].revoked_at == 0, "the document is revoked"
    assert self.attested_at[hash][msg.sender] == 0, "already attested"
    self.attested_at[hash][msg.sender] = block.timestamp
    self.documents[hash].attestations += 1
    log Attested(document=hash, notary=msg.sender, statement=statement)


@external
def withdraw_attestation(hash: bytes32, reason: String[96]):
    """
    @notice A notary does not stand by a document any more.
    """
    assert self.attested_at[hash][msg.sender] != 0, "not attested"
    self.attested_at[hash][msg.sender] = 0
    self.documents[hash].attestations -= 1
    log AttestationWithdrawn(document=hash, notary=msg.sender, reason=reason)


@external
def make(label: String[96], quantity: uint256) -> uint256:
    """
    @notice Begins a batch of goods, whose maker is its first holder.
    @return The batch's number
    """
    assert len(label) > 0, "a label is needed"
    assert quantity > 0, "a quantity is needed"
    number: uint256 = self.batch_count + 1
    self.batch_count = number
    self.batches[number] = Batch(
        maker=msg.sender,
        holder=msg.sender,
        offered_to=empty(address),
        made_at=block.timestamp,
        quantity=quantity,
        hands=0,
        recalled=False,
        used_up=False,
    )
    log Made(batch=number, maker=msg.sender, label=label, quantity=quantity)
    return number


@external
def hand_over(number: uint256, to: address):
    """
    @notice The holder offers the batch to the next one. Until that one accepts, the holder stays responsible.
    """
    self._by_holder(number)
    assert not self.batches[number].recalled, "the batch is recalled"
    assert self.batches[number].offered_to == empty(address), "already offered to somebody"
    assert to != empty(address) and to != msg.sender, "somebody else is needed"
    self.batches[number].offered_to = to
    log HandedOver(batch=number, holder=msg.sender, to=to)


@external
def end_hand_over(number: uint256):
    """
    @notice The holder takes the offer back, or the one it was offered to refuses it.
    """
    found: Batch = self.batches[number]
    assert found.offered_to != empty(address), "offered to nobody"
    assert msg.sender == found.holder or msg.sender == found.offered_to, "only the two who hand over"
    self.batches[number].offered_to = empty(address)
    log HandOverEnded(batch=number, by=msg.sender)


@external
def accept(number: uint256):
    """
    @notice The next one has received the batch, and is its holder from now on.
    """
    found: Batch = self.batches[number]
    # What is offered to nobody is not offered to the empty address, from which simulated calls may come.
    assert found.offered_to != empty(address) and msg.sender == found.offered_to, "not offered to you"
    assert not found.recalled, "the batch is recalled"
    self.batches[number].holder = msg.sender
    self.batches[number].offered_to = empty(address)
    self.batches[number].hands = found.hands + 1
    log Accepted(batch=number, holder=msg.sender)


@external
def note(number: uint256, document: bytes32, text: String[96]):
    """
    @notice The holder adds to the history: a measurement, a certificate (by its hash, which may be registered here, or 0).
    """
    self._by_holder(number)
    log Noted(batch=number, holder=msg.sender, document=document, note=text)


@external
def recall(number: uint256, reason: String[96]):
    """
    @notice The maker warns everybody of the batch, whoever holds it. It changes hands no more.
    """
    assert self.batches[number].made_at != 0, "there is no such batch"
    assert self.batches[number].maker == msg.sender, "only the maker"
    assert not self.batches[number].recalled, "already recalled"
    self.batches[number].recalled = True
    log Recalled(batch=number, reason=reason)


@external
def use_up(number: uint256):
    """
    @notice The holder declares that the batch is sold out, eaten or destroyed.
    """
    self._by_holder(number)
    self.batches[number].used_up = True
    self.batches[number].offered_to = empty(address)
    log UsedUp(batch=number, holder=msg.sender)


@view
def _by_holder(number: uint256):
    assert self.batches[number].made_at != 0, "there is no such batch"
    assert self.batches[number].holder == msg.sender, "only the holder"
    assert not self.batches[number].used_up, "the batch is used up"
