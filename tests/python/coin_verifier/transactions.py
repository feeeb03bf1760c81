"""Transactions by themselves: section 6, first part, in the order of section 9."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import coincurve

from . import rlp
from .hashing import keccak
from .rules import Broken

GROUP_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
GAS_CAP = 16_777_216
INIT_CODE_LIMIT = 49_152
DEV_CHAIN = 31_337

AccessList = tuple[tuple[bytes, tuple[bytes, ...]], ...]


@dataclass(frozen=True)
class Transaction:
    """A transaction whose form is right. Its signature is another matter: `signed_by`."""

    type: int
    nonce: int
    greatest_fee: int
    priority_fee: int | None  # none where one price is all that is offered
    gas_limit: int
    to: bytes  # empty: a creation
    value: int
    payload: bytes
    access_list: AccessList
    hash: bytes
    digest: bytes  # what is signed
    signature: tuple[int, int, int]  # parity, r, s
    chain_id: int

    def effective_price(self, base_fee: int) -> int:
        if self.priority_fee is None:
            return self.greatest_fee
        return min(self.greatest_fee, base_fee + self.priority_fee)

    @property
    def is_marked(self) -> bool:
        """Whether it is marked instead of signed: section 10."""
        parity, r, s = self.signature
        return self.chain_id == DEV_CHAIN and (parity, s) == (0, 1) and r < 2**160

    @cached_property
    def sender(self) -> bytes | None:
        """Nothing where the signature gives no key."""
        parity, r, s = self.signature
        if self.is_marked:
            return r.to_bytes(20, "big")
        if not 0 < r < GROUP_ORDER or not 0 < s < GROUP_ORDER:
            return None
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity])
        try:
            key = coincurve.PublicKey.from_signature_and_message(signature, self.digest, hasher=None)
        except Exception:  # coincurve raises bare exceptions where libsecp256k1 finds no key
            return None
        return keccak(key.format(compressed=False)[1:])[12:]


def in_form(envelope: bytes, chain_id: int) -> Transaction:
    """Decodes an envelope, and checks all but its signature. Raises `Broken`."""
    verdict = _judged(envelope, chain_id)
    if isinstance(verdict, Broken):
        raise Broken(verdict.rule, verdict.detail, verdict.alike)
    return verdict


def signed(transaction: Transaction) -> None:
    if transaction.sender is None:
        raise Broken("tx_signature", "it gives no key")


@lru_cache(maxsize=100_000)
def _judged(envelope: bytes, chain_id: int) -> Transaction | Broken:
    try:
        return _checked(envelope, chain_id)
    except Broken as broken:
        return broken


def _checked(envelope: bytes, chain_id: int) -> Transaction:
    if not envelope:
        raise Broken("tx_encoding", "it is empty", ("tx_type",))
    first = envelope[0]
    if first not in (1, 2) and first < 0xC0:
        # From 0x80 on no type of EIP-2718 begins, and no list.
        raise Broken("tx_type", f"it begins with {first:#04x}", ("tx_encoding",) if first >= 0x80 else ())
    kind = 0 if first >= 0xC0 else first
    try:
        values = rlp.items(rlp.decode(envelope if kind == 0 else envelope[1:]), (9, 11, 12)[kind])
        if kind == 0:
            nonce, price, gas_limit, to, value, payload, v, r, s = values
            chain, priority, accesses = None, None, []
        elif kind == 1:
            chain, nonce, price, gas_limit, to, value, payload, accesses, v, r, s = values
            priority = None
        else:
            chain, nonce, priority, price, gas_limit, to, value, payload, accesses, v, r, s = values
        unsigned = values[:6] if kind == 0 else values[:-3]
        chain = None if chain is None else rlp.integer(chain)
        priority = None if priority is None else rlp.integer(priority)
        nonce, price, gas_limit, value, v, r, s = map(rlp.integer, (nonce, price, gas_limit, value, v, r, s))
        to, payload, access_list = rlp.fixed(to, 0, 20), rlp.text(payload), _access_list(accesses)
    except rlp.NotCanonical as error:
        raise Broken("tx_encoding", str(error)) from error
    if max(price, priority or 0) >> 128:
        raise Broken("tx_encoding", "a fee a gas is 2^128 or more")
    if max(value, r, s) >> 256:
        raise Broken("tx_encoding", "a value or a part of the signature has more than 32 bytes")
    if kind and v > 1:
        raise Broken("tx_encoding", f"the parity is {v}", ("tx_signature",))

    if max(nonce, gas_limit, chain or 0) >> 64 or v > 2**65 + 34:
        raise Broken("tx_encoding", "a nonce, a gas limit or a chain id has more than 8 bytes")
    if kind == 0:
        if v < 35:
            raise Broken("tx_unprotected", f"v is {v}", () if v in (27, 28) else ("tx_encoding", "tx_signature", "tx_chain_id"))
        chain, parity = divmod(v - 35, 2)
    else:
        parity = v
    if chain != chain_id:
        raise Broken("tx_chain_id", f"it is for {chain}, not {chain_id}")
    if nonce >= 2**64 - 1:
        raise Broken("tx_nonce_max", str(nonce))
    if gas_limit > GAS_CAP:
        raise Broken("tx_gas_cap", str(gas_limit))
    needed = gas_needed(to, payload, access_list)
    if gas_limit < max(needed):
        raise Broken("tx_intrinsic_gas", f"{gas_limit} of {needed}")
    if not to and len(payload) > INIT_CODE_LIMIT:
        raise Broken("tx_init_code", str(len(payload)))
    if priority is not None and priority > price:
        raise Broken("tx_priority_over_max", f"{priority} > {price}")
    if s > GROUP_ORDER // 2:
        raise Broken("tx_high_s", hex(s))
    digest = keccak(rlp.encode(unsigned + [chain, 0, 0]) if kind == 0 else bytes([kind]) + rlp.encode(unsigned))
    return Transaction(
        kind, nonce, price, priority, gas_limit, to, value, payload, access_list, keccak(envelope), digest, (parity, r, s), chain
    )


def _access_list(item: rlp.Item) -> AccessList:
    accesses = []
    for access in rlp.items(item):
        address, slots = rlp.items(access, 2)
        accesses.append((rlp.fixed(address, 20), tuple(rlp.fixed(slot, 32) for slot in rlp.items(slots))))
    return tuple(accesses)


def gas_needed(to: bytes, payload: bytes, access_list: AccessList) -> tuple[int, int]:
    """The intrinsic gas (EIP-2028, EIP-2930, EIP-3860), and the floor (EIP-7623)."""
    zeros = payload.count(0)
    tokens = zeros + 4 * (len(payload) - zeros)
    intrinsic = 21_000 + 4 * tokens
    if not to:
        intrinsic += 32_000 + 2 * ((len(payload) + 31) // 32)
    intrinsic += sum(2_400 + 1_900 * len(slots) for _, slots in access_list)
    return intrinsic, 21_000 + 10 * tokens
