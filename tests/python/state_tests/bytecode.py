"""An assembler of every opcode that Osaka knows, and the pieces of programs that the tests are made of."""

NAMES = {
    0x00: "STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND",
    0x10: "LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR CLZ",
    0x20: "KECCAK256",
    0x30: "ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY CODESIZE CODECOPY GASPRICE EXTCODESIZE "
    "EXTCODECOPY RETURNDATASIZE RETURNDATACOPY EXTCODEHASH",
    0x40: "BLOCKHASH COINBASE TIMESTAMP NUMBER PREVRANDAO GASLIMIT CHAINID SELFBALANCE BASEFEE BLOBHASH BLOBBASEFEE",
    0x50: "POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST TLOAD TSTORE MCOPY PUSH0",
    0x80: " ".join(f"DUP{n}" for n in range(1, 17)),
    0x90: " ".join(f"SWAP{n}" for n in range(1, 17)),
    0xA0: " ".join(f"LOG{n}" for n in range(5)),
    0xF0: "CREATE CALL CALLCODE RETURN DELEGATECALL CREATE2",
    0xFA: "STATICCALL",
    0xFD: "REVERT INVALID SELFDESTRUCT",
}
OPCODES = {name: first + place for first, names in NAMES.items() for place, name in enumerate(names.split())}
# How many words each takes off the stack; what it gives back is one word or nothing.
TAKES = {
    **dict.fromkeys("ADD MUL SUB DIV SDIV MOD SMOD EXP SIGNEXTEND LT GT SLT SGT EQ AND OR XOR BYTE SHL SHR SAR".split(), 2),
    **dict.fromkeys("ISZERO NOT CLZ".split(), 1),
    **dict.fromkeys("ADDMOD MULMOD".split(), 3),
}


def push(value: int) -> bytes:
    size = (value.bit_length() + 7) // 8
    return bytes([0x5F + size]) + value.to_bytes(size, "big")


def word(value: int) -> bytes:
    return (value % (1 << 256)).to_bytes(32, "big")


def code(*parts: str | int | bytes) -> bytes:
    """Opcodes and numbers in text, divided by blanks; numbers, which are pushed; bytes as they are."""
    made = b""
    for part in parts:
        if isinstance(part, bytes):
            made += part
        elif isinstance(part, int):
            made += push(part)
        else:
            for word in part.split():
                made += bytes([OPCODES[word]]) if word in OPCODES else push(int(word, 0))
    return made


def put(blob: bytes, at: int = 0) -> bytes:
    """Writes bytes to memory."""
    made = b""
    for start in range(0, len(blob), 32):
        made += code(int.from_bytes(blob[start : start + 32].ljust(32, b"\0"), "big"), at + start, "MSTORE")
    return made


def deploying(body: bytes) -> bytes:
    """Init code that returns `body`."""
    head = code(push(len(body)) + b"\x80", b"\x60\x00", "PUSH0 CODECOPY PUSH0 RETURN")
    at = len(head)
    return head.replace(b"\x60\x00", bytes([0x60, at]), 1) + body


def call(
    kind: str, to: int, value: int = 0, gas: int | None = None, given: tuple[int, int] = (0, 0), taken: tuple[int, int] = (0, 0)
) -> bytes:
    """A message; its success is on the stack afterwards. `given` and `taken` are places in memory, and sizes."""
    made = code(taken[1], taken[0], given[1], given[0])
    if kind in ("CALL", "CALLCODE"):
        made += code(value)
    return made + code(to, "GAS" if gas is None else gas, kind)
