"""web3.py against a node of a test network: subscriptions, the pending block, traces, overrides, snapshots, time, impersonation.

    web3_dev.py http://127.0.0.1:PORT/rpc [--only WORD]

It turns the node's clock forward and takes blocks back: only for a network that nobody else uses.
"""

import asyncio
import contextlib
import sys

from eth_account import Account
from web3 import AsyncWeb3, Web3, WebSocketProvider
from web3.exceptions import ContractLogicError, TransactionNotFound, Web3RPCError
from web3.utils.subscriptions import LogsSubscription, NewHeadsSubscription, PendingTxSubscription

import proofs
from checks import Checks, arguments, equal, holds, websocket
from web3_network import GWEI, LABEL, PROBE, Network, refused

check = Checks()


@contextlib.contextmanager
def nothing_is_mined(net):
    """Transactions wait until evm_mine."""
    net.ask("evm_setAutomine", False)
    try:
        yield
    finally:
        net.ask("evm_mine")
        net.ask("evm_setAutomine", True)


def sign(net, key, **transaction):
    base = {"to": key.address, "value": 0, "gas": 100000, "chainId": net.w3.eth.chain_id, "maxFeePerGas": 20 * GWEI, "maxPriorityFeePerGas": 2 * GWEI}
    return key.sign_transaction(base | transaction).raw_transaction


# -- waiting transactions -------------------------------------------------------------------------


@check
def a_waiting_transaction_is_pending(net):
    key = net.poor()
    with nothing_is_mined(net):
        sent = net.w3.eth.send_raw_transaction(sign(net, key, nonce=0, value=5, to=net.rich.address))
        equal((net.w3.eth.get_transaction_count(key.address), net.w3.eth.get_transaction_count(key.address, "pending")), (0, 1), "nonces")
        transaction = net.w3.eth.get_transaction(sent)
        equal((transaction["blockHash"], transaction["blockNumber"], transaction["transactionIndex"]), (None, None, None))
        refused(lambda: net.w3.eth.get_transaction_receipt(sent), TransactionNotFound)
        pending = net.w3.eth.get_block("pending")
        holds(sent in pending["transactions"], f"{sent.to_0x_hex()} is not in the pending block")
        equal(pending["parentHash"], net.w3.eth.get_block("latest")["hash"])
        holds(net.w3.eth.get_balance(key.address, "pending") < net.w3.eth.get_balance(key.address) - 5, "the pending balance")
    equal(net.w3.eth.get_transaction_receipt(sent)["status"], 1)


@check
def a_waiting_transaction_is_replaced_by_one_that_pays_more(net):
    key = net.poor()
    receivers = [Account.create().address for _ in range(2)]
    with nothing_is_mined(net):
        first = net.w3.eth.send_raw_transaction(sign(net, key, nonce=0, to=receivers[0], value=1))
        refused(lambda: net.w3.eth.send_raw_transaction(sign(net, key, nonce=0, to=receivers[1], value=1)))
        second = net.w3.eth.send_raw_transaction(
            sign(net, key, nonce=0, to=receivers[1], value=1, maxFeePerGas=40 * GWEI, maxPriorityFeePerGas=4 * GWEI))
    equal(net.w3.eth.wait_for_transaction_receipt(second, timeout=10)["status"], 1)
    equal([net.w3.eth.get_balance(receiver) for receiver in receivers], [0, 1])
    refused(lambda: net.w3.eth.get_transaction(first), TransactionNotFound)


@check
def the_same_transaction_again_is_refused_or_known(net):
    key = net.poor()
    with nothing_is_mined(net):
        raw = sign(net, key, nonce=0)
        net.w3.eth.send_raw_transaction(raw)
        error = refused(lambda: net.w3.eth.send_raw_transaction(raw))
        holds("already" in str(error).lower(), str(error))
    refused(lambda: net.w3.eth.send_raw_transaction(raw))


@check
def a_transaction_ahead_of_its_turn_waits_for_the_one_before(net):
    key = net.poor()
    later = net.w3.eth.send_raw_transaction(sign(net, key, nonce=1))
    refused(lambda: net.w3.eth.get_transaction_receipt(later), TransactionNotFound)
    earlier = net.w3.eth.send_raw_transaction(sign(net, key, nonce=0))
    for sent in (earlier, later):
        equal(net.w3.eth.wait_for_transaction_receipt(sent, timeout=10)["status"], 1)


@check
def transactions_of_one_sender_share_a_block_in_order(net):
    key = net.poor()
    with nothing_is_mined(net):
        sent = [net.w3.eth.send_raw_transaction(sign(net, key, nonce=number)) for number in range(5)]
    receipts = [net.w3.eth.get_transaction_receipt(each) for each in sent]
    equal(len({receipt["blockNumber"] for receipt in receipts}), 1, "blocks")
    indexes = [receipt["transactionIndex"] for receipt in receipts]
    equal(indexes, sorted(indexes))
    sums = [receipt["cumulativeGasUsed"] for receipt in receipts]
    equal([after - before for before, after in zip(sums, sums[1:])], [receipt["gasUsed"] for receipt in receipts[1:]])


# -- subscriptions --------------------------------------------------------------------------------


async def collected(net, subscription, cause, count):
    """What comes by the subscription after `cause` has run, `count` items."""
    async with AsyncWeb3(WebSocketProvider(websocket(net.url))) as w3:
        holds(await w3.is_connected(), "not connected")
        await w3.eth.subscribe(*subscription)
        caused = await asyncio.to_thread(cause)
        items = []
        async with asyncio.timeout(10):
            async for message in w3.socket.process_subscriptions():
                items.append(message["result"])
                if len(items) == count:
                    break
        return caused, items


@check
async def new_blocks_come_by_websocket(net):
    def cause():
        return [net.send(to=net.rich.address)["blockNumber"] for _ in range(3)]

    caused, heads = await collected(net, ("newHeads",), cause, 3)
    equal([head["number"] for head in heads], caused)
    for head in heads:
        block = net.w3.eth.get_block(head["number"])
        equal((head["hash"], head["parentHash"], head["stateRoot"]), (block["hash"], block["parentHash"], block["stateRoot"]))


@check
async def logs_come_by_websocket_and_filtered(net):
    def cause():
        net.call(net.probe.functions.set(1, LABEL, "not this"))
        return net.call(net.probe.functions.set(4711, LABEL, "this"))

    topics = [Web3.keccak(text="Changed(address,uint256,bytes32,string)").to_0x_hex(), None, "0x" + f"{4711:064x}"]
    caused, logs = await collected(net, ("logs", {"address": net.probe.address, "topics": topics}), cause, 1)
    got, wanted = dict(logs[0]), dict(caused["logs"][0])
    equal({name: got[name] for name in ("address", "topics", "data", "blockHash", "transactionHash", "logIndex", "removed")},
          {name: wanted[name] for name in ("address", "topics", "data", "blockHash", "transactionHash", "logIndex", "removed")})


@check
async def waiting_transactions_come_by_websocket(net):
    caused, sent = await collected(net, ("newPendingTransactions",), lambda: net.send(to=net.rich.address), 1)
    equal(sent[0], caused["transactionHash"])


@check
async def handlers_get_what_they_subscribed_to(net):
    seen = {"heads": [], "logs": [], "waiting": []}

    def collects(kind):
        async def handler(context):
            seen[kind].append(context.result)
            if all(seen.values()):
                await context.subscription.unsubscribe()
                await context.async_w3.subscription_manager.unsubscribe_all()
        return handler

    net.probe  # deployed before anything is subscribed to
    async with AsyncWeb3(WebSocketProvider(websocket(net.url))) as w3:
        await w3.subscription_manager.subscribe([
            NewHeadsSubscription(handler=collects("heads")),
            LogsSubscription(address=net.probe.address, handler=collects("logs")),
            PendingTxSubscription(handler=collects("waiting")),
        ])
        task = asyncio.create_task(w3.subscription_manager.handle_subscriptions())
        await asyncio.to_thread(net.call, net.probe.functions.set(2, LABEL, "handled"))
        async with asyncio.timeout(10):
            while not all(seen.values()):
                await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    equal(seen["heads"][0]["transactionsRoot"] is not None and seen["logs"][0]["transactionHash"], seen["waiting"][0])


@check
async def after_unsubscribing_nothing_comes(net):
    async with AsyncWeb3(WebSocketProvider(websocket(net.url))) as w3:
        subscription = await w3.eth.subscribe("newHeads")
        equal(await w3.eth.unsubscribe(subscription), True)
        await asyncio.to_thread(net.send, to=net.rich.address)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.7):
                async for message in w3.socket.process_subscriptions():
                    raise AssertionError(f"{message}")


@check
async def requests_share_a_websocket(net):
    async with AsyncWeb3(WebSocketProvider(websocket(net.url))) as w3:
        balances = await asyncio.gather(*(w3.eth.get_balance(account) for account in net.w3.eth.accounts * 5))
    equal(balances, [net.w3.eth.get_balance(account) for account in net.w3.eth.accounts] * 5)


# -- tracing and simulation -----------------------------------------------------------------------


def forwarded(net, function, **more):
    """A transaction in which the probe calls itself."""
    return net.call(net.probe.functions.forward(net.probe.address, function._encode_transaction_data()), gas=300000, **more)


@check
def calls_are_traced(net):
    receipt = forwarded(net, net.probe.functions.set(3, LABEL, "traced"))
    trace = net.ask("debug_traceTransaction", receipt["transactionHash"].to_0x_hex(), {"tracer": "callTracer"})
    equal((trace["type"], trace["to"].lower(), int(trace["gasUsed"], 16)), ("CALL", net.probe.address.lower(), receipt["gasUsed"]))
    inner = trace["calls"][0]
    equal((inner["type"], inner["from"].lower(), inner["input"][:10]),
          ("CALL", net.probe.address.lower(), Web3.keccak(text="set(uint256,bytes32,string)")[:4].to_0x_hex()))
    with_logs = net.ask("debug_traceTransaction", receipt["transactionHash"].to_0x_hex(), {"tracer": "callTracer", "tracerConfig": {"withLog": True}})
    equal(len(with_logs["calls"][0]["logs"]), 1, "logs")


@check
def refusals_are_traced(net):
    receipt = forwarded(net, net.probe.functions.withReason("not today"))
    equal(receipt["status"], 1, "who forwards does not fail")
    trace = net.ask("debug_traceTransaction", receipt["transactionHash"].to_0x_hex(), {"tracer": "callTracer"})
    inner = trace["calls"][0]
    equal((inner["error"], inner.get("revertReason"), inner["output"][:10]), ("execution reverted", "not today", "0x08c379a0"))
    failed = net.call(net.probe.functions.withReason("nor tomorrow"), gas=100000)
    trace = net.ask("debug_traceTransaction", failed["transactionHash"].to_0x_hex(), {"tracer": "callTracer"})
    equal((trace["error"], trace.get("revertReason")), ("execution reverted", "nor tomorrow"))


@check
def steps_are_traced(net):
    receipt = net.call(net.probe.functions.set(12, LABEL, "steps"))
    trace = net.ask("debug_traceTransaction", receipt["transactionHash"].to_0x_hex(), {})
    equal((trace["failed"], trace["gas"]), (False, receipt["gasUsed"]))
    int(trace["returnValue"].removeprefix("0x") or "0", 16)
    steps = trace["structLogs"]
    holds(any(step["op"] == "SSTORE" for step in steps), "no SSTORE")
    equal((steps[0]["pc"], steps[0]["depth"]), (0, 1))
    holds({"pc", "op", "gas", "gasCost", "depth", "stack"} <= set(steps[5]), f"a step has {set(steps[5])}")


@check
def the_state_before_is_traced(net):
    before = net.probe.functions.value().call()
    receipt = net.call(net.probe.functions.set(before + 1, LABEL, "state"))
    identity = receipt["transactionHash"].to_0x_hex()
    state = {key.lower(): value for key, value in net.ask("debug_traceTransaction", identity, {"tracer": "prestateTracer"}).items()}
    storage = state[net.probe.address.lower()]["storage"]
    equal(int(storage["0x" + "00" * 32], 16), before)
    change = net.ask("debug_traceTransaction", identity, {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}})
    after = {key.lower(): value for key, value in change["post"].items()}
    equal(int(after[net.probe.address.lower()]["storage"]["0x" + "00" * 32], 16), before + 1)


@check
def a_call_is_traced_without_being_sent(net):
    data = net.probe.functions.withReason("only asked")._encode_transaction_data()
    trace = net.ask("debug_traceCall", {"from": net.rich.address, "to": net.probe.address, "data": data}, "latest", {"tracer": "callTracer"})
    equal((trace["error"], trace.get("revertReason")), ("execution reverted", "only asked"))


@check
def a_call_is_made_in_another_state(net):
    probe, stranger = net.probe, Account.create().address
    equal(probe.functions.value().call(state_override={probe.address: {"stateDiff": {"0x" + "00" * 32: "0x" + f"{99:064x}"}}}), 99, "a slot")
    equal(probe.functions.deposits(stranger).call(state_override={probe.address: {"state": {}}}), 0, "all slots")
    seen = probe.functions.surroundings().call(state_override={probe.address: {"balance": hex(10**30)}})
    equal(seen[1], 10**30, "the balance")
    contract = net.w3.eth.contract(address=stranger, abi=PROBE["abi"])
    equal(contract.functions.value().call(state_override={stranger: {"code": PROBE["deployed_bytecode"]}}), 0, "code")
    sent = net.w3.eth.call({"from": stranger, "to": probe.address, "value": 10**18}, "latest", {stranger: {"balance": hex(2 * 10**18)}})
    equal(bytes(sent), b"", "value that the sender only has there")
    refused(lambda: net.w3.eth.call({"from": stranger, "to": probe.address, "value": 10**18}), Web3RPCError, ContractLogicError)
    equal(len(net.w3.eth.get_code(stranger)), 0, "nothing of it stays")


# -- the test network's own -----------------------------------------------------------------------


@check
def a_snapshot_is_gone_back_to(net):
    net.probe
    before = (net.w3.eth.block_number, net.w3.eth.get_block("latest")["hash"], net.w3.eth.get_balance(net.rich.address))
    snapshot = net.ask("evm_snapshot")
    receipt = net.call(net.probe.functions.set(31, LABEL, "taken back"))
    equal(net.ask("evm_revert", snapshot), True)
    equal((net.w3.eth.block_number, net.w3.eth.get_block("latest")["hash"], net.w3.eth.get_balance(net.rich.address)), before)
    refused(lambda: net.w3.eth.get_transaction_receipt(receipt["transactionHash"]), TransactionNotFound)
    equal(net.call(net.probe.functions.set(32, LABEL, "again"))["status"], 1)
    equal(net.ask("evm_revert", "0x99999"), False)


@check
def blocks_are_mined_on_demand(net):
    number = net.w3.eth.block_number
    net.ask("evm_mine")
    equal(net.w3.eth.block_number, number + 1)
    net.ask("anvil_mine", "0x5")
    equal(net.w3.eth.block_number, number + 6)


@check
def time_goes_forward(net):
    before = net.w3.eth.get_block("latest")["timestamp"]
    net.ask("evm_increaseTime", 3600)
    net.ask("evm_mine")
    after = net.w3.eth.get_block("latest")["timestamp"]
    holds(3600 <= after - before < 3700, f"{after - before} s")
    net.ask("evm_setNextBlockTimestamp", after + 86400)
    receipt = net.send(to=net.rich.address)
    equal(net.w3.eth.get_block(receipt["blockNumber"])["timestamp"], after + 86400)
    holds(net.probe.functions.surroundings().call()[3] >= after + 86400, "what a contract sees")
    refused(lambda: net.ask("evm_setNextBlockTimestamp", after))


@check
def an_account_without_a_key_is_impersonated(net):
    stranger = Web3.to_checksum_address("0x" + "ab" * 20)
    net.send(to=stranger, value=10**18)
    transaction = {"from": stranger, "to": net.rich.address, "value": 5, "gas": 21000}
    refused(lambda: net.w3.eth.send_transaction(transaction))
    net.ask("anvil_impersonateAccount", stranger)
    receipt = net.w3.eth.wait_for_transaction_receipt(net.w3.eth.send_transaction(transaction), timeout=10)
    equal((receipt["from"], receipt["status"]), (stranger, 1))
    net.ask("anvil_stopImpersonatingAccount", stranger)
    refused(lambda: net.w3.eth.send_transaction(transaction))


@check
def blocks_still_hash_and_link_after_all_that(net):
    latest = net.w3.eth.block_number
    parent = None
    for number in range(max(1, latest - 30), latest + 1):
        block = net.w3.provider.make_request("eth_getBlockByNumber", [hex(number), False])["result"]
        equal("0x" + proofs.header_hash(block).hex(), block["hash"], f"block {number}")
        holds(parent in (None, block["parentHash"]), f"the parent of block {number}")
        parent = block["hash"]


if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    sys.exit(check.run(Network(options.url), only=options.only))
