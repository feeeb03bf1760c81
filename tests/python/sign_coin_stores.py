#!/usr/bin/env python3
"""Writes tests/faulty/signed.json: transactions on the network `dev` for the faulty stores, signed by eth-account, so that those need the standard library alone.

    sign_coin_stores.py > tests/faulty/signed.json
"""

import json

import coin_payments

# Counts its calls in slot 0 and logs them.
COUNTS = "0x716000546001018060005560005260206000a06000526012600ef3"
PAYMENTS = 24


def called(account, nonce, to, data):
    fields = {"type": 2, "chainId": coin_payments.CHAIN, "nonce": nonce, "value": 0, "gas": 200_000, "data": data, "maxFeePerGas": 10**9 + 7, "maxPriorityFeePerGas": 10**9}
    made = account.sign_transaction(fields | ({"to": to} if to else {}))
    return {"hash": made.hash.to_0x_hex(), "raw": made.raw_transaction.to_0x_hex(), "sender": account.address, "nonce": nonce}


def main():
    coin_payments.needs_eth_account()
    import rlp
    from eth_utils import keccak, to_checksum_address

    accounts = coin_payments.accounts(5)
    one, two, three, maker, patient = accounts
    mined = [called(maker, 0, None, COUNTS)]
    counter = to_checksum_address(keccak(rlp.encode([bytes.fromhex(maker.address[2:]), 0]))[12:])
    paying = [one, two, three]
    for number in range(PAYMENTS):
        account = paying[number % len(paying)]
        receiver = [patient.address, "0x" + f"{0x2001 + number:040x}", two.address][number % 3]
        made = coin_payments.signed(account, receiver, number // len(paying), 10**15 * (number + 1), 10**9 + number + 1)
        mined.append({"hash": made.hash, "raw": made.raw, "sender": made.sender, "nonce": made.nonce})
    mined += [called(maker, nonce, counter, "0x") for nonce in range(1, 4)]

    def waits(nonce):
        made = coin_payments.signed(patient, one.address, nonce, 10**15, 10**9 + 1)
        return {"hash": made.hash, "raw": made.raw, "sender": made.sender, "nonce": made.nonce}

    # One waits for the transaction with nonce 2, which is never sent.
    everything = {"counter": counter, "mined": mined, "waiting": [waits(0), waits(1), waits(3)], "later": waits(4)}
    print(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
