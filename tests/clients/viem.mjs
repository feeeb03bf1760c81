// viem 2, as npm has it, against a node: node viem.mjs http://127.0.0.1:PORT/rpc [WORD]
import assert from 'node:assert/strict'
import { arriving, check, pause, refused, runChecks } from './checks.mjs'
import { headerHash, provenAccount, provenSlot } from './proofs.mjs'
import { library, probe, urls, WORDS } from './libraries.mjs'

const viem = library('viem')
const { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } = library('viem/accounts')
const { abi, bytecode, deployed_bytecode: runtime } = probe()
const url = urls()
const id = await viem.createPublicClient({ transport: viem.http(url.http) }).getChainId()
const chain = viem.defineChain({
    id,
    name: 'the network',
    nativeCurrency: { name: 'coin', symbol: 'COIN', decimals: 18 },
    rpcUrls: { default: { http: [url.http], webSocket: [url.ws] } },
})
const settings = { chain, pollingInterval: 100, cacheTime: 0 }
const open = viem.createPublicClient({ ...settings, transport: viem.http() })
const batching = viem.createPublicClient({ ...settings, transport: viem.http(undefined, { batch: true }) })
const socket = viem.createPublicClient({ ...settings, transport: viem.webSocket(undefined, { reconnect: false }) })
const rich = viem.createWalletClient({ ...settings, transport: viem.http(), account: mnemonicToAccount(WORDS) })
const dev = viem.createTestClient({ ...settings, mode: 'anvil', transport: viem.http() })

const LABEL = viem.stringToHex('label', { size: 32 })
const mined = async (hash) => open.waitForTransactionReceipt({ hash: await hash, timeout: 8000 })
const stranger = () => privateKeyToAccount(generatePrivateKey())
const withCoins = async () => {
    const account = stranger()
    await mined(rich.sendTransaction({ to: account.address, value: viem.parseEther('1') }))
    return viem.createWalletClient({ ...settings, transport: viem.http(), account })
}
let address
const probed = async () => ({ abi, address: (address ??= (await mined(rich.deployContract({ abi, bytecode, args: [5n] }))).contractAddress) })
const write = async (functionName, args, more = {}) => mined(rich.writeContract({ ...(await probed()), functionName, args, ...more }))
const read = async (functionName, args = [], more = {}) => open.readContract({ ...(await probed()), functionName, args, ...more })

// -- reading ---------------------------------------------------------------------------------------

check('connects by HTTP and WebSocket', async () => {
    assert.equal(await socket.getChainId(), id)
    assert.ok((await rich.getAddresses()).length === 1)
    assert.ok((await viem.createWalletClient({ chain, transport: viem.http() }).getAddresses()).includes(rich.account.address))
})

check('reads blocks by tag, number and hash', async () => {
    await mined(rich.sendTransaction({ to: rich.account.address }))
    const latest = await open.getBlock({ includeTransactions: true })
    assert.deepEqual(await open.getBlock({ blockHash: latest.hash, includeTransactions: true }), latest)
    for (const blockTag of ['earliest', 'finalized', 'safe']) assert.ok((await open.getBlock({ blockTag })).number <= latest.number)
    assert.equal((await open.getBlock({ blockTag: 'pending' })).number, latest.number + 1n)
    assert.equal(latest.transactions[0].from, rich.account.address.toLowerCase())
    assert.equal(await open.getBlockTransactionCount({ blockNumber: latest.number }), 1)
    assert.equal((await refused(open.getBlock({ blockNumber: 10n ** 9n }))).name, 'BlockNotFoundError')
    assert.equal((await refused(open.getTransaction({ hash: viem.zeroHash }))).name, 'TransactionNotFoundError')
    assert.equal((await refused(open.getTransactionReceipt({ hash: viem.zeroHash }))).name, 'TransactionReceiptNotFoundError')
})

check('suggests fees and reads their history', async () => {
    const fees = await open.estimateFeesPerGas()
    assert.ok(fees.maxFeePerGas >= fees.maxPriorityFeePerGas)
    assert.ok((await open.getGasPrice()) > 0n)
    const history = await open.getFeeHistory({ blockCount: 2, rewardPercentiles: [25, 75] })
    assert.equal(history.baseFeePerGas.length, history.gasUsedRatio.length + 1)
    assert.equal(history.reward[0].length, 2)
})

// -- transactions ----------------------------------------------------------------------------------

const TRANSFERS = [
    ['legacy', { type: 'legacy' }],
    ['eip2930', { type: 'eip2930', accessList: [{ address: rich.account.address, storageKeys: [viem.zeroHash] }] }],
    ['eip1559', { type: 'eip1559' }],
]
for (const [type, more] of TRANSFERS) {
    check(`sends a transfer of type ${type}`, async () => {
        const to = stranger().address
        const receipt = await mined(rich.sendTransaction({ to, value: 99n, ...more }))
        assert.equal(receipt.status, 'success')
        assert.equal(receipt.type, type)
        assert.equal(await open.getBalance({ address: to }), 99n)
        assert.equal(await open.getBalance({ address: to, blockNumber: receipt.blockNumber - 1n }), 0n)
        const found = await open.getTransaction({ hash: receipt.transactionHash })
        assert.equal(found.type, type)
        assert.equal(found.chainId, id)
        assert.equal(await open.getTransactionConfirmations({ transactionReceipt: receipt }), 1n)
        const envelope = await open.request({ method: 'eth_getRawTransactionByHash', params: [receipt.transactionHash] })
        assert.equal(viem.keccak256(envelope), receipt.transactionHash)
        assert.equal(await viem.recoverTransactionAddress({ serializedTransaction: envelope }), rich.account.address)
    })
}

check('sends with the node as signer', async () => {
    const node = viem.createWalletClient({ ...settings, transport: viem.http() })
    const [, , account] = await node.getAddresses()
    const receipt = await mined(node.sendTransaction({ account, to: stranger().address, value: 1n }))
    assert.equal(viem.getAddress(receipt.from), account)
    const signature = await node.signMessage({ account, message: 'agreed' })
    assert.ok(await viem.verifyMessage({ address: account, message: 'agreed', signature }))
})

check('is told why a transaction is refused, by names of its own', async () => {
    const poor = viem.createWalletClient({ ...settings, transport: viem.http(), account: stranger() })
    const fees = { to: rich.account.address, gas: 21000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n }
    assert.equal((await refused(poor.sendTransaction({ ...fees, nonce: 0, value: 1n }))).cause.name, 'InsufficientFundsError')
    const richer = await withCoins()
    await mined(richer.sendTransaction(fees))
    assert.equal((await refused(richer.sendTransaction({ ...fees, nonce: 0 }))).cause.name, 'NonceTooLowError')
    assert.equal((await refused(richer.sendTransaction({ ...fees, gas: 20000n }))).cause.name, 'IntrinsicGasTooLowError')
})

check('follows a replacement', async () => {
    const poor = await withCoins()
    const fees = { to: poor.account.address, gas: 21000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n, nonce: 0 }
    await dev.setAutomine(false)
    try {
        const hash = await poor.sendTransaction(fees)
        let replaced
        const receipt = open.waitForTransactionReceipt({ hash, timeout: 10_000, onReplaced: (one) => (replaced = one) })
        receipt.catch(() => {})
        await pause(300)
        const second = await poor.sendTransaction({ ...fees, value: 1n, maxFeePerGas: 4n * 10n ** 10n, maxPriorityFeePerGas: 4n * 10n ** 9n })
        await dev.mine({ blocks: 1 })
        assert.equal((await receipt).transactionHash, second)
        assert.equal(replaced.reason, 'replaced')
    } finally {
        await dev.setAutomine(true)
    }
})

// -- contracts -------------------------------------------------------------------------------------

check('deploys a contract, calls it and writes to it', async () => {
    const target = await probed()
    assert.equal((await open.getCode({ address: target.address })).length, runtime.length)
    const before = await read('value')
    const { result, request } = await open.simulateContract({ ...target, functionName: 'set', args: [before + 1n, LABEL, 'x'], account: rich.account })
    assert.equal(result, before)
    const receipt = await mined(rich.writeContract(request))
    assert.equal(await read('value'), before + 1n)
    assert.equal(await read('value', [], { blockNumber: receipt.blockNumber - 1n }), before)
    assert.equal(BigInt(await open.getStorageAt({ address: target.address, slot: '0x0' })), before + 1n)
    const [log] = viem.parseEventLogs({ abi, logs: receipt.logs })
    assert.deepEqual(log.args, { who: rich.account.address, value: before + 1n, label: LABEL, note: 'x' })
})

const cause = (error, name) => error.walk((one) => one.name === name)

check('decodes every kind of revert from a call', async () => {
    const simulate = async (functionName, args) => refused(open.simulateContract({ ...(await probed()), functionName, args, account: rich.account }))
    const reverted = async (functionName, args) => cause(await simulate(functionName, args), 'ContractFunctionRevertedError')
    assert.equal((await reverted('withReason', ['too late'])).reason, 'too late')
    assert.deepEqual((await reverted('withError', [9n])).data, { ...(await reverted('withError', [9n])).data, errorName: 'TooMuch', args: [9n, 7n] })
    assert.match((await reverted('withPanic', [1n])).reason, /overflow/)
    assert.ok(await reverted('withNothing', []))
})

check('decodes reverts from an estimate', async () => {
    const estimate = async (functionName, args) => refused(open.estimateContractGas({ ...(await probed()), functionName, args, account: rich.account }))
    assert.equal(cause(await estimate('withReason', ['too late']), 'ContractFunctionRevertedError').reason, 'too late')
    assert.equal(cause(await estimate('withError', [9n]), 'ContractFunctionRevertedError').data.errorName, 'TooMuch')
})

check('gets the receipt of a transaction that reverted', async () => {
    const receipt = await write('withReason', ['sent all the same'], { gas: 100_000n })
    assert.equal(receipt.status, 'reverted')
    assert.equal(receipt.logs.length, 0)
})

check('makes an access list and estimates gas', async () => {
    const target = await probed()
    const data = viem.encodeFunctionData({ abi, functionName: 'set', args: [3n, LABEL, 'list'] })
    const { accessList } = await open.createAccessList({ account: rich.account.address, to: target.address, data })
    assert.deepEqual(accessList, [{ address: target.address, storageKeys: [viem.zeroHash] }])
    const gas = await open.estimateGas({ account: rich.account, to: target.address, data })
    assert.equal((await mined(rich.sendTransaction({ to: target.address, data, gas, accessList: [] }))).status, 'success')
})

check('calls in another state', async () => {
    const target = await probed()
    const stateOverride = [{ address: target.address, balance: 12n, stateDiff: [{ slot: viem.zeroHash, value: viem.toHex(99n, { size: 32 }) }] }]
    assert.equal(await read('value', [], { stateOverride }), 99n)
    assert.equal((await read('surroundings', [], { stateOverride }))[1], 12n)
    const elsewhere = stranger().address
    assert.equal(await read('value', [], { address: elsewhere, stateOverride: [{ address: elsewhere, code: runtime }] }), 0n)
})

check('calls code that is nowhere deployed', async () => {
    // viem's "deployless" call: creation code whose result is the answer.
    const code = viem.encodeDeployData({ abi, bytecode, args: [31n] })
    assert.equal(await open.readContract({ abi, code, functionName: 'value' }), 31n)
})

check('gathers calls through Multicall3', async () => {
    const target = await probed()
    const multicallAddress = '0xcA11bde05977b3631167028862bE2a173976CA11'
    if (!(await open.getCode({ address: multicallAddress }))) {
        // Anvil has it only where it is put.
        assert.match(await open.request({ method: 'web3_clientVersion' }), /anvil/i)
        return
    }
    const calls = [
        { ...target, functionName: 'value' },
        { ...target, functionName: 'withError', args: [9n] },
        { ...target, functionName: 'owner' },
    ]
    const [value, failed, owner] = await open.multicall({ contracts: calls, multicallAddress })
    assert.equal(value.result, await read('value'))
    assert.equal(failed.status, 'failure')
    assert.equal(owner.result, rich.account.address)
})

// -- logs and subscriptions ------------------------------------------------------------------------

const Changed = abi.find((one) => one.type === 'event' && one.name === 'Changed')

check('finds logs by event, arguments and range', async () => {
    const target = await probed()
    const receipt = await write('set', [6060n, LABEL, 'wanted'])
    await write('set', [6061n, LABEL, 'other'])
    const logs = await open.getLogs({ address: target.address, event: Changed, args: { value: 6060n }, fromBlock: 'earliest' })
    assert.deepEqual(logs.map((log) => log.args.note), ['wanted'])
    assert.equal((await open.getContractEvents({ ...target, eventName: 'Changed', args: { value: [6060n, 6061n] }, fromBlock: 0n })).length, 2)
    assert.equal((await open.getLogs({ blockHash: receipt.blockHash })).length, 1)
})

check('polls filters', async () => {
    const target = await probed()
    const byEvent = await open.createContractEventFilter({ ...target, eventName: 'Changed', args: { value: 6262n } })
    const [byBlock, waiting] = [await open.createBlockFilter(), await open.createPendingTransactionFilter()]
    const receipt = await write('set', [6262n, LABEL, 'filtered'])
    assert.deepEqual((await open.getFilterChanges({ filter: byEvent })).map((log) => log.args.note), ['filtered'])
    assert.deepEqual((await open.getFilterLogs({ filter: byEvent })).length, 1)
    assert.deepEqual(await open.getFilterChanges({ filter: byBlock }), [receipt.blockHash])
    assert.deepEqual(await open.getFilterChanges({ filter: waiting }), [receipt.transactionHash])
    for (const filter of [byEvent, byBlock, waiting]) assert.equal(await open.uninstallFilter({ filter }), true)
    await refused(open.getFilterChanges({ filter: byBlock }))
})

for (const [kind, client] of [['polling', open], ['a WebSocket', socket]]) {
    check(`watches blocks by ${kind}`, async () => {
        const { items, caused } = await arriving(
            1,
            async (push) => {
                const stop = client.watchBlocks({ onBlock: (block) => push(block), emitMissed: true, onError: console.error })
                await pause(400)
                return stop
            },
            () => mined(rich.sendTransaction({ to: rich.account.address })),
        )
        assert.ok(items.some((block) => block.number <= caused.blockNumber && viem.isHash(block.hash)))
    })

    check(`watches one kind of event by ${kind}`, async () => {
        const target = await probed()
        const value = kind === 'polling' ? 6464n : 6465n
        const { items } = await arriving(
            1,
            async (push) => {
                const stop = client.watchContractEvent({ ...target, eventName: 'Changed', args: { value }, onLogs: (logs) => logs.forEach(push), onError: console.error })
                await pause(400)
                return stop
            },
            async () => {
                await write('set', [value + 10n, LABEL, 'not this'])
                await write('set', [value, LABEL, 'this'])
            },
        )
        assert.deepEqual(items.map((log) => log.args.note), ['this'])
    })

    check(`watches waiting transactions by ${kind}`, async () => {
        const { items, caused } = await arriving(
            1,
            async (push) => {
                const stop = client.watchPendingTransactions({ onTransactions: (hashes) => hashes.forEach(push), onError: console.error })
                await pause(400)
                return stop
            },
            () => mined(rich.sendTransaction({ to: rich.account.address })),
        )
        assert.equal(items[0], caused.transactionHash)
    })
}

// -- the rest --------------------------------------------------------------------------------------

check('batches what is asked at once', async () => {
    const answers = await Promise.all([batching.getBlockNumber(), batching.getChainId(), ...Array(20).fill().map(() => batching.getBalance({ address: rich.account.address }))])
    assert.equal(answers[1], id)
    assert.equal(new Set(answers.slice(2)).size, 1)
    const [good, bad] = await Promise.allSettled([batching.getChainId(), batching.request({ method: 'eth_nothingOfTheKind' })])
    assert.equal(good.value, id)
    assert.equal(bad.reason.name, 'MethodNotFoundRpcError')
})

check('checks headers and proofs with @ethereumjs', async () => {
    await write('set', [777n, LABEL, 'proof'])
    const target = await probed()
    const number = viem.toHex(await open.getBlockNumber())
    const block = await open.request({ method: 'eth_getBlockByNumber', params: [number, false] })
    assert.equal(headerHash(block), block.hash)
    const proof = await open.getProof({ address: target.address, storageKeys: [viem.zeroHash], blockNumber: BigInt(number) })
    const account = await provenAccount(block.stateRoot, proof)
    assert.equal(account.balance, await open.getBalance({ address: target.address }))
    assert.equal(await provenSlot(account.storageRoot, viem.zeroHash, proof.storageProof[0].proof), 777n)
    const absent = await open.getProof({ address: stranger().address, storageKeys: [], blockNumber: BigInt(number) })
    assert.equal(await provenAccount(block.stateRoot, absent), null)
})

check('traces calls', async () => {
    const target = await probed()
    const input = viem.encodeFunctionData({ abi, functionName: 'withError', args: [8n] })
    const receipt = await write('forward', [target.address, input], { gas: 300_000n })
    const trace = await open.request({ method: 'debug_traceTransaction', params: [receipt.transactionHash, { tracer: 'callTracer' }] })
    assert.equal(trace.calls[0].error, 'execution reverted')
    assert.equal(viem.decodeErrorResult({ abi, data: trace.calls[0].output }).errorName, 'TooMuch')
})

check('takes snapshots, turns the clock and impersonates on the test network', async () => {
    const snapshot = await dev.snapshot()
    const { timestamp } = await open.getBlock()
    await dev.increaseTime({ seconds: 1000 })
    await dev.mine({ blocks: 2 })
    assert.ok((await open.getBlock()).timestamp >= timestamp + 1000n)
    const nobody = '0xabcdefabcdefabcdefabcdefabcdefabcdefabcd'
    await mined(rich.sendTransaction({ to: nobody, value: viem.parseEther('1') }))
    await dev.impersonateAccount({ address: nobody })
    const node = viem.createWalletClient({ ...settings, transport: viem.http() })
    const receipt = await mined(node.sendTransaction({ account: nobody, to: rich.account.address, value: 1n }))
    assert.equal(receipt.from, nobody)
    await dev.stopImpersonatingAccount({ address: nobody })
    await dev.revert({ id: snapshot })
    assert.equal(await open.getBalance({ address: nobody }), 0n)
    assert.equal((await open.getBlock()).timestamp, timestamp)
})

await runChecks(async () => (await socket.transport.getRpcClient()).close())
