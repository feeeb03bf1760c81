"""web3.py, as PyPI has it, against a node: reading, transactions, fees, batches, proofs.

    web3_client.py http://127.0.0.1:PORT/rpc [--only WORD]

The network's ten public test accounts must be rich. Contracts are in web3_contracts.py, what needs the test methods of `dev` in web3_dev.py.
"""

import sys

from eth_account import Account
from eth_account.messages import encode_defunct
from web3 import Web3
from web3.exceptions import BlockNotFound, TransactionNotFound
from web3.middleware import SignAndSendRawMiddlewareBuilder

import proofs
from checks import Checks, arguments, equal, holds
from web3_network import LABEL, Network, refused

check = Checks()


# -- reading --------------------------------------------------------------------------------------


@check
def connects_and_names_itself(net):
    holds(net.w3.is_connected(show_traceback=True), "not connected")
    holds("/" in net.w3.client_version, f"client version {net.w3.client_version!r}")


@check
def chain_id_is_the_network_id(net):
    equal(int(net.w3.net.version), net.w3.eth.chain_id)
    holds(net.w3.net.listening, "not listening")


@check
def the_node_holds_the_ten_public_accounts(net):
    holds(net.rich.address in net.w3.eth.accounts, f"{net.rich.address} is not among {net.w3.eth.accounts}")


@check
def it_is_not_syncing(net):
    equal(net.w3.eth.syncing, False)


@check
def keccak_of_the_node_is_the_library_s(net):
    equal(net.ask("web3_sha3", "0x68656c6c6f"), Web3.keccak(text="hello").to_0x_hex())


@check
def block_tags_name_blocks_in_order(net):
    net.send(to=net.rich.address)
    number = {tag: net.w3.eth.get_block(tag)["number"] for tag in ("earliest", "finalized", "safe", "latest")}
    equal(number["earliest"], 0)
    holds(number["finalized"] <= number["safe"] <= number["latest"], f"{number}")
    equal(net.w3.eth.get_block("pending")["number"], number["latest"] + 1, "pending")
    for tag in (*number, "pending"):
        holds(net.w3.eth.get_balance(net.rich.address, tag) > 0, f"balance at {tag}")


@check
def a_block_is_found_by_hash_and_by_number(net):
    block = net.w3.eth.get_block("latest")
    equal(net.w3.eth.get_block(block["hash"]), net.w3.eth.get_block(block["number"]))
    equal(net.w3.eth.get_block_transaction_count(block["hash"]), len(block["transactions"]))
    refused(lambda: net.w3.eth.get_block(10**9), BlockNotFound)
    refused(lambda: net.w3.eth.get_block(b"\1" * 32), BlockNotFound)


# -- transactions ---------------------------------------------------------------------------------


def transfer_moves(net, kind, **fees):
    receiver = Account.create().address
    before = net.w3.eth.get_balance(net.rich.address)
    receipt = net.send(to=receiver, value=12345, gas=30000, **fees)
    equal((receipt["status"], receipt["type"], receipt["to"], receipt["contractAddress"]), (1, kind, receiver, None))
    paid = receipt["gasUsed"] * receipt["effectiveGasPrice"]
    block = net.w3.eth.get_block(receipt["blockNumber"])
    earned = paid - receipt["gasUsed"] * block["baseFeePerGas"] if block["miner"] == net.rich.address else 0
    if not earned:
        equal(net.w3.eth.get_balance(net.rich.address), before - 12345 - paid, "the sender's balance")
    equal(net.w3.eth.get_balance(receiver), 12345, "the receiver's balance")
    equal(net.w3.eth.get_balance(receiver, receipt["blockNumber"] - 1), 0, "the receiver's balance a block before")
    transaction = net.w3.eth.get_transaction(receipt["transactionHash"])
    equal((transaction["type"], transaction["value"], transaction["blockHash"]), (kind, 12345, receipt["blockHash"]))
    envelope = net.w3.eth.get_raw_transaction(receipt["transactionHash"])
    equal(Web3.keccak(envelope), receipt["transactionHash"], "the hash of the envelope")
    equal(Account.recover_transaction(envelope), net.rich.address, "the signer")
    return receipt, transaction


@check
def a_legacy_transfer(net):
    price = net.w3.eth.gas_price
    receipt, transaction = transfer_moves(net, 0, gasPrice=price)
    equal(receipt["effectiveGasPrice"], price)
    equal((transaction["v"] - 35) // 2, net.w3.eth.chain_id, "the chain id in v")


@check
def a_transfer_with_an_access_list(net):
    entry = {"address": net.probe.address, "storageKeys": ["0x" + "00" * 32]}
    receipt, transaction = transfer_moves(net, 1, gasPrice=net.w3.eth.gas_price, accessList=[entry])
    equal(receipt["gasUsed"], 21000 + 2400 + 1900, "gas")
    equal(transaction["accessList"][0]["address"], net.probe.address)


@check
def a_transfer_with_a_fee_market(net):
    priority = net.w3.eth.max_priority_fee
    base = net.w3.eth.get_block("latest")["baseFeePerGas"]
    receipt, transaction = transfer_moves(net, 2, maxFeePerGas=3 * base + priority, maxPriorityFeePerGas=priority)
    base = net.w3.eth.get_block(receipt["blockNumber"])["baseFeePerGas"]
    equal(receipt["effectiveGasPrice"], base + priority)
    equal(transaction["gasPrice"], receipt["effectiveGasPrice"], "the price paid, in the transaction")


@check
def the_node_signs_for_its_accounts(net):
    receiver = Account.create().address
    answer = net.w3.eth.send_transaction({"from": net.w3.eth.accounts[1], "to": receiver, "value": 77})
    receipt = net.w3.eth.wait_for_transaction_receipt(answer, timeout=20)
    equal((receipt["status"], receipt["from"]), (1, net.w3.eth.accounts[1]))
    equal(net.w3.eth.get_balance(receiver), 77)


@check
def the_library_signs_and_fills_in_all_fields(net):
    key = net.poor()
    own = Web3(Web3.HTTPProvider(net.w3.provider.endpoint_uri))
    own.middleware_onion.inject(SignAndSendRawMiddlewareBuilder.build(key), layer=0)
    receipt = own.eth.wait_for_transaction_receipt(own.eth.send_transaction({"from": key.address, "to": net.rich.address, "value": 5}))
    equal((receipt["status"], receipt["from"], receipt["type"]), (1, key.address, 2))


@check
def a_message_signed_by_the_node_is_recovered(net):
    account = net.w3.eth.accounts[2]
    equal(Account.recover_message(encode_defunct(text="agreed"), signature=net.w3.eth.sign(account, text="agreed")), account)


@check
def a_transaction_is_found_in_its_block(net):
    receipt = net.send(to=net.rich.address)
    block = net.w3.eth.get_block(receipt["blockNumber"], full_transactions=True)
    transaction = net.w3.eth.get_transaction(receipt["transactionHash"])
    equal(block["transactions"][receipt["transactionIndex"]], transaction)
    equal(net.w3.eth.get_transaction_by_block(receipt["blockHash"], receipt["transactionIndex"]), transaction)
    equal(net.w3.eth.get_transaction_by_block(receipt["blockNumber"], receipt["transactionIndex"]), transaction)
    equal(net.w3.eth.get_block_receipts(receipt["blockNumber"])[receipt["transactionIndex"]], receipt)


@check
def an_unknown_transaction_is_not_found(net):
    refused(lambda: net.w3.eth.get_transaction(b"\1" * 32), TransactionNotFound)
    refused(lambda: net.w3.eth.get_transaction_receipt(b"\1" * 32), TransactionNotFound)


@check
def refused_transactions_say_why(net):
    key = net.poor()
    net.send(key, to=key.address)
    base = {"to": key.address, "value": 0, "gas": 21000, "chainId": net.w3.eth.chain_id, "gasPrice": net.w3.eth.gas_price}
    for wrong, words in (
        ({"nonce": 0}, "nonce"),
        ({"nonce": 1, "value": 10**20}, "fund|balance"),
        ({"nonce": 1, "gas": 20000}, "gas"),
    ):
        raw = key.sign_transaction(base | wrong).raw_transaction
        try:
            error = refused(lambda: net.w3.eth.send_raw_transaction(raw))
        except AssertionError as accepted:
            raise AssertionError(f"{wrong}: {accepted}") from None
        holds(any(word in str(error).lower() for word in words.split("|")), f"{wrong}: {error}")
    refused(lambda: net.w3.eth.send_raw_transaction("0x02c0"))
    equal(net.w3.eth.get_transaction_count(key.address), 1, "its nonce after all refusals")


@check
def a_transaction_for_another_network_is_refused(net):
    key = net.poor()
    raw = key.sign_transaction({"to": key.address, "value": 0, "gas": 21000, "nonce": 0, "chainId": 5, "gasPrice": net.w3.eth.gas_price}).raw_transaction
    holds("chain" in str(refused(lambda: net.w3.eth.send_raw_transaction(raw))).lower(), "the chain id is named")


# -- fees, nonces, batches ------------------------------------------------------------------------


@check
def fee_history_is_what_the_blocks_say(net):
    for _ in range(3):
        net.send(to=net.rich.address)
    history = net.w3.eth.fee_history(3, "latest", [0, 50, 100])
    latest = net.w3.eth.get_block("latest")["number"]
    equal(history["oldestBlock"], latest - 2)
    equal((len(history["baseFeePerGas"]), len(history["gasUsedRatio"]), len(history["reward"])), (4, 3, 3))
    for offset in range(3):
        block = net.w3.eth.get_block(latest - 2 + offset)
        equal(history["baseFeePerGas"][offset], block["baseFeePerGas"])
        holds(abs(history["gasUsedRatio"][offset] - block["gasUsed"] / block["gasLimit"]) < 1e-6, "the share of gas")
        equal(len(history["reward"][offset]), 3)


@check
def suggested_fees_are_accepted(net):
    suggested = net.w3.eth.gas_price
    holds(suggested >= net.w3.eth.get_block("latest")["baseFeePerGas"], f"gas price {suggested}")
    holds(net.w3.eth.max_priority_fee >= 0, "priority fee")
    equal(net.send(to=net.rich.address, gas=21000, gasPrice=suggested)["status"], 1)


@check
def nonces_count_up(net):
    key = net.poor()
    equal(net.w3.eth.get_transaction_count(key.address), 0)
    for sent in range(3):
        net.send(key, to=key.address, nonce=sent)
        equal(net.w3.eth.get_transaction_count(key.address), sent + 1)
    latest = net.w3.eth.block_number
    equal(net.w3.eth.get_transaction_count(key.address, latest - 1), 2, "a block before")


@check
def batches_answer_in_order(net):
    with net.w3.batch_requests() as batch:
        batch.add(net.w3.eth.get_block("latest"))
        batch.add(net.w3.eth.get_balance(net.rich.address))
        batch.add(net.probe.functions.value())
        block, balance, value = batch.execute()
    equal((block["number"], balance, value), (net.w3.eth.block_number, net.w3.eth.get_balance(net.rich.address), net.probe.functions.value().call()))


# -- what the client checks for itself ------------------------------------------------------------


def block_as_json(net, number):
    return net.w3.provider.make_request("eth_getBlockByNumber", [hex(number), False])["result"]


@check
def block_hashes_are_those_of_their_headers(net):
    net.call(net.probe.functions.set(5, LABEL, "header"))
    latest = net.w3.eth.block_number
    parent = None
    for number in range(max(1, latest - 10), latest + 1):
        block = block_as_json(net, number)
        equal("0x" + proofs.header_hash(block).hex(), block["hash"], f"block {number}")
        holds(parent in (None, block["parentHash"]), f"the parent of block {number}")
        parent = block["hash"]


@check
def the_transactions_root_is_that_of_the_envelopes(net):
    receipt = net.call(net.probe.functions.set(6, LABEL, "root"))
    block = net.w3.eth.get_block(receipt["blockNumber"])
    envelopes = [bytes(net.w3.eth.get_raw_transaction(item)) for item in block["transactions"]]
    equal(proofs.transactions_root(envelopes), bytes(block["transactionsRoot"]))


def proven(net, address, slots):
    """The proof as JSON, the state root of its block, and what the proof commits to."""
    number = net.w3.eth.block_number
    proof = net.w3.provider.make_request("eth_getProof", [address, slots, hex(number)])
    holds("result" in proof, f"{proof}")
    return proof["result"], proofs.account(proofs.raw(block_as_json(net, number)["stateRoot"]), proof["result"])


@check
def an_account_is_proven_by_the_state_root(net):
    net.send(to=net.rich.address)
    proof, account = proven(net, net.rich.address, [])
    holds(account, "the proof shows no account")
    equal(account[:2], (net.w3.eth.get_transaction_count(net.rich.address), net.w3.eth.get_balance(net.rich.address)))
    equal((int(proof["nonce"], 16), int(proof["balance"], 16)), account[:2], "the answer's own words")
    equal(proof["codeHash"], "0x" + account[3].hex())


@check
def slots_are_proven_by_the_storage_root(net):
    net.call(net.probe.functions.set(90210, LABEL, "proof"))
    net.send(to=net.probe.address, value=3)
    deposit = Web3.solidity_keccak(["uint256", "uint256"], [int(net.rich.address, 16), 1]).to_0x_hex()
    proof, account = proven(net, net.probe.address, ["0x" + "00" * 32, deposit, "0x" + "77" * 32])
    equal(account[3], bytes(Web3.keccak(net.w3.eth.get_code(net.probe.address))), "the code's hash")
    equal(proof["storageHash"], "0x" + account[2].hex())
    values = [proofs.slot(account[2], slot) for slot in proof["storageProof"]]
    equal(values, [90210, net.probe.functions.deposits(net.rich.address).call(), 0])
    equal([int(slot["value"], 16) for slot in proof["storageProof"]], values, "the answer's own words")


@check
def an_absent_account_is_proven_absent(net):
    proof, account = proven(net, Account.create().address, [])
    equal((account, int(proof["balance"], 16), int(proof["nonce"], 16)), (None, 0, 0))
    equal(proof["storageHash"], "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")


if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    sys.exit(check.run(Network(options.url), only=options.only))
