"""Chain files, and what is said about them."""

import json
import struct
from collections.abc import Iterator

from .blocks import shown
from .chain import Chain, Place
from .rules import Broken


class BadFile(ValueError):
    pass


def blocks_of(file_bytes: bytes) -> Iterator[bytes]:
    """A chain file is a row of blocks, each after its length (u32 LE), the genesis block first."""
    at = 0
    while at < len(file_bytes):
        if at + 4 > len(file_bytes):
            raise BadFile(f"a length is cut off at byte {at}")
        (size,) = struct.unpack_from("<I", file_bytes, at)
        if at + 4 + size > len(file_bytes):
            raise BadFile(f"the block at byte {at} is cut off")
        yield file_bytes[at + 4 : at + 4 + size]
        at += 4 + size


def chain_file(blocks: list[bytes]) -> bytes:
    return b"".join(struct.pack("<I", len(block)) + block for block in blocks)


def verified(chain: Chain, file_bytes: bytes, each: bool = False) -> dict:
    """Extends the chain by the file's blocks, and reports. Blocks may branch: the tip is the best of them."""
    lines, fault = [], None
    for index, encoded in enumerate(blocks_of(file_bytes)):
        if index == 0:
            if encoded != chain.genesis.block.encoded():
                fault = {"index": 0, "rule": "genesis", "detail": "the first block is not the one of these parameters"}
                break
            place = chain.genesis
        else:
            try:
                place = chain.extend(encoded)
            except Broken as broken:
                fault = {"index": index, **verdict(broken)}
                break
        lines.append(line(chain, place))
    report = {"valid": fault is None}
    if fault is not None:
        report["fault"] = fault
    report |= {"blocks": len(lines), **summary(chain)}
    if each:
        report["each"] = lines
    return report


def summary(chain: Chain) -> dict:
    parameters, tip = chain.parameters, chain.tip
    return {
        "network": parameters.name,
        "chain_id": parameters.chain_id,
        "parameter_hash": "0x" + parameters.hash().hex(),
        "genesis": shown(chain.genesis.block.header.hash),
        "height": tip.number,
        "tip": shown(tip.block.header.hash),
        "record_hash": "0x" + tip.block.record.hash.hex(),
        "work": str(tip.work),
        "next_bits": f"{chain.bits_after(tip):#010x}",
        "state_root": "0x" + tip.block.record.state_root.hex(),
        "supply": {
            "first": str(parameters.first_supply()),
            "issued": str(tip.issued),
            "destroyed": str(tip.destroyed),
            "total": str(tip.state.supply),
        },
    }


def line(chain: Chain, place: Place) -> dict:
    header, record = place.block.header, place.block.record
    return {
        "number": record.number,
        "hash": shown(header.hash),
        "record_hash": "0x" + record.hash.hex(),
        "time": header.time,
        "bits": f"{header.bits:#010x}",
        "bytes": place.size,
        "transactions": len(place.block.envelopes),
        "gas_used": record.gas_used,
        "subsidy": str(chain.parameters.subsidy_of(record.number)),
        "destroyed": str(place.destroyed),
        "state_root": "0x" + record.state_root.hex(),
        "receipts_root": "0x" + record.receipts_root.hex(),
        "transactions_root": "0x" + record.transactions_root.hex(),
    }


def verdict(broken: Broken) -> dict:
    answer = {"rule": broken.rule, "detail": broken.detail}
    alike = [name for name in dict.fromkeys(broken.alike) if name != broken.rule]
    return answer | {"alike": alike} if alike else answer


def judged(chain: Chain, question: str) -> dict:
    """Answers one line of `--single`."""
    try:
        asked = json.loads(question)
        encoded = bytes.fromhex(asked["block"].removeprefix("0x"))
        place = chain.judged(encoded, asked.get("now"))
        return {"valid": True, "hash": shown(place.block.header.hash)}
    except Broken as broken:
        return verdict(broken)
    except Exception as error:  # no question, or a fault of the verifier: whoever asked must hear of either
        return {"error": f"{type(error).__name__}: {error}"}
