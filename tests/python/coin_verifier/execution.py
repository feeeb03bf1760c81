"""Execution: section 8 and the second part of section 6, on the EVM of the Ethereum execution specs.

The specs are driven at `process_message_call`: what surrounds a message (the rules of a transaction, fees, refunds, the subsidy, receipts, roots)
is written here from the page, since there coin differs from Ethereum; what a message does is theirs. Nothing of theirs is patched.
"""

import sys
from dataclasses import dataclass
from types import SimpleNamespace

from ethereum.forks.osaka import state as specs
from ethereum.forks.osaka import vm
from ethereum.forks.osaka.bloom import logs_bloom
from ethereum.forks.osaka.fork_types import Account, Address
from ethereum.forks.osaka.trie import Trie as SpecsTrie
from ethereum.forks.osaka.utils.message import prepare_message
from ethereum.forks.osaka.vm.interpreter import process_message_call
from ethereum_types.bytes import Bytes, Bytes0, Bytes32
from ethereum_types.numeric import U64, U256, Uint

from . import rlp
from .blocks import Record
from .hashing import keccak
from .parameters import Parameters
from .rules import Broken
from .transactions import Transaction, gas_needed
from .trie import EMPTY_ROOT, Trie, ordered_root

# A message within a message takes about a dozen frames, and 1,024 may be open.
sys.setrecursionlimit(100_000)

Slots = dict[Bytes32, U256]


class State:
    """The accounts after a block, with the tries that commit to them. Never changed once made."""

    def __init__(
        self,
        accounts: dict[Address, Account],
        storage: dict[Address, Slots],
        supply: int,
        trie: Trie,
        storage_tries: dict[Address, Trie],
    ):
        self.accounts = accounts
        self.storage = storage
        self.supply = supply
        self._trie = trie
        self._storage_tries = storage_tries

    @classmethod
    def of_genesis(cls, parameters: Parameters) -> "State":
        accounts = {
            Address(address): Account(nonce=Uint(1 if code else 0), balance=U256(balance), code=Bytes(code))
            for address, balance, code in parameters.accounts
        }
        return cls({}, {}, 0, Trie(), {}).followed_by(accounts, {})

    def followed_by(self, accounts: dict[Address, Account], storage: dict[Address, Slots]) -> "State":
        """The state with these accounts and slots in place of its own."""
        trie, storage_tries, supply = self._trie, dict(self._storage_tries), self.supply
        changed = {address for address in self.storage.keys() | storage.keys() if self.storage.get(address) != storage.get(address)}
        for address in changed:
            before, after = self.storage.get(address, {}), storage.get(address, {})
            slots = storage_tries.pop(address, Trie())
            for slot in before.keys() | after.keys():
                if before.get(slot) != after.get(slot):
                    value = after.get(slot)
                    slots = slots.with_item(keccak(slot), rlp.encode(int(value)) if value else b"")
            if after:
                storage_tries[address] = slots
        # The specs leave the accounts alone that nothing touched: most comparisons are of a thing with itself.
        changed |= {address for address, account in accounts.items() if self.accounts.get(address) is not account}
        changed |= self.accounts.keys() - accounts.keys()
        for address in changed:
            account, leaf = accounts.get(address), b""
            supply += _balance(account) - _balance(self.accounts.get(address))
            if account is not None:
                storage_root = storage_tries[address].root() if address in storage_tries else EMPTY_ROOT
                leaf = rlp.encode([int(account.nonce), int(account.balance), storage_root, keccak(account.code)])
            trie = trie.with_item(keccak(address), leaf)
        return State(accounts, storage, supply, trie, storage_tries)

    def root(self) -> bytes:
        return self._trie.root()

    def _for_the_specs(self) -> specs.State:
        return specs.State(
            _main_trie=SpecsTrie(secured=True, default=None, _data=dict(self.accounts)),
            _storage_tries={
                address: SpecsTrie(secured=True, default=U256(0), _data=dict(slots)) for address, slots in self.storage.items()
            },
        )

    def _from_the_specs(self, after: specs.State) -> "State":
        storage = {address: trie._data for address, trie in after._storage_tries.items() if trie._data}
        return self.followed_by(after._main_trie._data, storage)


def _balance(account: Account | None) -> int:
    return 0 if account is None else int(account.balance)


@dataclass(frozen=True)
class Outcome:
    gas_used: int
    receipts_root: bytes
    logs_bloom: bytes
    state: State
    receipts: tuple[bytes, ...]


def execute(
    parameters: Parameters, before: State, record: Record, transactions: list[Transaction], ancestors: list[bytes]
) -> Outcome:
    """Runs a block upon the state before it. `ancestors` are the record hashes of up to 256 blocks before, oldest first.

    Of the record, only what the EVM can read is used. Raises `Broken` for a transaction that has no place.
    """
    assert parameters.spec_at(record.number) == "osaka"
    state = before._for_the_specs()
    env = vm.BlockEnvironment(
        chain_id=U64(parameters.chain_id),
        state=state,
        block_gas_limit=Uint(record.gas_limit),
        block_hashes=[Bytes32(ancestor) for ancestor in ancestors],
        coinbase=Address(record.miner),
        number=Uint(record.number),
        base_fee_per_gas=Uint(record.base_fee),
        time=U256(record.timestamp),
        prev_randao=Bytes32(record.mix_hash),
        excess_blob_gas=U64(0),  # so that BLOBBASEFEE is 1
        parent_beacon_block_root=Bytes32(bytes(32)),
    )
    gas_used, receipts, all_logs = 0, [], ()
    for index, transaction in enumerate(transactions):
        _has_a_place(state, transaction, record, gas_used)
        used, succeeded, logs = _run(env, transaction, index)
        gas_used += used
        all_logs += logs
        receipt = rlp.encode([int(succeeded), gas_used, bytes(logs_bloom(logs)), [_log(log) for log in logs]])
        receipts.append(bytes([transaction.type]) + receipt if transaction.type else receipt)
    subsidy = parameters.subsidy_of(record.number)
    if subsidy:
        _add(state, env.coinbase, subsidy)
    return Outcome(
        gas_used, ordered_root(receipts), bytes(logs_bloom(all_logs)), before._from_the_specs(state), tuple(receipts)
    )


def _has_a_place(state: specs.State, transaction: Transaction, record: Record, gas_used: int) -> None:
    sender = specs.get_account(state, Address(transaction.sender))
    if transaction.nonce != int(sender.nonce):
        raise Broken("tx_nonce", f"{transaction.nonce}, the sender's is {sender.nonce}")
    if transaction.greatest_fee < record.base_fee:
        raise Broken("tx_fee_below_base", f"{transaction.greatest_fee} < {record.base_fee}")
    if int(sender.balance) < transaction.gas_limit * transaction.greatest_fee + transaction.value:
        raise Broken("tx_balance", f"the sender has {sender.balance}")
    if sender.code and not transaction.is_marked:
        raise Broken("tx_sender_has_code", transaction.sender.hex())
    if transaction.gas_limit > record.gas_limit - gas_used:
        raise Broken("tx_gas_over_block", f"{transaction.gas_limit} of {record.gas_limit - gas_used}")


def _run(env: vm.BlockEnvironment, transaction: Transaction, index: int) -> tuple[int, bool, tuple]:
    """Gas used, whether it succeeded, and its logs."""
    state, sender = env.state, Address(transaction.sender)
    price = transaction.effective_price(int(env.base_fee_per_gas))
    intrinsic, floor = gas_needed(transaction.to, transaction.payload, transaction.access_list)

    specs.increment_nonce(state, sender)
    _add(state, sender, -transaction.gas_limit * price)
    warm = {Address(address) for address, _ in transaction.access_list}
    warm.add(env.coinbase)  # EIP-3651
    tx_env = vm.TransactionEnvironment(
        origin=sender,
        gas_price=Uint(price),
        gas=Uint(transaction.gas_limit - intrinsic),
        access_list_addresses=warm,
        access_list_storage_keys={
            (Address(address), Bytes32(slot)) for address, slots in transaction.access_list for slot in slots
        },
        transient_storage=specs.TransientStorage(),
        blob_versioned_hashes=(),
        authorizations=(),
        index_in_block=Uint(index),
        tx_hash=Bytes32(transaction.hash),
    )
    called = SimpleNamespace(
        to=Address(transaction.to) if transaction.to else Bytes0(b""),
        data=Bytes(transaction.payload),
        value=U256(transaction.value),
    )
    output = process_message_call(prepare_message(env, tx_env, called))

    used = transaction.gas_limit - int(output.gas_left)
    used -= min(used // 5, int(output.refund_counter))  # EIP-3529
    used = max(used, floor)  # EIP-7623
    _add(state, sender, (transaction.gas_limit - used) * price)
    # The whole fee is the miner's. Like Ethereum's it is paid before accounts end: a miner that is such an account loses it.
    _add(state, env.coinbase, used * price)
    for address in output.accounts_to_delete:
        specs.destroy_account(state, address)
    return used, output.error is None, output.logs


def _add(state: specs.State, address: Address, amount: int) -> None:
    balance = int(specs.get_account(state, address).balance)
    specs.set_account_balance(state, address, U256(balance + amount))


def _log(log) -> list:
    return [bytes(log.address), [bytes(topic) for topic in log.topics], bytes(log.data)]
