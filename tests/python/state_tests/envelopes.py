"""What transactions are before and after the machine runs: fees, and the rules that a transaction obeys."""

from ethereum.crypto.hash import keccak256

from .bytecode import call, code, deploying
from .machine import Tests
from .world import BASE_FEE, COINBASE, CONTRACT, NOBODY, OTHER, SENDER, WEALTH, Account, Call, Test

GAS_CAP = 1 << 24


def miners() -> Tests:
    """Who the miner is, since coin differs from Ethereum in what it gets."""
    body = code("COINBASE BALANCE 1 SSTORE", call("CALL", COINBASE, value=1), "2 SSTORE COINBASE BALANCE 3 SSTORE")
    made = int.from_bytes(keccak256(b"\xd6\x94" + SENDER.to_bytes(20, "big") + b"\x80")[12:], "big")
    fees = [
        Call(),
        Call(price=BASE_FEE, priority=0),
        Call(type=0, price=BASE_FEE),
        Call(type=1, price=1000),
        Call(price=10**12, priority=10**12),
        Call(gas=21_000, to=NOBODY, value=1),
        Call(gas=21_000, to=NOBODY),
    ]
    for name, coinbase in {"stranger": COINBASE, "sender": SENDER, "contract": CONTRACT, "precompile": 1, "zero": 0}.items():
        for base_fee in (0, 1, BASE_FEE):
            yield (
                f"miners/{name}_{base_fee}",
                Test({CONTRACT: Account(body, balance=5)}, fees, coinbase=coinbase, base_fee=base_fee),
            )
    for name, init in {
        "made": deploying(b"\1"),
        "ended": code(NOBODY, "SELFDESTRUCT"),
        "ended_in_itself": code("ADDRESS SELFDESTRUCT"),
        "failed": code("INVALID"),
    }.items():
        yield (
            f"miners/{name}",
            Test(
                {},
                [Call(to=None, data=init, value=value, priority=priority) for value in (0, 5) for priority in (0, 3)],
                coinbase=made,
            ),
        )


def envelopes() -> Tests:
    """What a transaction must have and may do before anything runs (EIP-2, 155, 2028, 2930, 3607, 3860, 7623, 7825)."""
    body = code("1 1 SSTORE GAS 2 SSTORE")
    accounts = {CONTRACT: Account(body)}
    yield "envelopes/unprotected", Test(accounts, [Call(type=0, chain_id=None)])
    yield "envelopes/nonces", Test(accounts, [Call(nonce=nonce) for nonce in (0, 1, 5, (1 << 64) - 2, (1 << 64) - 1)])
    yield (
        "envelopes/nonces_later",
        Test({**accounts, SENDER: Account(balance=WEALTH, nonce=5)}, [Call(nonce=nonce) for nonce in (4, 5, 6)]),
    )
    last = (1 << 64) - 2
    yield (
        "envelopes/last_nonce",
        Test({**accounts, SENDER: Account(balance=WEALTH, nonce=last)}, [Call(nonce=last), Call(to=None, nonce=last)]),
    )
    yield (
        "envelopes/prices",
        Test(
            accounts,
            [
                Call(type=kind, price=price, priority=priority)
                for kind in (0, 1, 2)
                for price, priority in [(BASE_FEE - 1, 0), (BASE_FEE, 0), (BASE_FEE, BASE_FEE), (8, 9), (0, 0), (10**15, 1)]
            ],
        ),
    )
    for gas in (21_000, 50_000):
        for value in (0, 100):
            needed = gas * 10 + value
            for balance in (needed - 1, needed):
                yield (
                    f"envelopes/balance_{gas}_{value}_{balance - needed}",
                    Test(
                        {**accounts, SENDER: Account(balance=balance)}, [Call(gas=gas, value=value, type=kind) for kind in (0, 2)]
                    ),
                )
    for name, given in {"zeros": bytes(100), "others": b"\1" * 100, "mixed": bytes(50) + b"\7" * 50, "none": b""}.items():
        zeros = given.count(0)
        tokens = zeros + 4 * (len(given) - zeros)
        for to in (NOBODY, None):
            intrinsic = 21_000 + 4 * tokens + (32_000 + 2 * ((len(given) + 31) // 32) if to is None else 0)
            floor = 21_000 + 10 * tokens
            limits = sorted({limit + step for limit in (intrinsic, floor) for step in (-1, 0, 1)})
            yield (
                f"envelopes/gas_{name}_{'make' if to is None else 'call'}",
                Test(accounts, [Call(to=to, data=given, gas=limit) for limit in limits]),
            )
    lists = [[], [(NOBODY, [])], [(NOBODY, [1, 2, 3])], [(NOBODY, [1]), (NOBODY, [1])], [(CONTRACT, [1, 2]), (OTHER, [5])]]
    for place, access in enumerate(lists):
        intrinsic = 21_000 + sum(2400 + 1900 * len(slots) for _, slots in access)
        yield (
            f"envelopes/access_{place}",
            Test(
                accounts,
                [Call(type=kind, access=access, gas=gas) for kind in (1, 2) for gas in (intrinsic - 1, intrinsic, 200_000)],
            ),
        )
    yield "envelopes/gas_cap", Test(accounts, [Call(gas=gas) for gas in (GAS_CAP - 1, GAS_CAP, GAS_CAP + 1)])
    yield "envelopes/block_limit", Test(accounts, [Call(gas=gas) for gas in (99_999, 100_000, 100_001)], gas_limit=100_000)
    yield (
        "envelopes/sender_with_code",
        Test({**accounts, SENDER: Account(code("STOP"), balance=WEALTH, nonce=0)}, [Call(), Call(type=0)]),
    )
    for name, to in {"nobody": NOBODY, "sender": SENDER, "miner": COINBASE, "precompile": 2, "zero": 0}.items():
        yield (
            f"envelopes/to_{name}",
            Test(
                {},
                [
                    Call(to=to, value=value, gas=60_000, data=given)
                    for value in (0, 1, WEALTH // 2, WEALTH)
                    for given in (b"", b"\0\1")
                ],
            ),
        )
    reset = b"".join(code(0, slot, "SSTORE") for slot in range(1, 5))
    yield (
        "envelopes/refund_and_floor",
        Test(
            {CONTRACT: Account(reset, storage={slot: 1 for slot in range(1, 5)})},
            [Call(data=b"\1" * size) for size in (0, 100, 300, 1000, 3000)],
        ),
    )
