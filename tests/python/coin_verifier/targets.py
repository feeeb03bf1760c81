"""Compact targets, work and difficulty: sections 3 and 7."""


def expand(bits: int) -> int | None:
    """The target that `bits` stands for; nothing where that is negative, zero or 2^256 and more."""
    size, mantissa = bits >> 24, bits & 0xFFFFFF
    if mantissa & 0x800000:
        return None
    target = mantissa << 8 * (size - 3) if size >= 3 else mantissa >> 8 * (3 - size)
    return target if 0 < target < 1 << 256 else None


def compact(target: int) -> int:
    """The canonical form of a target, which may round it down."""
    size = (target.bit_length() + 7) // 8
    mantissa = target << 8 * (3 - size) if size <= 3 else target >> 8 * (size - 3)
    if mantissa & 0x800000:
        mantissa >>= 8
        size += 1
    return size << 24 | mantissa


def work(target: int) -> int:
    return (1 << 256) // (target + 1)


def asert(anchor: int, elapsed: int, wished: int, half_life: int, easiest: int) -> int:
    """The target after `elapsed` seconds in which `wished` seconds' worth of blocks were found, from the target `anchor` on."""
    ahead = (elapsed - wished) * 65536
    exponent = ahead // half_life if ahead >= 0 else -(-ahead // half_life)
    whole = exponent >> 16
    part = exponent - 65536 * whole
    factor = 65536 + ((195766423245049 * part + 971821376 * part**2 + 5127 * part**3 + (1 << 47)) >> 48)
    shift = whole - 16
    # 2^512 times any target is above every limit, 2^-512 times it is none: no need for longer numbers than that.
    target = anchor * factor << min(shift, 512) if shift >= 0 else anchor * factor >> min(-shift, 512)
    return min(max(target, 1), easiest)


def bits_demanded(easiest_bits: int, spacing: int, half_life: int, number: int, elapsed: int) -> int:
    """What `bits` block `number` must have, `elapsed` being T of section 7: the capped gaps between blocks 1 and `number` - 1."""
    if number < 2 or half_life == 0:
        return easiest_bits
    easiest = expand(easiest_bits)
    return compact(asert(easiest, elapsed, spacing * (number - 2), half_life, easiest))
