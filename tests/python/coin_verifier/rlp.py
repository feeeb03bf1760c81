"""RLP (Yellow Paper, appendix B), decoded strictly: what does not encode again to the same bytes is refused."""

Item = bytes | list


class NotCanonical(ValueError):
    pass


def encode(item) -> bytes:
    """Bytes, an integer (big-endian without leading zeros) or a list or tuple of such."""
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8, "big")
    if isinstance(item, (bytes, bytearray)):
        if len(item) == 1 and item[0] < 0x80:
            return bytes(item)
        return _prefix(len(item), 0x80) + item
    body = b"".join(map(encode, item))
    return _prefix(len(body), 0xC0) + body


def _prefix(length: int, base: int) -> bytes:
    if length < 56:
        return bytes([base + length])
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(size)]) + size


def decode(encoded: bytes) -> Item:
    """The one item that `encoded` holds, from its first byte to its last."""
    item, end = _decode(encoded, 0, len(encoded))
    if end != len(encoded):
        raise NotCanonical(f"{len(encoded) - end} bytes follow the item")
    return item


def _decode(encoded: bytes, at: int, limit: int) -> tuple[Item, int]:
    # Lists still open stand on a stack of our own, so that no depth of nesting ends the interpreter's.
    open_lists: list[tuple[list, int]] = []
    while True:
        if at >= limit:
            raise NotCanonical("an item is missing")
        first = encoded[at]
        if first < 0x80:
            start, end = at, at + 1
        else:
            base = 0x80 if first < 0xC0 else 0xC0
            size = first - base
            start = at + 1
            if size > 55:
                width = size - 55
                size = int.from_bytes(encoded[start : start + width], "big")
                if start + width > limit or encoded[start] == 0 or size < 56:
                    raise NotCanonical("a length is cut off or not the shortest")
                start += width
            end = start + size
        if end > limit:
            raise NotCanonical("an item reaches past its end")
        if first < 0xC0:
            item: Item = encoded[start:end]
            if first == 0x81 and item[0] < 0x80:
                raise NotCanonical("a single byte has a prefix")
            at = end
        elif start == end:
            item, at = [], end
        else:
            open_lists.append(([], limit))
            at, limit = start, end
            continue
        # The item is whole; so may be the lists around it.
        while open_lists:
            around, outer = open_lists[-1]
            around.append(item)
            if at < limit:
                break
            open_lists.pop()
            item, limit = around, outer
        else:
            return item, at


def integer(item: Item) -> int:
    """A byte string as the integer that it encodes."""
    if not isinstance(item, bytes):
        raise NotCanonical("a list stands where an integer should")
    if item[:1] == b"\0":
        raise NotCanonical("an integer has leading zeros")
    return int.from_bytes(item, "big")


def fixed(item: Item, *sizes: int) -> bytes:
    """A byte string of one of these lengths."""
    if not isinstance(item, bytes) or len(item) not in sizes:
        raise NotCanonical(f"no byte string of {' or '.join(map(str, sizes))} bytes")
    return item


def text(item: Item) -> bytes:
    if not isinstance(item, bytes):
        raise NotCanonical("a list stands where bytes should")
    return item


def items(item: Item, *counts: int) -> list:
    """A list, of one of these lengths if any is given."""
    if not isinstance(item, list) or (counts and len(item) not in counts):
        raise NotCanonical(f"no list of {' or '.join(map(str, counts))} items")
    return item
