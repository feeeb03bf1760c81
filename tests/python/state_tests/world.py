"""What the tests share: accounts, blocks, transactions and how they are signed."""

from dataclasses import dataclass, field

import coincurve
from ethereum.crypto.hash import keccak256
from ethereum.forks.osaka import transactions as forms
from ethereum.forks.osaka.fork_types import Address
from ethereum_rlp import rlp
from ethereum_types.bytes import Bytes, Bytes0, Bytes32
from ethereum_types.numeric import U64, U256, Uint

from .specs import CHAIN_ID, outcome

KEY = keccak256(b"a key of the state tests")
COINBASE = 0x2ADC25665018AA1FE0E6BC666DAC8FC2697FF9BA
CONTRACT = 0xC0DE000000000000000000000000000000000001
OTHER = 0xC0DE000000000000000000000000000000000002
THIRD = 0xC0DE000000000000000000000000000000000003
NOBODY = 0xDEAD00000000000000000000000000000000BEEF
BASE_FEE = 7
WEALTH = 10**21


def address_of(key: bytes) -> int:
    public = coincurve.PrivateKey(key).public_key.format(compressed=False)[1:]
    return int.from_bytes(keccak256(public)[12:], "big")


SENDER = address_of(KEY)


def text(value: int) -> str:
    return f"0x{value:02x}"


def address(value: int) -> str:
    return f"0x{value:040x}"


@dataclass
class Account:
    code: bytes = b""
    balance: int = 0
    nonce: int | None = None
    storage: dict[int, int] = field(default_factory=dict)

    def member(self) -> dict:
        # As on a chain that has had EIP-161 from its beginning, a contract has a nonce.
        nonce = self.nonce if self.nonce is not None else int(bool(self.code))
        return {
            "nonce": text(nonce),
            "balance": text(self.balance),
            "code": "0x" + self.code.hex(),
            "storage": {text(slot): text(word) for slot, word in self.storage.items()},
        }


@dataclass
class Call:
    """A transaction, not yet signed."""

    to: int | None = CONTRACT
    data: bytes = b""
    value: int = 0
    gas: int = 1_000_000
    type: int = 2
    nonce: int = 0
    price: int = 10
    priority: int = 3
    access: list[tuple[int, list[int]]] = field(default_factory=list)
    chain_id: int | None = CHAIN_ID

    def envelope(self, key: bytes) -> bytes:
        to = Bytes0(b"") if self.to is None else Address(self.to.to_bytes(20, "big"))
        access = tuple(
            forms.Access(
                account=Address(at.to_bytes(20, "big")), slots=tuple(Bytes32(slot.to_bytes(32, "big")) for slot in slots)
            )
            for at, slots in self.access
        )
        common = {"nonce": U256(self.nonce), "gas": Uint(self.gas), "to": to, "value": U256(self.value), "data": Bytes(self.data)}
        signature = {"r": U256(0), "s": U256(0)}
        if self.type == 0:
            unsigned = forms.LegacyTransaction(**common, gas_price=Uint(self.price), v=U256(0), **signature)
            if self.chain_id is None:
                digest, first = forms.signing_hash_pre155(unsigned), 27
            else:
                digest, first = forms.signing_hash_155(unsigned, U64(self.chain_id)), 35 + 2 * self.chain_id
            r, s, parity = signed(key, digest)
            return rlp.encode(
                forms.LegacyTransaction(**common, gas_price=Uint(self.price), v=U256(first + parity), r=U256(r), s=U256(s))
            )
        common |= {"chain_id": U64(self.chain_id or 0), "access_list": access}
        if self.type == 1:
            form, digest = forms.AccessListTransaction, forms.signing_hash_2930
            common |= {"gas_price": Uint(self.price)}
        else:
            form, digest = forms.FeeMarketTransaction, forms.signing_hash_1559
            common |= {"max_priority_fee_per_gas": Uint(self.priority), "max_fee_per_gas": Uint(self.price)}
        r, s, parity = signed(key, digest(form(**common, y_parity=U256(0), **signature)))
        return forms.encode_transaction(form(**common, y_parity=U256(parity), r=U256(r), s=U256(s)))


def signed(key: bytes, digest: bytes) -> tuple[int, int, int]:
    signature = coincurve.PrivateKey(key).sign_recoverable(digest, hasher=None)
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]


@dataclass
class Test:
    """Transactions, each on its own on the same state."""

    accounts: dict[int, Account]
    calls: list[Call]
    coinbase: int = COINBASE
    base_fee: int = BASE_FEE
    gas_limit: int = 30_000_000

    def member(self) -> dict:
        accounts = {SENDER: Account(balance=WEALTH), **self.accounts}
        env = {
            "currentCoinbase": address(self.coinbase),
            "currentGasLimit": text(self.gas_limit),
            "currentNumber": "0x03",
            "currentTimestamp": "0x6553f100",
            "currentBaseFee": text(self.base_fee),
            "currentRandom": "0x" + keccak256(b"randomness").hex(),
        }
        pre = {address(at): account.member() for at, account in accounts.items()}
        posts = []
        for one in self.calls:
            envelope = one.envelope(KEY)
            posts.append({"txbytes": "0x" + envelope.hex(), **outcome(env, pre, envelope)})
        return {"env": env, "pre": pre, "transaction": {"secretKey": "0x" + KEY.hex()}, "post": {"Osaka": posts}}
