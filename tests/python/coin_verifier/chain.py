"""Blocks in their place: section 9."""

from dataclasses import dataclass
from time import time as clock

from . import rlp, targets
from .blocks import EMPTY_OMMERS, Block, shown
from .execution import State, execute
from .hashing import keccak, sha256d
from .parameters import Parameters
from .rules import Broken
from .transactions import Transaction, in_form, signed
from .trie import ordered_root


@dataclass(frozen=True)
class Place:
    """A verified block, and what its children are judged by."""

    block: Block
    state: State
    work: int  # of the chain up to here
    elapsed: int  # T of section 7 for the child's target: capped gaps from block 1 to here
    issued: int
    destroyed: int
    parent: "Place | None"
    size: int

    @property
    def number(self) -> int:
        return self.block.record.number

    def ancestors(self, most: int = 256) -> list[bytes]:
        """Record hashes of the last blocks up to this one, oldest first."""
        hashes, place = [], self
        while place is not None and len(hashes) < most:
            hashes.append(place.block.record.hash)
            place = place.parent
        return hashes[::-1]


def decoded(parameters: Parameters, encoded: bytes) -> Block:
    if not encoded:
        raise Broken("seal_version", "the block is empty", ("encoding",))
    if encoded[0] != 1:
        raise Broken("seal_version", str(encoded[0]))
    if len(encoded) > parameters.byte_limit:
        raise Broken("byte_limit", f"{len(encoded)} > {parameters.byte_limit}")
    try:
        return Block.decode(encoded[1:])
    except rlp.NotCanonical as error:
        raise Broken("encoding", str(error)) from error


def alone(parameters: Parameters, encoded: bytes) -> tuple[Block, list[Transaction]]:
    """A block by itself. The genesis block is not for this."""
    block = decoded(parameters, encoded)
    if block.record.has_wide_integers():
        raise Broken("encoding", "an integer of the record is too wide")
    return block, _alone(parameters, block)


def _alone(parameters: Parameters, block: Block) -> list[Transaction]:
    header, record = block.header, block.record
    target = targets.expand(header.bits)
    if header.version != 1:
        raise Broken("header_version", str(header.version))
    if target is None:
        raise Broken("bits_invalid", f"{header.bits:#010x}")
    if target > targets.expand(parameters.easiest_bits):
        raise Broken("bits_easier_than_easiest", f"{header.bits:#010x}")
    if header.proof() > target:
        raise Broken("proof_of_work", shown(header.hash))
    if header.commitment != sha256d(record.encoded()):
        raise Broken("commitment", header.commitment.hex())
    if header.time != record.timestamp:
        raise Broken("time_mismatch", f"{header.time} and {record.timestamp}")
    if record.ommers_hash != EMPTY_OMMERS:
        raise Broken("ommers_hash", record.ommers_hash.hex())
    if record.nonce != bytes(8):
        raise Broken("record_nonce", record.nonce.hex())
    if record.gas_limit != parameters.gas_limit:
        raise Broken("gas_limit", f"{record.gas_limit}, not {parameters.gas_limit}")
    if record.base_fee != parameters.base_fee:
        raise Broken("base_fee", f"{record.base_fee}, not {parameters.base_fee}")
    if record.difficulty != targets.work(target):
        raise Broken("difficulty_field", f"{record.difficulty}, not {targets.work(target)}")
    if len(record.extra_data) > 32:
        raise Broken("extra_data_length", str(len(record.extra_data)))
    if record.gas_used > record.gas_limit:
        raise Broken("gas_used_over_limit", f"{record.gas_used} > {record.gas_limit}")
    if record.mix_hash != keccak(header.previous):
        raise Broken("mix_hash", record.mix_hash.hex())
    if record.transactions_root != ordered_root(list(block.envelopes)):
        raise Broken("transactions_root", record.transactions_root.hex())
    transactions = [in_form(envelope, parameters.chain_id) for envelope in block.envelopes]
    for transaction in transactions:
        signed(transaction)
    return transactions


class Chain:
    """All blocks verified so far, in a tree."""

    def __init__(self, parameters: Parameters, now: int | None = None):
        self.parameters = parameters
        self._now = now
        state = State.of_genesis(parameters)
        genesis = parameters.genesis(state.root())
        self.genesis = Place(
            genesis, state, targets.work(targets.expand(genesis.header.bits)), 0, 0, 0, None, len(genesis.encoded())
        )
        self._places = {genesis.header.hash: self.genesis}
        self.tip = self.genesis

    def __len__(self) -> int:
        return len(self._places)

    def bits_after(self, parent: Place) -> int:
        parameters = self.parameters
        return targets.bits_demanded(
            parameters.easiest_bits, parameters.spacing, parameters.half_life, parent.number + 1, parent.elapsed
        )

    def judged(self, encoded: bytes, now: int | None = None) -> Place:
        """Where the block stands, if it is valid. Raises `Broken`."""
        parameters = self.parameters
        block, transactions = alone(parameters, encoded)
        header, record = block.header, block.record
        parent = self._places.get(header.previous)
        if parent is None:
            raise Broken("parent_unknown", shown(header.previous))
        before = parent.block.record
        if record.parent_hash != before.hash:
            raise Broken("record_parent", record.parent_hash.hex())
        if record.number != before.number + 1:
            raise Broken("number", f"{record.number} after {before.number}")
        if record.timestamp <= before.timestamp:
            raise Broken("time_not_above_parent", f"{record.timestamp} after {before.timestamp}")
        now = now if now is not None else self._now if self._now is not None else int(clock())
        if parameters.ahead and record.timestamp > now + parameters.ahead:
            raise Broken("time_too_far_ahead", f"{record.timestamp - now} seconds")
        if header.bits != self.bits_after(parent):
            raise Broken("bits_wrong", f"{header.bits:#010x}, not {self.bits_after(parent):#010x}")

        outcome = execute(parameters, parent.state, record, transactions, parent.ancestors())
        if record.gas_used != outcome.gas_used:
            raise Broken("gas_used", f"{record.gas_used}, not {outcome.gas_used}")
        if record.receipts_root != outcome.receipts_root:
            raise Broken("receipts_root", f"{record.receipts_root.hex()}, not {outcome.receipts_root.hex()}")
        if record.logs_bloom != outcome.logs_bloom:
            raise Broken("logs_bloom")
        if record.state_root != outcome.state.root():
            raise Broken("state_root", f"{record.state_root.hex()}, not {outcome.state.root().hex()}")
        return self._placed(block, outcome.state, parent, len(encoded))

    def _placed(self, block: Block, state: State, parent: Place, size: int) -> Place:
        gap = block.header.time - parent.block.header.time
        issued = parent.issued + self.parameters.subsidy_of(block.record.number)
        return Place(
            block=block,
            state=state,
            work=parent.work + targets.work(targets.expand(block.header.bits)),
            elapsed=parent.elapsed + min(gap, 2 * self.parameters.half_life) if parent.number else 0,
            issued=issued,
            destroyed=self.parameters.first_supply() + issued - state.supply,
            parent=parent,
            size=size,
        )

    def extend(self, encoded: bytes) -> Place:
        place = self.judged(encoded)
        # Coins come from the schedule alone; that they vanish is told, not forbidden.
        assert place.destroyed >= place.parent.destroyed, "a block made coins beyond its subsidy"
        self._places[place.block.header.hash] = place
        if place.work > self.tip.work:
            self.tip = place
        return place
