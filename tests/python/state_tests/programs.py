"""Programs drawn at random."""

import random

from .bytecode import OPCODES, call, code, deploying, put
from .contracts import CALLS
from .machine import WORDS, Tests
from .world import COINBASE, CONTRACT, NOBODY, OTHER, THIRD, Account, Call, Test


def programs() -> Tests:
    """Programs drawn at random, of three contracts that know each other: nobody thought of what is in them."""
    plain = [
        name
        for name in OPCODES
        if name not in ("STOP", "INVALID", "JUMP", "JUMPI", "RETURN", "REVERT", "SELFDESTRUCT")
        and not name.startswith(("CALL", "CREATE", "DELEGATE", "STATIC", "LOG"))
    ]
    for seed in range(150):
        draw = random.Random(f"program {seed}")
        accounts = {
            at: Account(
                _program(draw, plain),
                balance=draw.choice([0, 1000]),
                storage={draw.randrange(4): draw.randrange(1, 300) for _ in range(3)},
            )
            for at in (CONTRACT, OTHER, THIRD)
        }
        calls = [
            Call(
                data=draw.randbytes(draw.choice([0, 4, 32, 100])),
                value=draw.choice([0, 0, 7]),
                gas=gas,
                type=draw.choice([0, 1, 2]),
            )
            for gas in (draw.randrange(30_000, 150_000), 600_000)
        ]
        yield f"programs/{seed}", Test(accounts, calls)


def _program(draw: random.Random, plain: list[str]) -> bytes:
    made = b"".join(code(draw.choice([*WORDS[:12], CONTRACT, OTHER, NOBODY, draw.getrandbits(256)])) for _ in range(10))
    targets = [CONTRACT, OTHER, THIRD, NOBODY, 1, 2, 3, 4, 5, 6, 9, 0x100, COINBASE]
    for _ in range(draw.randrange(10, 60)):
        which = draw.random()
        if which < 0.40:
            made += code(
                draw.choice([*range(6), 31, 32, 64, 100]),
                draw.choice([*range(6), 32, 64]),
                draw.choice([*range(6), 32]),
                draw.choice(plain),
            )
        elif which < 0.55:
            made += code(draw.choice(WORDS), draw.randrange(4), draw.choice(["SSTORE", "SSTORE", "TSTORE", "MSTORE"]))
        elif which < 0.65:
            made += code(
                draw.randrange(4),
                draw.choice(["SLOAD", "TLOAD", "MLOAD", "BALANCE", "CALLDATALOAD"]),
                draw.randrange(4),
                "SSTORE",
            )
        elif which < 0.85:
            made += call(
                draw.choice(CALLS),
                draw.choice(targets),
                draw.choice([0, 0, 1]),
                draw.choice([None, 100, 20_000]),
                (0, draw.choice([0, 32, 128])),
                (0, draw.choice([0, 32])),
            ) + code(draw.randrange(4), "SSTORE")
        elif which < 0.92:
            made += code(
                draw.randrange(5),
                draw.randrange(5),
                draw.randrange(5),
                draw.randrange(5),
                draw.choice([0, 32]),
                0,
                f"LOG{draw.randrange(5)}",
            )
        elif which < 0.97:
            init = deploying(draw.randbytes(draw.randrange(4))) if draw.random() < 0.5 else draw.randbytes(8)
            made += put(init) + code(
                3, len(init), 0, draw.choice([0, 1]), draw.choice(["CREATE", "CREATE2"]), draw.randrange(4), "SSTORE"
            )
        else:
            made += code(
                draw.choice(
                    ["STOP", "32 0 RETURN", "32 0 REVERT", f"{NOBODY} SELFDESTRUCT", "GAS 40000 LT PC 6 ADD JUMPI STOP JUMPDEST"]
                )
            )
    return made
