"""The two hash functions of the protocol."""

from hashlib import sha256

from Crypto.Hash import keccak as _keccak


def keccak(message: bytes) -> bytes:
    return _keccak.new(digest_bits=256, data=message).digest()


def sha256d(message: bytes) -> bytes:
    return sha256(sha256(message).digest()).digest()
