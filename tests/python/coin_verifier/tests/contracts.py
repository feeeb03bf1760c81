"""Small contracts for the tests, and the assembler that makes them."""

OPCODES = {
    name: code
    for code, name in {
        0x00: "STOP", 0x01: "ADD", 0x02: "MUL", 0x03: "SUB", 0x14: "EQ", 0x15: "ISZERO", 0x16: "AND", 0x1E: "CLZ", 0x20: "KECCAK256",
        0x30: "ADDRESS", 0x31: "BALANCE", 0x32: "ORIGIN", 0x33: "CALLER", 0x34: "CALLVALUE", 0x35: "CALLDATALOAD", 0x36: "CALLDATASIZE",
        0x37: "CALLDATACOPY", 0x39: "CODECOPY", 0x3A: "GASPRICE", 0x3D: "RETURNDATASIZE", 0x3E: "RETURNDATACOPY", 0x40: "BLOCKHASH",
        0x41: "COINBASE", 0x42: "TIMESTAMP", 0x43: "NUMBER", 0x44: "PREVRANDAO", 0x45: "GASLIMIT", 0x46: "CHAINID", 0x47: "SELFBALANCE",
        0x48: "BASEFEE", 0x4A: "BLOBBASEFEE", 0x50: "POP", 0x51: "MLOAD", 0x52: "MSTORE", 0x53: "MSTORE8", 0x54: "SLOAD", 0x55: "SSTORE",
        0x56: "JUMP", 0x57: "JUMPI", 0x5A: "GAS", 0x5B: "JUMPDEST", 0x5C: "TLOAD", 0x5D: "TSTORE", 0x5E: "MCOPY", 0x5F: "PUSH0",
        0x80: "DUP1", 0x81: "DUP2", 0x82: "DUP3", 0x90: "SWAP1", 0x91: "SWAP2", 0xA0: "LOG0", 0xA1: "LOG1", 0xA2: "LOG2", 0xA3: "LOG3",
        0xA4: "LOG4", 0xF0: "CREATE", 0xF1: "CALL", 0xF3: "RETURN", 0xF4: "DELEGATECALL", 0xF5: "CREATE2", 0xFA: "STATICCALL", 0xFD: "REVERT",
        0xFE: "INVALID", 0xFF: "SELFDESTRUCT",
    }.items()
}  # fmt: skip


def assembled(source: str) -> bytes:
    """Words are opcodes, or numbers (decimal or 0x) that are pushed."""
    code = b""
    for word in source.split():
        if word in OPCODES:
            code += bytes([OPCODES[word]])
        else:
            value = bytes.fromhex(word[2:]) if word.startswith("0x") else int(word).to_bytes(max(1, (int(word).bit_length() + 7) // 8), "big")
            code += bytes([0x5F + len(value)]) + value
    return code


def deploying(code: bytes) -> bytes:
    """Init code that returns `code`."""
    head = assembled(f"0x{len(code):04x} DUP1 0x0b PUSH0 CODECOPY PUSH0 RETURN")
    return head + b"\0" + code


# Writes all that a block tells to slots, counts its calls in slot 0, and logs them.
WITNESS = assembled(
    "PUSH0 SLOAD 1 ADD DUP1 PUSH0 SSTORE "
    "COINBASE 1 SSTORE TIMESTAMP 2 SSTORE NUMBER 3 SSTORE PREVRANDAO 4 SSTORE GASLIMIT 5 SSTORE CHAINID 6 SSTORE BASEFEE 7 SSTORE "
    "BLOBBASEFEE 8 SSTORE 1 NUMBER SUB BLOCKHASH 9 SSTORE NUMBER BLOCKHASH 10 SSTORE 2 NUMBER SUB BLOCKHASH 11 SSTORE GASPRICE 12 SSTORE "
    "ORIGIN 13 SSTORE SELFBALANCE 14 SSTORE COINBASE BALANCE 15 SSTORE PUSH0 BLOCKHASH 16 SSTORE "
    "CALLVALUE PUSH0 MSTORE CALLER 32 MSTORE NUMBER CALLER 0xfeedbeef 64 PUSH0 LOG3 32 PUSH0 LOG0 STOP"
)
# Sets slot 0 to the first word of what it is sent: a zero clears it, and refunds.
KEEPER = assembled("PUSH0 CALLDATALOAD DUP1 PUSH0 SSTORE PUSH0 MSTORE 0x01 32 PUSH0 LOG1 STOP")
# Stores and logs, and takes it all back with a word of reason.
REVERTS = assembled("7 PUSH0 SSTORE 32 PUSH0 LOG0 0xdead PUSH0 MSTORE 32 PUSH0 REVERT")
# Ends in the transaction that makes it, in favour of itself: what it was given is destroyed.
BURNS_ITSELF = assembled("ADDRESS SELFDESTRUCT")
# The same in favour of whoever made it: nothing is destroyed.
PAYS_AND_ENDS = assembled("CALLER SELFDESTRUCT")
# Makes a child by CREATE2 with all that it was sent, which burns it; then makes another that pays it back to itself.
BURNS_BY_CHILD = assembled(
    f"0x{BURNS_ITSELF.hex()} PUSH0 MSTORE PUSH0 2 30 2 CALLVALUE SUB CREATE2 PUSH0 SSTORE "
    f"0x{PAYS_AND_ENDS.hex()} PUSH0 MSTORE 2 30 2 CREATE 1 SSTORE SELFBALANCE 2 SSTORE STOP"
)
# Long lived: told to end by any call, it pays its caller, and stays (EIP-6780).
PAYS_AND_STAYS = assembled("CALLER SELFDESTRUCT")
# Transient storage, MCOPY, PUSH0, CLZ (EIP-7939), SHA-256, and P256VERIFY (EIP-7951) on what it is sent.
MODERN = assembled(
    "5 1 TSTORE 1 TLOAD PUSH0 SSTORE 0x00ff CLZ 1 SSTORE "
    "CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY 32 PUSH0 64 MCOPY 64 MLOAD 2 SSTORE "
    "CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY 32 PUSH0 CALLDATASIZE PUSH0 2 GAS STATICCALL 3 SSTORE PUSH0 MLOAD 4 SSTORE "
    "CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY 32 PUSH0 CALLDATASIZE PUSH0 0x0100 GAS STATICCALL 5 SSTORE RETURNDATASIZE 6 SSTORE STOP"
)
# Calls itself with all its gas until none is left, and counts in slot 0 the calls that held.
DEEP = assembled("PUSH0 SLOAD 1 ADD PUSH0 SSTORE PUSH0 PUSH0 PUSH0 PUSH0 PUSH0 ADDRESS GAS CALL STOP")
