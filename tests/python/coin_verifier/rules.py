"""The names of the rules of docs/coin-format.md, section 9, in the order of checking."""

ALONE = {
    "seal_version": "the first byte says a seal that is known: 1",
    "byte_limit": "the encoded block is no longer than the network allows",
    "encoding": "the block decodes, and encodes again to the same bytes",
    "header_version": "the header's version is 1",
    "bits_invalid": "`bits` is no negative, zero or overflowing target",
    "bits_easier_than_easiest": "the target is not above the network's easiest",
    "proof_of_work": "the proof-of-work hash does not exceed the target",
    "commitment": "the header commits to the record",
    "time_mismatch": "header and record say the same time",
    "ommers_hash": "the record has no ommers",
    "record_nonce": "the record's nonce is zero",
    "gas_limit": "the record's gas limit is the network's",
    "base_fee": "the record's base fee is the network's",
    "difficulty_field": "the record's difficulty is the block's work",
    "extra_data_length": "extra data has at most 32 bytes",
    "gas_used_over_limit": "the record's gas used is within its limit",
    "mix_hash": "the mix hash is keccak of the header's `previous`",
    "transactions_root": "the record commits to the transactions",
    # The form of each transaction in order …
    "tx_type": "a transaction is legacy or of type 1 or 2",
    "tx_encoding": "an envelope decodes, and encodes again to the same bytes; its fees are below 2^128",
    "tx_unprotected": "a legacy transaction names a chain",
    "tx_chain_id": "a transaction is for this network",
    "tx_nonce_max": "a transaction's nonce is below 2^64 - 1",
    "tx_gas_cap": "a transaction's gas limit is at most 16,777,216 (EIP-7825)",
    "tx_intrinsic_gas": "a transaction's gas limit covers the intrinsic gas and the floor of EIP-7623",
    "tx_init_code": "init code has at most 49,152 bytes",
    "tx_priority_over_max": "the priority fee is not above the greatest fee",
    "tx_high_s": "a signature's `s` is in the lower half",
    # … and then each signature in order.
    "tx_signature": "a signature gives a key",
}

IN_PLACE = {
    "parent_unknown": "the parent is known and valid",
    "record_parent": "the record names the parent's record",
    "number": "the number is the parent's plus 1",
    "time_not_above_parent": "the time is above the parent's",
    "time_too_far_ahead": "the time is not too far ahead of the clock (not yet valid, rather than invalid)",
    "bits_wrong": "`bits` is what the difficulty rule demands",
}

AFTER_EXECUTION = {
    "tx_nonce": "a transaction has its sender's next nonce",
    "tx_fee_below_base": "the greatest fee is not below the base fee",
    "tx_balance": "the sender can pay gas limit x greatest fee + value",
    "tx_sender_has_code": "the sender has no code (EIP-3607)",
    "tx_gas_over_block": "the gas limit fits in what the block has left",
    "gas_used": "the record's gas used is what was used",
    "receipts_root": "the record commits to the receipts",
    "logs_bloom": "the record's bloom is that of the logs",
    "state_root": "the record commits to the state after the block",
}

RULES = {**ALONE, **IN_PLACE, **AFTER_EXECUTION}


class Broken(Exception):
    """A block breaks `rule`.

    `alike` names rules that a reader of the page may as well name for the same bytes, where the page leaves it open: a
    reader with integers of fixed width meets a fault of encoding in an integer that is too wide for them.
    """

    def __init__(self, rule: str, detail: str = "", alike: tuple[str, ...] = ()):
        assert rule in RULES and all(name in RULES for name in alike), (rule, alike)
        super().__init__(f"{rule}: {detail}" if detail else rule)
        self.rule = rule
        self.detail = detail
        self.alike = alike
