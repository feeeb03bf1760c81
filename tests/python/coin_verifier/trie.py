"""The Merkle Patricia trie (Yellow Paper, appendix D), persistent: a change gives a new trie and leaves the old one as it was.

Nodes are immutable and remember their hashes, so that a block costs time in proportion to what it touched.
"""

from . import rlp
from .hashing import keccak

EMPTY_ROOT = keccak(rlp.encode(b""))


class _Node:
    __slots__ = ("path", "value", "children", "_reference")

    def __init__(self, path: bytes, value: bytes, children: tuple | None):
        # With children: a branch, below an extension where the path is not empty. Without: a leaf.
        self.path = path
        self.value = value
        self.children = children
        self._reference = None

    def encoded(self) -> bytes:
        """The node that stands where this one is referred to: its extension if it has one."""
        if self.children is None:
            return rlp.encode([_hex_prefix(self.path, True), self.value])
        if self.path:
            return _list([rlp.encode(_hex_prefix(self.path, False)), _reference_to(self._branch())])
        return self._branch()

    def _branch(self) -> bytes:
        children = [b"\x80" if child is None else child.reference() for child in self.children]
        return _list([*children, rlp.encode(self.value)])

    def reference(self) -> bytes:
        if self._reference is None:
            self._reference = _reference_to(self.encoded())
        return self._reference


def _list(encoded_items: list[bytes]) -> bytes:
    body = b"".join(encoded_items)
    return rlp._prefix(len(body), 0xC0) + body


def _reference_to(node: bytes) -> bytes:
    return node if len(node) < 32 else b"\xa0" + keccak(node)


def _hex_prefix(nibbles: bytes, leaf: bool) -> bytes:
    flag = 2 * leaf + len(nibbles) % 2
    whole = bytes([flag]) + nibbles if len(nibbles) % 2 else bytes([flag, 0]) + nibbles
    return bytes(whole[i] << 4 | whole[i + 1] for i in range(0, len(whole), 2))


def _nibbles(key: bytes) -> bytes:
    return bytes(nibble for byte in key for nibble in (byte >> 4, byte & 15))


def _insert(node: _Node | None, path: bytes, value: bytes) -> _Node:
    if node is None:
        return _Node(path, value, None)
    common = 0
    while common < min(len(path), len(node.path)) and path[common] == node.path[common]:
        common += 1
    if common == len(node.path):
        rest = path[common:]
        if node.children is None:
            if not rest:
                return _Node(node.path, value, None)
            children = [None] * 16
            children[rest[0]] = _Node(rest[1:], value, None)
            return _Node(node.path, node.value, tuple(children))
        if not rest:
            return _Node(node.path, value, node.children)
        children = list(node.children)
        children[rest[0]] = _insert(children[rest[0]], rest[1:], value)
        return _Node(node.path, node.value, tuple(children))
    children = [None] * 16
    children[node.path[common]] = _Node(node.path[common + 1 :], node.value, node.children)
    if common == len(path):
        return _Node(path, value, tuple(children))
    children[path[common]] = _Node(path[common + 1 :], value, None)
    return _Node(path[:common], b"", tuple(children))


def _remove(node: _Node | None, path: bytes) -> _Node | None:
    if node is None or path[: len(node.path)] != node.path:
        return node
    rest = path[len(node.path) :]
    if node.children is None:
        return node if rest else None
    value, children = node.value, list(node.children)
    if rest:
        child = children[rest[0]]
        children[rest[0]] = _remove(child, rest[1:])
        if children[rest[0]] is child:
            return node
    else:
        value = b""
    left = [nibble for nibble, child in enumerate(children) if child is not None]
    if not left:
        return _Node(node.path, value, None)
    if len(left) == 1 and not value:
        child = children[left[0]]
        return _Node(node.path + bytes(left) + child.path, child.value, child.children)
    return _Node(node.path, value, tuple(children))


class Trie:
    """Maps byte strings to byte strings that are not empty."""

    __slots__ = ("_top",)

    def __init__(self, top: _Node | None = None):
        self._top = top

    def with_item(self, key: bytes, value: bytes) -> "Trie":
        """An empty value takes the key out."""
        path = _nibbles(key)
        return Trie(_insert(self._top, path, value) if value else _remove(self._top, path))

    def root(self) -> bytes:
        return EMPTY_ROOT if self._top is None else keccak(self._top.encoded())


def ordered_root(values: list[bytes]) -> bytes:
    """The root of the trie that maps `rlp(i)` to `values[i]`."""
    trie = Trie()
    for index, value in enumerate(values):
        trie = trie.with_item(rlp.encode(index), value)
    return trie.root()
