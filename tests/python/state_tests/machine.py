"""What the machine does within one contract: operators, memory, jumps, storage."""

import random
from collections.abc import Iterator

from .bytecode import TAKES, call, code, put, word
from .world import BASE_FEE, COINBASE, CONTRACT, NOBODY, OTHER, SENDER, Account, Call, Test

Tests = Iterator[tuple[str, Test]]
TOP = 1 << 255
ALL = (1 << 256) - 1
WORDS = [
    0,
    1,
    2,
    3,
    7,
    31,
    32,
    33,
    127,
    128,
    255,
    256,
    257,
    0x80,
    0xFFFF,
    ALL >> 128,
    1 << 128,
    TOP - 1,
    TOP,
    TOP + 1,
    ALL - 1,
    ALL,
]


def operators() -> Tests:
    """Every operator on words from the edges: what it gives, and that it takes no more."""
    draw = random.Random(1)
    for name, takes in TAKES.items():
        loads = b"".join(code(32 * place, "CALLDATALOAD") for place in reversed(range(takes)))
        body = code(77, loads, name, 1, "SSTORE", 2, "SSTORE GAS 3 SSTORE")
        given = [tuple(draw.choice(WORDS) for _ in range(takes)) for _ in range(22)]
        given += [tuple(draw.getrandbits(256) for _ in range(takes)) for _ in range(4)]
        given += [(place,) * takes for place in (0, 1, ALL)]
        calls = [Call(data=b"".join(word(one) for one in each)) for each in given]
        yield f"operators/{name}", Test({CONTRACT: Account(body)}, calls)


def surroundings() -> Tests:
    """What a contract can ask about where it is."""
    alone = "ADDRESS ORIGIN CALLER CALLVALUE CALLDATASIZE CODESIZE GASPRICE RETURNDATASIZE COINBASE TIMESTAMP NUMBER PREVRANDAO GASLIMIT CHAINID SELFBALANCE BASEFEE BLOBBASEFEE PC MSIZE GAS"
    body = b"".join(code(name, place + 1, "SSTORE") for place, name in enumerate(alone.split()))
    plain = Call(data=b"\1\0\2", value=5)
    accounts = {CONTRACT: Account(body, balance=9)}
    yield (
        "surroundings/alone",
        Test(accounts, [plain, Call(type=0), Call(type=1, access=[(NOBODY, [1, 2])]), Call(price=BASE_FEE, priority=0)]),
    )
    asked = [SENDER, CONTRACT, OTHER, NOBODY, COINBASE, 1, 0x0A, 0x11, 0x12, 0x100, 0, (1 << 160) - 1]
    for name in "BALANCE EXTCODESIZE EXTCODEHASH".split():
        body = b"".join(
            code("GAS", at, name, "GAS SWAP2 SWAP1", 2 * place + 100, "SSTORE SWAP1 SUB", 2 * place + 1, "SSTORE")
            for place, at in enumerate(asked)
        )
        accounts = {CONTRACT: Account(body), OTHER: Account(b"\xfe\1\2", balance=3)}
        yield (
            f"surroundings/{name}",
            Test(accounts, [Call(gas=3_000_000), Call(gas=3_000_000, access=[(NOBODY, []), (OTHER, [7])])]),
        )
    body = b"".join(code(at, "BLOCKHASH", place + 1, "SSTORE") for place, at in enumerate([0, 1, 2, 3, 4, 300, ALL]))
    body += b"".join(code(at, "BLOBHASH", place + 20, "SSTORE") for place, at in enumerate([0, 1, ALL]))
    yield "surroundings/block_hashes", Test({CONTRACT: Account(body)}, [Call()])
    body = b"".join(code(at, "CALLDATALOAD", place + 1, "SSTORE") for place, at in enumerate([0, 1, 5, 31, 32, 1 << 64, ALL]))
    yield (
        "surroundings/CALLDATALOAD",
        Test({CONTRACT: Account(body)}, [Call(data=bytes(range(1, size + 1))) for size in (0, 1, 31, 32, 40, 70)]),
    )


def memory() -> Tests:
    """Memory: where it grows, what that costs, what is copied beyond the end of things."""
    places = [0, 1, 31, 32, 1000, 100_000, 1 << 32, 1 << 64, ALL]
    for name, gives in (("MLOAD", True), ("MSTORE", False), ("MSTORE8", False)):
        tests = []
        for at in places:
            tests.append(
                code(
                    "" if gives else 0x1122334455,
                    at,
                    name,
                    code(9, "SSTORE") if gives else b"",
                    "MSIZE 1 SSTORE GAS 2 SSTORE 0 MLOAD 3 SSTORE",
                )
            )
        yield from each(f"memory/{name}", tests)
    for name in "CALLDATACOPY CODECOPY EXTCODECOPY RETURNDATACOPY MCOPY".split():
        tests = []
        for to, start, size in [
            (0, 0, 0),
            (0, 0, 32),
            (5, 3, 40),
            (0, 30, 10),
            (64, 0, 33),
            (0, 1 << 64, 8),
            (0, ALL, 1),
            (1 << 40, 0, 0),
            (1 << 40, 0, 1),
            (0, 0, 5000),
            (3, 64, 0),
            (0, 64, 1),
            (40, 20, 64),
        ]:
            head = put(bytes(range(1, 97))) + call("STATICCALL", OTHER) + code("POP")
            of = code(OTHER) if name == "EXTCODECOPY" else b""
            tests.append(head + code(size, start, to, of, name, "GAS 1 SSTORE MSIZE DUP1 2 SSTORE 0 KECCAK256 3 SSTORE"))
        yield from each(f"memory/{name}", tests, data=bytes(range(200, 250)))
    tests = [
        code(size, at, "KECCAK256 1 SSTORE GAS 2 SSTORE")
        for at, size in [(0, 0), (ALL, 0), (0, 1), (0, 32), (7, 137), (0, 100_000), (0, ALL), (1 << 33, 1)]
    ]
    yield from each("memory/KECCAK256", tests)
    for topics in range(5):
        tests = [
            code(*[n + 1 for n in range(topics)], size, at, f"LOG{topics}", "GAS 1 SSTORE")
            for at, size in [(0, 0), (0, 1), (64, 320), (ALL, 0), (ALL, 1)]
        ]
        yield from each(f"memory/LOG{topics}", tests)
    tests = [
        code(size, at, name) for name in ("RETURN", "REVERT") for at, size in [(0, 0), (0, 100_000), (ALL, 0), (ALL, 1), (0, ALL)]
    ]
    yield from each("memory/ends", [code("1 1 SSTORE", test) for test in tests])


def each(name: str, bodies: list[bytes], accounts: dict[int, Account] | None = None, gas: int = 1_000_000, **given) -> Tests:
    """One test for each body of the contract."""
    standing = {OTHER: Account(code(put(b"what another gives back"), "40 0 RETURN"), balance=1)} | (accounts or {})
    for place, body in enumerate(bodies):
        yield f"{name}/{place}", Test({CONTRACT: Account(body, balance=1000), **standing}, [Call(gas=gas, **given)])


def jumps() -> Tests:
    """Where control goes, and where it must not."""
    bodies = [
        code("4 JUMP INVALID JUMPDEST 1 1 SSTORE"),
        code("3 JUMP 0x5b 1 1 SSTORE"),  # a destination within what is pushed
        code("200 JUMP"), code(ALL, "JUMP"), code("0 JUMP"), code("JUMP"),
        code("1 6 JUMPI INVALID JUMPDEST 1 1 SSTORE"), code("0 200 JUMPI 1 1 SSTORE"), code("1 200 JUMPI"),
        code("JUMPDEST GAS 5000 LT 0 JUMPI STOP"), code("JUMPDEST 0 JUMP"),
        code("PC PC PC 1 SSTORE 2 SSTORE 3 SSTORE"), b"\x61\x01", b"\x7f\x5b", code("1 1 SSTORE") + b"\x0c", code("INVALID"),
        b"\xef\x00", b"\x1f", b"\x21", b"\x4b", b"\xf6", b"\xa5",
    ]  # fmt: skip
    yield from each("jumps/body", bodies, gas=200_000)
    stacks = [code("1 " * size, "GAS", 9, "SSTORE") for size in (1021, 1022, 1023, 1024)] + [
        code("1 " * (place - missing), f"DUP{place}", 1, "SSTORE") for place in (1, 2, 16) for missing in (0, 1)
    ]
    stacks += [
        code(" ".join(str(n + 1) for n in range(place + 1 - missing)), f"SWAP{place}", 1, "SSTORE")
        for place in (1, 2, 16)
        for missing in (0, 1)
    ]
    stacks += [code("PUSH0 " * 1024), code("PUSH0 " * 1025)] + [
        bytes([0x5F + size]) + bytes(range(1, size)) for size in (1, 2, 32)
    ]
    yield from each("jumps/stack", stacks)
    few = [code("7 " * (takes - 1), name) for name, takes in TAKES.items()]
    few += [
        code(name)
        for name in "BALANCE MLOAD MSTORE SLOAD SSTORE JUMPI LOG1 CREATE CALL RETURN CREATE2 REVERT SELFDESTRUCT TLOAD TSTORE MCOPY BLOCKHASH BLOBHASH POP KECCAK256".split()
    ]
    yield from each("jumps/too_few", few, gas=100_000)


def storage() -> Tests:
    """What words of storage cost and give back (EIP-2200, 2929, 3529), and those that last no longer than a transaction (EIP-1153)."""
    for first in (0, 1, 2):
        tests = {}
        for then in (0, 1, 2):
            for last in (0, 1, 2):
                tests[f"{then}{last}"] = code(
                    "GAS", then, "5 SSTORE GAS", last, "5 SSTORE GAS", 8, "SSTORE", 7, "SSTORE", 6, "SSTORE"
                )
        for name, body in tests.items():
            calls = [Call(), Call(access=[(CONTRACT, [5])]), Call(type=1, access=[(CONTRACT, [5, 5]), (CONTRACT, [6])])]
            yield f"storage/{first}{name}", Test({CONTRACT: Account(body, storage={5: first} if first else {})}, calls)
    clearing = b"".join(code(0, slot, "SSTORE") for slot in range(1, 30))
    yield (
        "storage/refund_is_capped",
        Test({CONTRACT: Account(clearing, storage={slot: slot for slot in range(1, 30)})}, [Call(), Call(data=bytes(1000))]),
    )
    edge = code("GAS", call("CALL", OTHER, gas=2300), 1, "SSTORE 2 SSTORE")
    for gas in (2300, 2301, 2302, 5000, 22_100, 22_106, 22_107):
        body = code(call("CALL", OTHER, gas=gas), 1, "SSTORE GAS 2 SSTORE")
        yield f"storage/sentry_{gas}", Test({CONTRACT: Account(body), OTHER: Account(code("1 1 SSTORE"))}, [Call()])
    yield "storage/sentry_alone", Test({CONTRACT: Account(edge), OTHER: Account(code("1 1 SSTORE"))}, [Call()])
    again = code(
        "5 TLOAD 1 SSTORE 9 5 TSTORE 5 TLOAD 2 SSTORE",
        call("CALL", OTHER),
        "POP 5 TLOAD 3 SSTORE",
        call("DELEGATECALL", OTHER),
        "POP 5 TLOAD 4 SSTORE",
        call("STATICCALL", OTHER),
        "6 SSTORE",
    )
    other = code("5 TLOAD 7 SSTORE 11 5 TSTORE STOP")
    reverting = code("11 5 TSTORE 0 0 REVERT")
    for name, body in (("kept", other), ("reverted", reverting)):
        yield f"storage/transient_{name}", Test({CONTRACT: Account(again), OTHER: Account(body)}, [Call()])
    warmth = code("GAS 5 SLOAD POP GAS 5 SLOAD POP GAS 6 SLOAD POP GAS 1 SSTORE 2 SSTORE 3 SSTORE 4 SSTORE")
    yield (
        "storage/warmth",
        Test(
            {CONTRACT: Account(warmth, storage={5: 1})}, [Call(), Call(access=[(CONTRACT, [5])]), Call(access=[(CONTRACT, [6])])]
        ),
    )
