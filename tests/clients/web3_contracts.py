"""web3.py against a node: contracts, reverts, logs and filters.

    web3_contracts.py http://127.0.0.1:PORT/rpc [--only WORD]
"""

import sys
import time

import rlp
from eth_account import Account
from eth_utils import to_checksum_address
from web3 import Web3
from web3.exceptions import ContractCustomError, ContractLogicError, ContractPanicError, Web3RPCError

import proofs
from checks import Checks, arguments, equal, holds
from web3_network import LABEL, PROBE, Network, refused

check = Checks()


# -- contracts ------------------------------------------------------------------------------------


@check
def a_contract_is_deployed_and_called(net):
    constructor = net.w3.eth.contract(abi=PROBE["abi"], bytecode=PROBE["bytecode"]).constructor(41)
    nonce = net.w3.eth.get_transaction_count(net.rich.address)
    receipt = net.send(to=None, data=constructor.data_in_transaction, value=9)
    equal(receipt["to"], None)
    made = to_checksum_address(Web3.keccak(rlp.encode([proofs.raw(net.rich.address), nonce]))[12:])
    equal(receipt["contractAddress"], made, "its address")
    contract = net.w3.eth.contract(address=made, abi=PROBE["abi"])
    equal(contract.functions.value().call(), 41)
    equal(contract.functions.owner().call(), net.rich.address)
    equal(net.w3.eth.get_balance(made), 9)
    equal(len(net.w3.eth.get_code(made)), len(PROBE["deployed_bytecode"]) // 2 - 1, "its code's length")
    equal(int.from_bytes(net.w3.eth.get_storage_at(made, 0), "big"), 41, "its first slot")


@check
def a_write_changes_what_a_call_reads(net):
    answer = net.probe.functions.set(8, LABEL, "x").call({"from": net.rich.address})
    equal(answer, net.probe.functions.value().call(), "the value before")
    receipt = net.call(net.probe.functions.set(answer + 1, LABEL, "x"))
    equal(net.probe.functions.value().call(), answer + 1)
    equal(net.probe.functions.value().call(block_identifier=receipt["blockNumber"] - 1), answer, "a block before")


@check
def a_call_sees_its_surroundings(net):
    caller = Account.create().address
    seen = net.probe.functions.surroundings().call({"from": caller})
    block = net.w3.eth.get_block("latest")
    equal((seen[0], seen[1], seen[4]), (caller, net.w3.eth.get_balance(net.probe.address), net.w3.eth.chain_id))
    holds(seen[2] in (block["number"], block["number"] + 1), f"block number {seen[2]} at {block['number']}")
    equal(len(net.w3.eth.call({"to": caller})), 0, "the answer of an account without code")


@check
def estimates_are_enough_and_not_much_more(net):
    function = net.probe.functions.setMany(20)
    estimate = function.estimate_gas({"from": net.rich.address})
    used = net.call(function, gas=estimate)
    equal(used["status"], 1, "with the estimate")
    holds(estimate < used["gasUsed"] * 1.3, f"{estimate} for {used['gasUsed']}")
    equal(net.w3.eth.estimate_gas({"from": net.rich.address, "to": Account.create().address, "value": 1}), 21000)


@check
def an_access_list_is_made_and_holds(net):
    function = net.probe.functions.set(3, LABEL, "list")
    made = net.w3.eth.create_access_list({"from": net.rich.address, "to": net.probe.address, "data": function._encode_transaction_data()})
    entries = {entry["address"]: [proofs.raw(key) for key in entry["storageKeys"]] for entry in made["accessList"]}
    equal(entries, {net.probe.address: [b"\0" * 32]})
    receipt = net.call(function, accessList=made["accessList"], gas=200000)
    equal((receipt["status"], receipt["type"]), (1, 2))


# -- reverts --------------------------------------------------------------------------------------


@check
def a_reason_comes_from_calls_and_estimates(net):
    function = net.probe.functions.withReason("the deadline has passed")
    for call in (function.call, function.estimate_gas):
        error = refused(call, ContractLogicError)
        equal(error.message, "execution reverted: the deadline has passed")
        equal(error.data[:10], "0x08c379a0")


@check
def a_custom_error_comes_from_calls_and_estimates(net):
    function = net.probe.functions.withError(9)
    for call in (function.call, function.estimate_gas):
        error = refused(call, ContractCustomError)
        equal(error.data, Web3.keccak(text="TooMuch(uint256,uint256)")[:4].to_0x_hex() + f"{9:064x}{7:064x}")


@check
def a_panic_comes_from_calls_and_estimates(net):
    function = net.probe.functions.withPanic(1)
    for call in (function.call, function.estimate_gas):
        holds("overflow" in str(refused(call, ContractPanicError)), "Panic 0x11 is an overflow")


@check
def a_bare_revert_comes_from_calls_and_estimates(net):
    function = net.probe.functions.withNothing()
    for call in (function.call, function.estimate_gas):
        holds("execution reverted" in str(refused(call, ContractLogicError)), "the message")


@check
def a_revert_has_code_3_and_its_data(net):
    data = net.probe.functions.withReason("no")._encode_transaction_data()
    for method in ("eth_call", "eth_estimateGas"):
        answer = net.w3.provider.make_request(method, [{"to": net.probe.address, "data": data}])
        equal((answer["error"]["code"], answer["error"]["data"][:10]), (3, "0x08c379a0"), method)


@check
def a_sent_transaction_that_reverts_is_mined_as_failed(net):
    before = net.probe.functions.value().call()
    receipt = net.call(net.probe.functions.withReason("sent all the same"), gas=100000)
    equal((receipt["status"], len(receipt["logs"])), (0, 0))
    holds(21000 < receipt["gasUsed"] < 100000, f"gas {receipt['gasUsed']}")
    equal(net.probe.functions.value().call(), before, "the value")
    error = refused(lambda: net.w3.eth.call({"from": net.rich.address, "to": net.probe.address, "gas": 100000,
                    "data": net.probe.functions.withReason("sent all the same")._encode_transaction_data()}, receipt["blockNumber"]), ContractLogicError)
    holds("sent all the same" in str(error), str(error))


@check
def running_out_of_gas_is_told_and_mined_as_failed(net):
    function = net.probe.functions.withoutEnd()
    error = refused(lambda: function.call({"gas": 100000}), Web3RPCError, ContractLogicError)
    holds("gas" in str(error).lower() or "OOG" in str(error), str(error))
    receipt = net.call(function, gas=100000)
    equal((receipt["status"], receipt["gasUsed"]), (0, 100000))


# -- logs -----------------------------------------------------------------------------------------


@check
def logs_are_decoded_from_receipts_and_found_by_filter(net):
    receipt = net.call(net.probe.functions.set(77, LABEL, "seventy-seven"))
    event = net.probe.events.Changed()
    decoded = event.process_receipt(receipt)
    equal(dict(decoded[0]["args"]), {"who": net.rich.address, "value": 77, "label": LABEL, "note": "seventy-seven"})
    number = receipt["blockNumber"]
    equal(event.get_logs(from_block=number, to_block=number), list(decoded), "by block range")
    equal(event.get_logs(block_hash=receipt["blockHash"]), list(decoded), "by block hash")
    equal(event.get_logs(from_block=number, argument_filters={"value": 77, "who": net.rich.address}), list(decoded), "by topics")
    equal(event.get_logs(from_block=number, argument_filters={"value": [76, 77]}), list(decoded), "by alternatives")
    equal(event.get_logs(from_block=number, argument_filters={"value": 76}), [], "by another value")
    equal(net.w3.eth.get_logs({"fromBlock": number, "address": [net.probe.address, net.rich.address], "topics": [None, None, None, LABEL]}),
          list(receipt["logs"]), "by the third topic and two addresses")


@check
def the_bloom_of_block_and_receipt_holds_the_logs(net):
    receipt = net.call(net.probe.functions.set(78, LABEL, ""))
    bits = int.from_bytes(receipt["logsBloom"], "big")
    for item in (proofs.raw(net.probe.address), *map(bytes, receipt["logs"][0]["topics"])):
        digest = Web3.keccak(item)
        for at in (0, 2, 4):
            holds(bits >> (int.from_bytes(digest[at:at + 2], "big") & 2047) & 1, f"bit of {item.hex()}")
    equal(net.w3.eth.get_block(receipt["blockNumber"])["logsBloom"], receipt["logsBloom"])


@check
def filters_are_polled(net):
    logs = net.probe.events.Changed().create_filter(from_block="latest", argument_filters={"value": 1234})
    blocks, pending = net.w3.eth.filter("latest"), net.w3.eth.filter("pending")
    logs.get_new_entries(), blocks.get_new_entries(), pending.get_new_entries()
    receipt = net.call(net.probe.functions.set(1234, LABEL, "polled"))
    net.call(net.probe.functions.set(1235, LABEL, "not asked for"))
    time.sleep(0.2)
    equal([entry["args"]["note"] for entry in logs.get_new_entries()], ["polled"])
    equal(logs.get_new_entries(), [], "the second time")
    holds(receipt["blockHash"] in blocks.get_new_entries(), "the block's hash")
    holds(receipt["transactionHash"] in pending.get_new_entries(), "the transaction's hash")
    for polled in (logs, blocks, pending):
        holds(net.w3.eth.uninstall_filter(polled.filter_id), "uninstalled")
    refused(blocks.get_new_entries)
    equal(net.w3.eth.uninstall_filter(blocks.filter_id), False, "uninstalled again")


if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    sys.exit(check.run(Network(options.url), only=options.only))
