"""The precompiled contracts: right inputs, nearly right ones, and gas that just suffices or does not."""

import random

import coincurve
from ethereum.crypto.hash import keccak256
from ethereum.crypto.kzg import kzg_commitment_to_versioned_hash
from py_ecc import bn128
from py_ecc import optimized_bls12_381 as bls

from .bytecode import code, word
from .world import CONTRACT, Account, Call, Test

Inputs = dict[str, bytes]

# All that it is sent goes to the contract whose address is the first word, with the gas of the second.
CALLER = code(
    "64 CALLDATASIZE SUB 64 0 CALLDATACOPY 0 0 64 CALLDATASIZE SUB 0 0 0 CALLDATALOAD 32 CALLDATALOAD CALL 1 SSTORE "
    "RETURNDATASIZE 2 SSTORE RETURNDATASIZE 0 0 RETURNDATACOPY RETURNDATASIZE 0 KECCAK256 3 SSTORE GAS 4 SSTORE"
)


def ecrecover() -> Inputs:
    digest = keccak256(b"signed")
    signature = coincurve.PrivateKey(b"\1" * 32).sign_recoverable(digest, hasher=None)
    r, s, v = signature[:32], signature[32:64], word(27 + signature[64])
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    good = digest + v + r + s
    return {
        "good": good, "longer": good + b"\1", "shorter": good[:-1], "empty": b"", "v_26": digest + word(26) + r + s,
        "v_long": digest + word((1 << 255) + 27) + r + s, "r_0": digest + v + word(0) + s, "s_order": digest + v + r + word(order),
        "high_s": digest + word(55 - v[31]) + r + word(order - int.from_bytes(s, "big")), "no_point": digest + v + word(5) + s,
    }  # fmt: skip


def hashed() -> Inputs:
    return {str(size): bytes(range(size)) for size in (0, 1, 31, 32, 33, 55, 56, 64, 119, 200)}


def modexp() -> Inputs:
    draw = random.Random("modexp")

    def input_of(base: bytes, exponent: bytes, modulus: bytes) -> bytes:
        return word(len(base)) + word(len(exponent)) + word(len(modulus)) + base + exponent + modulus

    sizes = [(1, 1, 1), (32, 32, 32), (33, 1, 33), (64, 33, 64), (128, 3, 128), (1024, 1, 1024), (1024, 40, 1024), (32, 1024, 32)]
    made = {"_".join(map(str, size)): input_of(*(draw.randbytes(one) for one in size)) for size in sizes}
    # EIP-7823: no more than 1,024 bytes.
    made |= {
        f"beyond_{place}": input_of(*(draw.randbytes(1025 if one == place else 1) for one in range(3))) for place in range(3)
    }
    made |= {
        "empty": b"",
        "no_modulus": input_of(b"\2", b"\3", b""),
        "modulus_0": input_of(b"\2", b"\3", b"\0"),
        "modulus_1": input_of(b"\2", b"\3", b"\1"),
    }
    made |= {
        "exponent_0": input_of(b"\0", b"", b"\7"),
        "cut": input_of(b"\2" * 8, b"\3" * 8, b"\7" * 8)[:-5],
        "huge": word(1 << 255) + word(1) + word(1),
    }
    return made


def bn_point(point) -> bytes:
    return bytes(64) if point is None else word(int(point[0])) + word(int(point[1]))


def bn_add() -> Inputs:
    one, two = bn128.G1, bn128.multiply(bn128.G1, 2)
    good = bn_point(one) + bn_point(two)
    return {
        "good": good, "doubled": bn_point(two) * 2, "opposite": bn_point(one) + bn_point(bn128.neg(one)), "nothing": bytes(128), "empty": b"",
        "cut": good[:100], "longer": good + b"\1", "off_the_curve": word(1) + word(3) + bytes(64),
        "not_reduced": word(1 + bn128.field_modulus) + word(2) + bytes(64),
    }  # fmt: skip


def bn_mul() -> Inputs:
    one = bn_point(bn128.multiply(bn128.G1, 9))
    scalars = {"0": 0, "1": 1, "order": bn128.curve_order, "all": (1 << 256) - 1, "some": 12345678901234567890}
    return {name: one + word(scalar) for name, scalar in scalars.items()} | {
        "empty": b"",
        "off_the_curve": word(4) + word(4) + word(1),
        "cut": one + b"\1",
    }


def bn_pair(first: int, second: int) -> bytes:
    x, y = bn128.multiply(bn128.G2, second)
    coordinates = [x.coeffs[1], x.coeffs[0], y.coeffs[1], y.coeffs[0]]
    return bn_point(bn128.multiply(bn128.G1, first)) + b"".join(word(int(one)) for one in coordinates)


def bn_pairing() -> Inputs:
    order = bn128.curve_order
    good = bn_pair(2, 3) + bn_pair(order - 6, 1)
    twisted = bytearray(good)
    twisted[70] ^= 1
    return {
        "good": good,
        "unequal": bn_pair(2, 3) + bn_pair(5, 1),
        "one": bn_pair(1, 1),
        "empty": b"",
        "cut": good[:-1],
        "off_the_curve": bytes(twisted),
        "infinity": bytes(192),
    }


def blake() -> Inputs:
    state, message = bytes(range(64)), bytes(range(128))

    def input_of(rounds: int, last: int) -> bytes:
        return (
            rounds.to_bytes(4, "big")
            + state
            + message
            + (3).to_bytes(8, "little")
            + (1 << 60).to_bytes(8, "little")
            + bytes([last])
        )

    good = input_of(12, 1)
    return {
        "12": good,
        "0": input_of(0, 1),
        "1": input_of(1, 0),
        "many": input_of(3000, 1),
        "flag_2": input_of(12, 2),
        "cut": good[:-1],
        "longer": good + b"\0",
        "empty": b"",
    }


def kzg() -> Inputs:
    # The polynomial that is 0 everywhere, and the one that is 1: their commitments are infinity and the generator.
    infinity = b"\xc0" + bytes(47)
    generator = bytes.fromhex("97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb")

    def input_of(commitment: bytes, z: int, y: int) -> bytes:
        return kzg_commitment_to_versioned_hash(commitment) + word(z) + word(y) + commitment + infinity

    order = bls.curve_order
    good = input_of(generator, 7, 1)
    return {
        "zero": input_of(infinity, 5, 0), "one": good, "false": input_of(generator, 7, 2), "z_order": input_of(infinity, order, 0), "empty": b"",
        "y_order": input_of(infinity, 0, order), "wrong_hash": b"\2" + good[1:], "cut": good[:-1], "no_point": input_of(b"\x80" + bytes(47), 0, 0),
    }  # fmt: skip


def bls_number(value) -> bytes:
    return int(value).to_bytes(64, "big")


def bls_one(scalar: int) -> bytes:
    x, y = bls.normalize(bls.multiply(bls.G1, scalar))
    return bls_number(x) + bls_number(y)


def bls_two(scalar: int) -> bytes:
    x, y = bls.normalize(bls.multiply(bls.G2, scalar))
    return b"".join(bls_number(one) for one in (*x.coeffs, *y.coeffs))


def bls_add(of) -> Inputs:
    nothing = bytes(len(of(1)))
    good = of(3) + of(5)
    over = bls_number(bls.field_modulus) + good[64:]
    return {
        "good": good,
        "doubled": of(3) * 2,
        "opposite": of(3) + of(bls.curve_order - 3),
        "with_infinity": of(3) + nothing,
        "nothing": nothing * 2,
        "empty": b"",
        "cut": good[:-1],
        "longer": good + b"\0",
        "not_reduced": over,
        "padded": b"\1" + good[1:],
        "off_the_curve": good[:-1] + bytes([good[-1] ^ 1]),
    }


def bls_sum(of) -> Inputs:
    scalars = [0, 1, 2, bls.curve_order, bls.curve_order + 1, (1 << 256) - 1]
    made = {f"one_{place}": of(7) + word(scalar) for place, scalar in enumerate(scalars)}
    made |= {f"many_{count}": b"".join(of(place + 1) + word(place * 1000 + 3) for place in range(count)) for count in (2, 3, 9)}
    return made | {"empty": b"", "cut": (of(7) + word(5))[:-1], "infinity": bytes(len(of(1))) + word(9)}


def bls_pairing() -> Inputs:
    good = bls_one(6) + bls_two(1) + bls_one(bls.curve_order - 2) + bls_two(3)
    return {
        "good": good,
        "unequal": bls_one(1) + bls_two(1),
        "infinity": bytes(384),
        "empty": b"",
        "cut": good[:-1],
        "swapped": bls_two(1) + bls_one(1),
    }


def bls_map(size: int) -> Inputs:
    made = {
        str(value): b"".join(bls_number(value + place) for place in range(size)) for value in (0, 1, 77, bls.field_modulus - 2)
    }
    return made | {
        "not_reduced": bls_number(bls.field_modulus) * size,
        "empty": b"",
        "cut": bytes(64 * size - 1),
        "padded": b"\1" + bytes(64 * size - 1),
    }


# The curve P-256.
P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def p256_times(scalar: int) -> tuple[int, int]:
    found, power = None, G
    while scalar:
        if scalar & 1:
            found = power if found is None else p256_sum(found, power)
        power = p256_sum(power, power)
        scalar >>= 1
    return found


def p256_sum(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    slope = (3 * a[0] ** 2 - 3) * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope**2 - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def p256() -> Inputs:
    secret, nonce = 0xABCDEF0123456789, 0x123456789ABCDEF0FEDCBA
    digest = keccak256(b"signed")
    x, y = p256_times(secret)
    r = p256_times(nonce)[0] % N
    s = pow(nonce, -1, N) * (int.from_bytes(digest, "big") + r * secret) % N
    good = digest + word(r) + word(s) + word(x) + word(y)
    return {
        "good": good, "other_s": digest + word(r) + word(N - s) + word(x) + word(y), "wrong": word(1) + good[32:], "r_0": digest + word(0) + good[64:],
        "s_order": digest + word(r) + word(N) + good[96:], "off_the_curve": good[:-1] + bytes([good[-1] ^ 1]), "infinity": good[:96] + bytes(64),
        "not_reduced": good[:96] + word(P) + word(y), "cut": good[:-1], "longer": good + b"\0", "empty": b"",
    }  # fmt: skip


# By address: what it is given, and the gas that a good call takes at least, or that all calls are given.
ALL = {
    0x01: (ecrecover, [2999, 3000, 50_000]),
    0x02: (hashed, [60, 72, 84, 5000]),
    0x03: (hashed, [600, 720, 840, 5000]),
    0x04: (hashed, [15, 18, 21, 5000]),
    0x05: (modexp, [499, 500, 20_000, 4_000_000]),
    0x06: (bn_add, [149, 150, 50_000]),
    0x07: (bn_mul, [5999, 6000, 50_000]),
    0x08: (bn_pairing, [44_999, 45_000, 112_999, 113_000, 300_000]),
    0x09: (blake, [0, 11, 12, 50_000]),
    0x0A: (kzg, [49_999, 50_000, 90_000]),
    0x0B: (lambda: bls_add(bls_one), [374, 375, 50_000]),
    0x0C: (lambda: bls_sum(bls_one), [11_999, 12_000, 500_000]),
    0x0D: (lambda: bls_add(bls_two), [599, 600, 50_000]),
    0x0E: (lambda: bls_sum(bls_two), [22_499, 22_500, 500_000]),
    0x0F: (bls_pairing, [70_299, 70_300, 102_899, 102_900, 500_000]),
    0x10: (lambda: bls_map(1), [5499, 5500, 50_000]),
    0x11: (lambda: bls_map(2), [23_799, 23_800, 50_000]),
    0x100: (p256, [6899, 6900, 50_000]),
}


def precompiles():
    """Each precompiled contract, called by a contract and by a transaction."""
    for at, (inputs, gases) in ALL.items():
        given = inputs()
        calls = [Call(data=word(at) + word(gas) + each, gas=6_000_000) for each in given.values() for gas in gases]
        yield f"precompiles/{at:x}", Test({CONTRACT: Account(CALLER)}, calls)
        first = list(given.values())[:2]
        yield (
            f"precompiles/{at:x}_itself",
            Test({}, [Call(to=at, data=each, value=1, gas=gas) for each in first for gas in (200_000, 2_000_000)]),
        )
