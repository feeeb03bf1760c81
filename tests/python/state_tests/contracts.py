"""What contracts do with each other: messages, creations, endings."""

from ethereum.crypto.hash import keccak256

from .bytecode import call, code, deploying, put
from .machine import Tests
from .world import COINBASE, CONTRACT, NOBODY, OTHER, SENDER, THIRD, Account, Call, Test

CALLS = ["CALL", "CALLCODE", "DELEGATECALL", "STATICCALL"]
# What may be called, by name.
CALLEES = {
    "returns": code(put(bytes(range(1, 65))), "64 0 RETURN"),
    "reverts": code("1 1 SSTORE", put(b"a reason that is longer than a word of it"), "41 0 REVERT"),
    "fails": code("INVALID"),
    "stores": code("7 1 SSTORE 1 2 LOG0"),
    "logs": code("3 2 1 32 0 LOG3"),
    "who": code("CALLER 1 SSTORE ADDRESS 2 SSTORE CALLVALUE 3 SSTORE CALLDATASIZE 4 SSTORE"),
    "ends": code(NOBODY, "SELFDESTRUCT"),
    "makes": code("0 0 0 CREATE 1 SSTORE"),
    "transient": code("1 1 TSTORE"),
    "burns": code("JUMPDEST 0 JUMP"),
    "tells": code("GAS 0 MSTORE 32 0 RETURN"),
    "pays": code(call("CALL", NOBODY, value=1), "0 MSTORE 32 0 RETURN"),
    "deeper": code(call("CALL", THIRD, taken=(0, 32)), "POP 32 0 RETURN"),
    "nothing": b"",
}


def messages() -> Tests:
    """Calls of every kind to callees of every kind, with value and without, with little gas and with all of it."""
    tail = code(1, "SSTORE RETURNDATASIZE", 2, "SSTORE 96 0 KECCAK256", 3, "SSTORE GAS", 4, "SSTORE SELFBALANCE", 5, "SSTORE")
    for kind in CALLS:
        for name, body in CALLEES.items():
            values = (0, 3) if kind in ("CALL", "CALLCODE") else (0,)
            for value in values:
                for gas in (None, 50_000, 100):
                    head = call(kind, OTHER, value, gas, given=(0, 40), taken=(10, 50))
                    accounts = {
                        CONTRACT: Account(head + tail, balance=10),
                        OTHER: Account(body, balance=5),
                        THIRD: Account(CALLEES["tells"]),
                    }
                    yield f"messages/{kind}_{name}_{value}_{gas}", Test(accounts, [Call(gas=400_000)])
        for to in (0, 1, 4, 0x11, 0x12, NOBODY, COINBASE, SENDER, CONTRACT + (1 << 160)):
            for value in (0, 1, 11) if kind in ("CALL", "CALLCODE") else (0,):
                accounts = {CONTRACT: Account(call(kind, to, value, given=(0, 40), taken=(10, 50)) + tail, balance=10)}
                yield (
                    f"messages/{kind}_{to:x}_{value}",
                    Test(accounts, [Call(gas=400_000), Call(gas=400_000, access=[(NOBODY, [])])]),
                )
    for outer in CALLS:
        inner = "STATICCALL"
        for name in ("stores", "logs", "ends", "makes", "transient", "pays", "tells"):
            middle = code(call(outer, THIRD, gas=60_000), "0 MSTORE 32 0 RETURN")
            accounts = {
                CONTRACT: Account(call(inner, OTHER, gas=200_000, taken=(0, 32)) + tail),
                OTHER: Account(middle, balance=5),
                THIRD: Account(CALLEES[name], balance=5),
            }
            yield f"messages/static_{outer}_{name}", Test(accounts, [Call(gas=500_000)])
    deep = code("0 SLOAD 1 ADD 0 SSTORE", call("CALL", CONTRACT), 1, "SSTORE")
    yield (
        "messages/as_deep_as_gas_goes",
        Test({CONTRACT: Account(deep)}, [Call(gas=gas) for gas in (100_000, 1_000_000, 10_000_000)]),
    )
    back = code(
        "RETURNDATASIZE 1 SSTORE",
        call("CALL", OTHER),
        "POP RETURNDATASIZE 2 SSTORE",
        call("CALL", NOBODY),
        "POP RETURNDATASIZE 3 SSTORE",
        call("CALL", OTHER),
        "POP 0 0 0 CREATE POP RETURNDATASIZE 4 SSTORE",
    )
    yield "messages/what_was_given_back", Test({CONTRACT: Account(back), OTHER: Account(CALLEES["returns"])}, [Call()])


def creations() -> Tests:
    """Contracts made, and what keeps them from being made (EIP-170, 684, 3541, 3860)."""
    inits = {
        "empty": b"",
        "stop": code("STOP"),
        "code": deploying(code("1 1 SSTORE")),
        "stores": code("5 5 SSTORE ADDRESS 6 SSTORE CALLER 7 SSTORE CALLVALUE 8 SSTORE CODESIZE 9 SSTORE") + deploying(b"\1\2"),
        "reverts": code(put(b"no"), "5 5 SSTORE 2 0 REVERT"),
        "fails": code("5 5 SSTORE INVALID"),
        "begins_with_ef": deploying(b"\xef\x01"),
        "largest": code("24576 0 RETURN"),
        "too_large": code("24577 0 RETURN"),
        "dear": code("4000 0 RETURN"),
        "ends": code(NOBODY, "SELFDESTRUCT"),
        "ends_in_itself": code("ADDRESS SELFDESTRUCT"),
        "nested": code("0 0 0 CREATE 1 SSTORE") + deploying(b"\3"),
        "calls_its_maker": code(call("CALL", CONTRACT, gas=30_000), "1 SSTORE"),
        "logs": code("1 32 0 LOG1"),
    }
    for name, init in inits.items():
        for kind in ("CREATE", "CREATE2"):
            made = put(init) + code(
                99 if kind == "CREATE2" else b"",
                len(init),
                0,
                2,
                kind,
                "DUP1 1 SSTORE RETURNDATASIZE 2 SSTORE EXTCODEHASH 3 SSTORE GAS 4 SSTORE SELFBALANCE 5 SSTORE",
            )
            # Called by what it makes, it does nothing.
            body = code("CALLER ORIGIN EQ 7 JUMPI STOP JUMPDEST") + made if name == "calls_its_maker" else made
            accounts = {CONTRACT: Account(body, balance=10)}
            yield f"creations/{kind}_{name}", Test(accounts, [Call(gas=gas) for gas in (10_000_000, 600_000, 100_000)])
        yield (
            f"creations/transaction_{name}",
            Test({}, [Call(to=None, data=init, gas=gas, value=1) for gas in (10_000_000, 600_000, 60_000)]),
        )
    sizes = [49_151, 49_152, 49_153]
    for kind in ("CREATE", "CREATE2"):
        for size in sizes:
            body = code(0 if kind == "CREATE2" else b"", size, 0, 0, kind, "1 SSTORE GAS 2 SSTORE")
            yield f"creations/{kind}_{size}", Test({CONTRACT: Account(body)}, [Call()])
    yield "creations/transaction_sizes", Test({}, [Call(to=None, data=bytes(size), gas=5_000_000) for size in sizes])
    made = int.from_bytes(keccak256(b"\xd6\x94" + CONTRACT.to_bytes(20, "big") + b"\x01")[12:], "big")
    body = code("0 0 2 CREATE 1 SSTORE", "0 0 0 CREATE 2 SSTORE")
    standing = {"nonce": Account(nonce=1), "code": Account(b"\1"), "balance": Account(balance=9)}
    for name, there in standing.items():
        yield f"creations/upon_{name}", Test({CONTRACT: Account(body, balance=5), made: there}, [Call()])
    yield "creations/last_nonce", Test({CONTRACT: Account(body, balance=5, nonce=(1 << 64) - 1)}, [Call()])
    yield "creations/last_but_one_nonce", Test({CONTRACT: Account(body, balance=5, nonce=(1 << 64) - 2)}, [Call()])
    yield "creations/too_poor", Test({CONTRACT: Account(body, balance=1)}, [Call()])
    twice = put(inits["code"]) + code(
        5, len(inits["code"]), 0, 0, "CREATE2 1 SSTORE", 5, len(inits["code"]), 0, 0, "CREATE2 2 SSTORE GAS 3 SSTORE"
    )
    yield "creations/twice_the_same", Test({CONTRACT: Account(twice)}, [Call(), Call(gas=200_000)])


def endings() -> Tests:
    """Self-destruction since EIP-6780: only what the transaction made goes."""
    for name, to in {
        "nobody": code(NOBODY),
        "itself": code("ADDRESS"),
        "sender": code("ORIGIN"),
        "coinbase": code("COINBASE"),
        "other": code(OTHER),
    }.items():
        end = code("1 1 SSTORE", to, "SELFDESTRUCT")
        for balance in (0, 8):
            yield (
                f"endings/old_{name}_{balance}",
                Test(
                    {CONTRACT: Account(end, balance=balance), OTHER: Account(balance=1)},
                    [Call(), Call(value=2), Call(access=[(NOBODY, [])])],
                ),
            )
        init = deploying(end)
        body = put(init) + code(
            len(init),
            0,
            3,
            "CREATE DUP1 1 SSTORE",
            0,
            0,
            0,
            0,
            4,
            "DUP6 GAS CALL 2 SSTORE DUP1 BALANCE 3 SSTORE DUP1 EXTCODESIZE 4 SSTORE",
            0,
            0,
            0,
            0,
            1,
            "DUP6 GAS CALL 5 SSTORE BALANCE 6 SSTORE",
        )
        yield (
            f"endings/new_{name}",
            Test({CONTRACT: Account(body, balance=20), OTHER: Account(balance=1)}, [Call(gas=2_000_000), Call(gas=150_000)]),
        )
        reverting = put(init) + code(len(init), 0, 3, "CREATE", 0, 0, 0, 0, 4, "DUP6 GAS CALL POP 0 0 REVERT")
        accounts = {
            CONTRACT: Account(call("CALL", THIRD) + code("1 SSTORE")),
            THIRD: Account(reverting, balance=20),
            OTHER: Account(balance=1),
        }
        yield f"endings/reverted_{name}", Test(accounts, [Call(gas=2_000_000)])
        yield (
            f"endings/in_init_{name}",
            Test({OTHER: Account(balance=1)}, [Call(to=None, data=end, value=value) for value in (0, 6)]),
        )
