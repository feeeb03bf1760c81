// ethers v6, as npm has it, against a node: node ethers.mjs http://127.0.0.1:PORT/rpc [WORD]
import assert from 'node:assert/strict'
import { arriving, check, pause, refused, runChecks } from './checks.mjs'
import { library, probe, urls, WORDS } from './libraries.mjs'

const ethers = library('ethers')
const { abi, bytecode, deployed_bytecode: runtime } = probe()
const url = urls()
const http = new ethers.JsonRpcProvider(url.http, undefined, { cacheTimeout: -1 })
const socket = new ethers.WebSocketProvider(url.ws)
http.pollingInterval = 100
const LABEL = ethers.encodeBytes32String('label')
const rich = new ethers.NonceManager(ethers.Wallet.fromPhrase(WORDS).connect(http))

const mined = async (sent) => (await sent).wait(1, 8_000)
const send = (transaction) => mined(rich.sendTransaction(transaction))
const stranger = () => ethers.Wallet.createRandom(http)
let deployed
const contract = async () => (deployed ??= await (await new ethers.ContractFactory(abi, bytecode, rich).deploy(5n)).waitForDeployment())

// -- reading ---------------------------------------------------------------------------------------

check('connects by HTTP and WebSocket, on the same network', async () => {
    const [one, two] = await Promise.all([http.getNetwork(), socket.getNetwork()])
    assert.equal(one.chainId, two.chainId)
    assert.equal(one.chainId, BigInt(await http.send('net_version', [])))
})

check('finds the public accounts in the node', async () => {
    const accounts = await http.listAccounts()
    assert.equal(accounts[0].address, await rich.getAddress())
    assert.ok((await http.getBalance(accounts[0])) > ethers.parseEther('1'))
})

check('reads blocks by tag, number and hash', async () => {
    await send({ to: await rich.getAddress() })
    const latest = await http.getBlock('latest')
    assert.deepEqual((await http.getBlock(latest.hash)).toJSON(), latest.toJSON())
    assert.equal((await http.getBlock(latest.number)).hash, latest.hash)
    assert.equal((await http.getBlock('pending')).number, latest.number + 1)
    for (const tag of ['earliest', 'finalized', 'safe']) assert.ok((await http.getBlock(tag)).number <= latest.number)
    assert.equal(await http.getBlock(10 ** 9), null)
    const full = await http.getBlock(latest.number, true)
    assert.equal(full.prefetchedTransactions[0].hash, latest.transactions[0])
})

check('finds nothing where there is nothing', async () => {
    const none = ethers.zeroPadValue('0x01', 32)
    assert.equal(await http.getTransaction(none), null)
    assert.equal(await http.getTransactionReceipt(none), null)
    assert.equal(await http.getBlock(none), null)
})

// -- transactions ----------------------------------------------------------------------------------

for (const type of [0, 1, 2]) {
    check(`sends a transfer of type ${type}`, async () => {
        const receiver = stranger().address
        const accessList = type === 1 ? [{ address: receiver, storageKeys: [] }] : undefined
        const receipt = await send({ to: receiver, value: 321n, type, accessList })
        assert.equal(receipt.status, 1)
        assert.equal(receipt.type, type)
        assert.equal(await http.getBalance(receiver), 321n)
        assert.equal(await http.getBalance(receiver, receipt.blockNumber - 1), 0n)
        const found = await http.getTransaction(receipt.hash)
        assert.equal(found.type, type)
        assert.equal(found.value, 321n)
        // The library serialises what the node answered, and finds hash and signer in it.
        const again = ethers.Transaction.from(found)
        assert.equal(again.hash, receipt.hash)
        assert.equal(again.from, await rich.getAddress())
        const block = await receipt.getBlock()
        if (type === 2) assert.equal(receipt.gasPrice, block.baseFeePerGas + found.maxPriorityFeePerGas)
    })
}

check('fills in fees, gas and nonce itself', async () => {
    const fees = await http.getFeeData()
    assert.ok(fees.maxFeePerGas >= fees.maxPriorityFeePerGas)
    assert.ok(fees.gasPrice > 0n)
    const filled = await rich.populateTransaction({ to: stranger().address, value: 1n })
    assert.equal(filled.type, 2)
    assert.equal(filled.gasLimit, 21000n)
    rich.reset()
})

check('sends with the node as signer', async () => {
    const signer = await http.getSigner(3)
    const receiver = stranger().address
    const receipt = await mined(signer.sendTransaction({ to: receiver, value: 9n }))
    assert.equal(receipt.from, signer.address)
    assert.equal(await http.getBalance(receiver), 9n)
    assert.equal(ethers.verifyMessage('agreed', await signer.signMessage('agreed')), signer.address)
})

check('is told why a transaction is refused, by codes of its own', async () => {
    const poor = stranger()
    const fees = { to: poor.address, gasLimit: 21000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n, type: 2 }
    assert.equal((await refused(poor.sendTransaction({ ...fees, nonce: 0, value: 1n }))).code, 'INSUFFICIENT_FUNDS')
    await send({ to: poor.address, value: ethers.parseEther('1') })
    await mined(poor.sendTransaction(fees))
    assert.equal((await refused(poor.sendTransaction({ ...fees, nonce: 0 }))).code, 'NONCE_EXPIRED')
})

check('replaces a waiting transaction', async () => {
    const poor = stranger()
    await send({ to: poor.address, value: ethers.parseEther('1') })
    await http.send('evm_setAutomine', [false])
    try {
        const fees = { to: poor.address, gasLimit: 21000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n, type: 2, nonce: 0 }
        const first = await poor.sendTransaction(fees)
        assert.equal((await refused(poor.sendTransaction({ ...fees, value: 1n }))).code, 'REPLACEMENT_UNDERPRICED')
        const waiting = first.wait(1, 15_000)
        waiting.catch(() => {})
        const second = await poor.sendTransaction({ ...fees, value: 1n, maxFeePerGas: 4n * 10n ** 10n, maxPriorityFeePerGas: 4n * 10n ** 9n })
        assert.equal(await http.getTransactionCount(poor.address), 0)
        assert.equal(await http.getTransactionCount(poor.address, 'pending'), 1)
        // The library tells of blocks after the first that it polls.
        await pause(500)
        await http.send('evm_mine', [])
        assert.equal((await second.wait(1, 15_000)).status, 1)
        const error = await refused(waiting)
        assert.equal(error.code, 'TRANSACTION_REPLACED')
        assert.equal(error.receipt.hash, second.hash)
    } finally {
        await http.send('evm_setAutomine', [true])
    }
})

// -- contracts -------------------------------------------------------------------------------------

check('deploys a contract, calls it and writes to it', async () => {
    const target = await contract()
    assert.equal(await http.getCode(await target.getAddress()).then((code) => code.length), runtime.length)
    assert.equal(await target.owner(), await rich.getAddress())
    const before = await target.value()
    assert.equal(await target.set.staticCall(before + 1n, LABEL, 'x'), before)
    const receipt = await mined(target.set(before + 1n, LABEL, 'x', { value: 2n }))
    assert.equal(await target.value(), before + 1n)
    assert.equal(await target.value({ blockTag: receipt.blockNumber - 1 }), before)
    assert.equal(BigInt(await http.getStorage(await target.getAddress(), 0)), before + 1n)
    const log = target.interface.parseLog(receipt.logs[0])
    assert.deepEqual([...log.args], [await rich.getAddress(), before + 1n, LABEL, 'x'])
})

check('writes over a WebSocket', async () => {
    const target = (await contract()).connect(ethers.HDNodeWallet.fromPhrase(WORDS, '', "m/44'/60'/0'/0/5").connect(socket))
    const receipt = await mined(target.set(12n, LABEL, 'socket'))
    assert.equal(receipt.status, 1)
    assert.equal(await target.value(), 12n)
})

check('decodes a reason', async () => {
    const target = await contract()
    for (const ask of [target.withReason.staticCall('too late'), target.withReason.estimateGas('too late'), target.withReason('too late')]) {
        const error = await refused(ask)
        assert.equal(error.code, 'CALL_EXCEPTION')
        assert.equal(error.reason, 'too late')
    }
    rich.reset()
})

check('decodes a custom error', async () => {
    const error = await refused((await contract()).withError.staticCall(9n))
    assert.equal(error.revert.name, 'TooMuch')
    assert.deepEqual([...error.revert.args], [9n, 7n])
    assert.equal((await refused((await contract()).withError.estimateGas(9n))).data, error.data)
})

check('decodes a panic', async () => {
    const error = await refused((await contract()).withPanic.staticCall(1n))
    assert.equal(error.revert.name, 'Panic')
    assert.equal(Number(error.revert.args[0]), 0x11)
})

check('tells a bare revert', async () => {
    const error = await refused((await contract()).withNothing.staticCall())
    assert.equal(error.code, 'CALL_EXCEPTION')
    assert.equal(error.data, '0x')
})

check('gets the receipt of a transaction that reverted', async () => {
    const sent = await (await contract()).withReason('sent all the same', { gasLimit: 100_000n })
    const error = await refused(sent.wait(1, 8_000))
    assert.equal(error.code, 'CALL_EXCEPTION')
    assert.equal(error.receipt.status, 0)
    const reason = await refused(http.call({ to: sent.to, data: sent.data, from: sent.from }))
    assert.equal(reason.reason, 'sent all the same')
})

check('makes an access list', async () => {
    const target = await contract()
    const transaction = await target.set.populateTransaction(3n, LABEL, 'list')
    const from = await rich.getAddress()
    const made = await http.send('eth_createAccessList', [{ from, to: transaction.to, data: transaction.data }, 'latest'])
    const receipt = await send({ ...transaction, accessList: made.accessList, gasLimit: 200_000n })
    assert.equal(receipt.status, 1)
    assert.ok(made.accessList.some((entry) => ethers.getAddress(entry.address) === transaction.to && entry.storageKeys.length === 1))
})

// -- logs and events -------------------------------------------------------------------------------

check('queries events by topics and range', async () => {
    const target = await contract()
    const receipt = await mined(target.set(7070n, LABEL, 'wanted'))
    await mined(target.set(7071n, LABEL, 'other'))
    const found = await target.queryFilter(target.filters.Changed(null, 7070n), 0, 'latest')
    assert.deepEqual(found.map((event) => event.args.note), ['wanted'])
    assert.equal(found[0].transactionHash, receipt.hash)
    assert.equal((await target.queryFilter(target.filters.Changed(null, [7070n, 7071n]))).length, 2)
    const logs = await http.getLogs({ blockHash: receipt.blockHash })
    assert.equal(logs.length, receipt.logs.length)
    await refused(http.getLogs({ blockHash: ethers.zeroPadValue('0x01', 32) }))
})

check('listens to events by polling', async () => {
    const target = await contract()
    const { items } = await arriving(
        1,
        async (push) => {
            await target.on('Changed', (...args) => push(args))
            await pause(400)
            return () => target.removeAllListeners()
        },
        () => mined(target.set(8080n, LABEL, 'polled')),
    )
    assert.equal(items[0][3], 'polled')
})

check('listens to blocks over a WebSocket', async () => {
    const { items, caused } = await arriving(
        2,
        async (push) => {
            await socket.on('block', push)
            await pause(200)
            return () => socket.off('block')
        },
        async () => [(await send({ to: stranger().address })).blockNumber, (await send({ to: stranger().address })).blockNumber],
    )
    assert.deepEqual(items, caused)
})

check('listens to one kind of event over a WebSocket', async () => {
    const target = (await contract()).connect(socket)
    const { items } = await arriving(
        1,
        async (push) => {
            await target.on(target.filters.Changed(null, 555n), push)
            await pause(200)
            return () => target.removeAllListeners()
        },
        async () => {
            await mined((await contract()).set(554n, LABEL, 'not this'))
            await mined((await contract()).set(555n, LABEL, 'this'))
        },
    )
    assert.deepEqual(items.map((event) => event.args.note), ['this'])
})

check('listens to waiting transactions over a WebSocket', async () => {
    const { items, caused } = await arriving(
        1,
        async (push) => {
            await socket.on('pending', push)
            await pause(200)
            return () => socket.off('pending')
        },
        () => send({ to: stranger().address }),
    )
    assert.equal(items[0], caused.hash)
})

// -- the rest --------------------------------------------------------------------------------------

check('batches what is asked at once', async () => {
    const answers = await Promise.all([...Array(30).keys()].map((number) => http.getBalance(ethers.toBeHex(number + 1, 20))))
    assert.equal(answers.length, 30)
    const block = await http.getBlockNumber()
    const blocks = await Promise.all([...Array(block + 1).keys()].slice(-20).map((number) => http.getBlock(number)))
    blocks.slice(1).forEach((one, at) => assert.equal(one.parentHash, blocks[at].hash))
})

check('recomputes the address of a contract', async () => {
    const nonce = await http.getTransactionCount(await rich.getAddress())
    const made = await (await new ethers.ContractFactory(abi, bytecode, rich).deploy(1n)).waitForDeployment()
    assert.equal(await made.getAddress(), ethers.getCreateAddress({ from: await rich.getAddress(), nonce }))
})

check('goes back to a snapshot', async () => {
    const snapshot = await http.send('evm_snapshot', [])
    const receiver = stranger().address
    await send({ to: receiver, value: 1n })
    assert.equal(await http.send('evm_revert', [snapshot]), true)
    rich.reset()
    assert.equal(await http.getBalance(receiver), 0n)
    await send({ to: receiver, value: 2n })
    assert.equal(await http.getBalance(receiver), 2n)
})

await runChecks(async () => {
    await socket.destroy()
    http.destroy()
})
