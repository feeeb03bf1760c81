"""One transaction on one state, by the Ethereum execution specs at Osaka. Nothing of theirs is patched: `process_transaction` is Ethereum's own."""

import sys

from ethereum import exceptions as common
from ethereum.crypto.hash import keccak256
from ethereum.exceptions import EthereumException
from ethereum.forks.osaka import exceptions, fork, state, vm
from ethereum.forks.osaka.fork_types import Account, Address
from ethereum.forks.osaka.transactions import decode_transaction
from ethereum_rlp import rlp
from ethereum_types.bytes import Bytes, Bytes32
from ethereum_types.numeric import U64, U256, Uint

# A message within a message takes about a dozen frames, and 1,024 may be open.
sys.setrecursionlimit(100_000)

CHAIN_ID = 1

# What the specs raise, by the names that ethereum's tests have for it.
NAMES = {
    exceptions.InitCodeTooLargeError: "INITCODE_SIZE_EXCEEDED",
    exceptions.InsufficientMaxFeePerGasError: "INSUFFICIENT_MAX_FEE_PER_GAS",
    exceptions.PriorityFeeGreaterThanMaxFeeError: "PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS",
    exceptions.TransactionGasLimitExceededError: "GAS_LIMIT_EXCEEDS_MAXIMUM",
    common.GasUsedExceedsLimitError: "GAS_ALLOWANCE_EXCEEDED",
    common.InsufficientBalanceError: "INSUFFICIENT_ACCOUNT_FUNDS",
    common.InsufficientTransactionGasError: "INTRINSIC_GAS_TOO_LOW",
    common.InvalidSenderError: "SENDER_NOT_EOA",
    common.InvalidSignatureError: "INVALID_SIGNATURE_VRS",
    common.NonceOverflowError: "NONCE_IS_MAX",
}


def number(text: str) -> int:
    return int(text, 16)


def data(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def state_of(pre: dict) -> state.State:
    made = state.State()
    for address, account in pre.items():
        at = Address(data(address))
        state.set_account(
            made, at, Account(Uint(number(account["nonce"])), U256(number(account["balance"])), Bytes(data(account["code"])))
        )
        for slot, word in account["storage"].items():
            state.set_storage(made, at, Bytes32(number(slot).to_bytes(32, "big")), U256(number(word)))
    return made


def block_of(env: dict, on: state.State) -> vm.BlockEnvironment:
    before = number(env["currentNumber"])
    return vm.BlockEnvironment(
        chain_id=U64(CHAIN_ID),
        state=on,
        block_gas_limit=Uint(number(env["currentGasLimit"])),
        block_hashes=[Bytes32(keccak256(str(of).encode())) for of in range(max(0, before - 256), before)],
        coinbase=Address(data(env["currentCoinbase"])),
        number=Uint(before),
        base_fee_per_gas=Uint(number(env["currentBaseFee"])),
        time=U256(number(env["currentTimestamp"])),
        prev_randao=Bytes32(data(env["currentRandom"])),
        excess_blob_gas=U64(0),
        parent_beacon_block_root=Bytes32(bytes(32)),
    )


def outcome(env: dict, pre: dict, envelope: bytes) -> dict:
    """The members `hash` and `logs` of a post state, and `expectException` where the transaction is not valid."""
    on = state_of(pre)
    output = vm.BlockOutput()
    post = {}
    try:
        encoded = rlp.decode_to(fork.LegacyTransaction, envelope) if envelope[0] >= 0xC0 else Bytes(envelope)
        fork.process_transaction(block_of(env, on), output, decode_transaction(encoded), Uint(0))
    except EthereumException as broken:
        post["expectException"] = "TransactionException." + name_of(broken)
        on, output = state_of(pre), vm.BlockOutput()
    post["hash"] = "0x" + state.state_root(on).hex()
    post["logs"] = "0x" + keccak256(rlp.encode(output.block_logs)).hex()
    return post


def name_of(broken: EthereumException) -> str:
    if isinstance(broken, common.NonceMismatchError):
        return "NONCE_MISMATCH_TOO_LOW" if "low" in str(broken) else "NONCE_MISMATCH_TOO_HIGH"
    # A legacy transaction's price below the base fee has no class of its own.
    return "INSUFFICIENT_MAX_FEE_PER_GAS" if type(broken) is common.InvalidBlock else NAMES[type(broken)]
