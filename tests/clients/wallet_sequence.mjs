// The calls of a browser wallet, one after the other, and what pages may ask: node wallet_sequence.mjs http://127.0.0.1:PORT/rpc [WORD]
//
// The wallet's extension asks with its own origin, as browsers send it. Adding a network is the wallet's own affair: what it asks
// then is the chain id, by which it compares what the user typed.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { check, pause, refused, runChecks } from './checks.mjs'
import { library, probe, urls, WORDS } from './libraries.mjs'

const viem = library('viem')
const { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } = library('viem/accounts')
const { http } = urls()
const { abi, bytecode } = probe()
const EXTENSION = 'chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn'
const REMIX = 'https://remix.ethereum.org'
const FOREIGN = 'https://example.com'
const MULTICALL = '0xcA11bde05977b3631167028862bE2a173976CA11'
const rich = mnemonicToAccount(WORDS)
const quantity = /^0x(0|[1-9a-f][0-9a-f]*)$/

function ask(method, body, headers = {}) {
    return new Promise((done, fail) => {
        const sent = request(http, { method, headers, agent: false }, (answer) => {
            const parts = []
            answer.on('data', (part) => parts.push(part))
            answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(parts).toString() }))
        })
        sent.on('upgrade', (answer, socket) => {
            socket.destroy()
            done({ status: answer.statusCode, headers: answer.headers, text: '' })
        })
        sent.on('error', fail)
        sent.end(body)
    })
}

let number = 0
const post = (origin, body) =>
    ask('POST', JSON.stringify(body), {
        'content-type': 'application/json',
        ...(origin ? { origin, 'user-agent': 'Mozilla/5.0 (X11; Linux x64) Chrome/141.0', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' } : {}),
    })
const call = (method, ...params) => ({ jsonrpc: '2.0', id: (number += 1), method, params })

// What a call of the wallet answers; an error of the node is raised.
async function wallet(method, ...params) {
    const { status, headers, text } = await post(EXTENSION, call(method, ...params))
    assert.equal(status, 200, text)
    assert.ok([EXTENSION, '*'].includes(headers['access-control-allow-origin']), 'the answer may be read')
    const answer = JSON.parse(text)
    assert.equal(answer.id, number)
    if (answer.error) throw new Error(`${method}: ${answer.error.code} ${answer.error.message}`)
    return answer.result
}

const preflight = (origin) =>
    ask('OPTIONS', undefined, { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' })
const taken = ({ status, headers }, origin) => status < 300 && ['*', origin].includes(headers['access-control-allow-origin'])
const upgrade = (origin) =>
    ask('GET', undefined, {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AQIDBAUGBwgJCgsMDQ4PEA==',
        ...(origin ? { origin } : {}),
    })

// -- connecting ------------------------------------------------------------------------------------

check('the browser asks whether the extension may ask', async () => {
    const answer = await preflight(EXTENSION)
    assert.ok(taken(answer, EXTENSION), `${answer.status} ${JSON.stringify(answer.headers)}`)
    assert.match(answer.headers['access-control-allow-methods'] ?? 'POST', /POST|\*/)
    assert.match(answer.headers['access-control-allow-headers'] ?? '', /content-type|\*/i)
})

check('adding a network: the chain id is what the user typed', async () => {
    const id = await wallet('eth_chainId')
    assert.match(id, quantity)
    assert.equal(await wallet('net_version'), String(BigInt(id)))
})

check('the network is looked at: block, client, fees', async () => {
    assert.match(await wallet('eth_blockNumber'), quantity)
    const block = await wallet('eth_getBlockByNumber', 'latest', false)
    for (const name of ['number', 'gasLimit', 'gasUsed', 'timestamp', 'baseFeePerGas', 'difficulty', 'size']) assert.match(block[name], quantity, name)
    for (const name of ['hash', 'parentHash', 'stateRoot', 'mixHash', 'sha3Uncles']) assert.match(block[name], /^0x[0-9a-f]{64}$/, name)
    assert.match(block.nonce, /^0x[0-9a-f]{16}$/)
    assert.match(await wallet('eth_gasPrice'), quantity)
    assert.equal(await wallet('eth_syncing'), false)
})

check('the accounts are shown with their coins', async () => {
    const balances = []
    for (const index of [0, 1, 2]) balances.push(await wallet('eth_getBalance', mnemonicToAccount(WORDS, { addressIndex: index }).address, 'latest'))
    for (const balance of balances) assert.match(balance, quantity)
    assert.ok(BigInt(balances[0]) > 10n ** 18n)
    assert.equal(await wallet('eth_getBalance', privateKeyToAccount(generatePrivateKey()).address, 'latest'), '0x0')
})

// -- sending ---------------------------------------------------------------------------------------

async function watched(hash) {
    for (let turn = 0; turn < 50; turn += 1) {
        assert.match(await wallet('eth_blockNumber'), quantity)
        const receipt = await wallet('eth_getTransactionReceipt', hash)
        if (receipt) return receipt
        await pause(100)
    }
    throw new Error('no receipt within 5 s')
}

async function fees() {
    const history = await wallet('eth_feeHistory', '0x5', 'latest', [10, 50, 95])
    assert.ok(history.baseFeePerGas.length === history.gasUsedRatio.length + 1)
    const base = BigInt(history.baseFeePerGas.at(-1))
    const suggested = BigInt(await wallet('eth_maxPriorityFeePerGas'))
    return { maxFeePerGas: 2n * base + suggested, maxPriorityFeePerGas: suggested }
}

async function sent(transaction) {
    const from = rich.address
    const plain = { from, ...transaction, value: viem.toHex(transaction.value ?? 0n) }
    if (transaction.to) assert.match(await wallet('eth_getCode', transaction.to, 'latest'), /^0x/)
    const gas = BigInt(await wallet('eth_estimateGas', plain))
    const nonce = Number(await wallet('eth_getTransactionCount', from, 'pending'))
    const chainId = Number(await wallet('eth_chainId'))
    const signed = await rich.signTransaction({ type: 'eip1559', chainId, nonce, gas: (gas * 3n) / 2n, ...(await fees()), ...transaction })
    const hash = await wallet('eth_sendRawTransaction', signed)
    assert.equal(hash, viem.keccak256(signed))
    const shown = await wallet('eth_getTransactionByHash', hash)
    assert.equal(shown.from.toLowerCase(), from.toLowerCase())
    return watched(hash)
}

check('coins are sent, watched, and arrive', async () => {
    const to = privateKeyToAccount(generatePrivateKey()).address
    const receipt = await sent({ to, value: 10n ** 18n })
    assert.equal(receipt.status, '0x1')
    for (const name of ['blockNumber', 'cumulativeGasUsed', 'effectiveGasPrice', 'gasUsed', 'transactionIndex', 'type']) assert.match(receipt[name], quantity, name)
    assert.equal(await wallet('eth_getBalance', to, 'latest'), viem.toHex(10n ** 18n))
    const block = await wallet('eth_getBlockByHash', receipt.blockHash, false)
    assert.equal(block.transactions[Number(receipt.transactionIndex)], receipt.transactionHash)
})

check('the wallet asks whether an address is a token', async () => {
    // decimals(), symbol() of an account without code, and supportsInterface of a contract that has none.
    assert.equal(await wallet('eth_call', { to: rich.address, data: '0x313ce567' }, 'latest'), '0x')
    const receipt = await sent({ data: viem.encodeDeployData({ abi, bytecode, args: [6n] }) })
    assert.match((await refused(wallet('eth_call', { to: receipt.contractAddress, data: `0x01ffc9a7${'80ac58cd'.padEnd(64, '0')}` }, 'latest'))).message, /^eth_call: 3 execution reverted/)
})

check('balances are read many at once', async () => {
    const batch = [0, 1, 2].map((index) => call('eth_getBalance', mnemonicToAccount(WORDS, { addressIndex: index }).address, 'latest'))
    const { text } = await post(EXTENSION, batch)
    assert.deepEqual(JSON.parse(text).map((one) => one.id), batch.map((one) => one.id))
    const answered = await wallet('eth_getCode', MULTICALL, 'latest')
    assert.ok(answered.length > 4, 'Multicall3 is there')
    const multicall = viem.parseAbi(['function getEthBalance(address) view returns (uint256)', 'function aggregate3((address target, bool allowFailure, bytes callData)[]) payable returns ((bool success, bytes returnData)[])'])
    const callData = viem.encodeFunctionData({ abi: multicall, functionName: 'getEthBalance', args: [rich.address] })
    const data = viem.encodeFunctionData({ abi: multicall, functionName: 'aggregate3', args: [[{ target: MULTICALL, allowFailure: true, callData }]] })
    const [{ success, returnData }] = viem.decodeFunctionResult({ abi: multicall, functionName: 'aggregate3', data: await wallet('eth_call', { to: MULTICALL, data }, 'latest') })
    assert.ok(success)
    assert.equal(BigInt(returnData), BigInt(await wallet('eth_getBalance', rich.address, 'latest')))
})

check('a contract of a page is called: estimate, send, logs', async () => {
    const { contractAddress: to } = await sent({ data: viem.encodeDeployData({ abi, bytecode, args: [6n] }) })
    const data = viem.encodeFunctionData({ abi, functionName: 'set', args: [7n, viem.zeroHash, 'by a page'] })
    const receipt = await sent({ to, data })
    assert.equal(receipt.logs.length, 1)
    assert.deepEqual(await wallet('eth_getLogs', { address: to, fromBlock: receipt.blockNumber, toBlock: 'latest' }), receipt.logs)
    const refuses = { from: rich.address, to, data: viem.encodeFunctionData({ abi, functionName: 'withReason', args: ['the sale is over'] }) }
    assert.match((await refused(wallet('eth_estimateGas', refuses))).message, /execution reverted: the sale is over/)
})

// -- who may ask -----------------------------------------------------------------------------------

const read = () => call('eth_blockNumber')
const uses = [
    ['eth_sendTransaction', { from: rich.address, to: rich.address, value: '0x1' }],
    ['eth_sign', rich.address, '0x00'],
    ['personal_sign', '0x00', rich.address],
    ['evm_mine'],
    ['anvil_mine', '0x1'],
    ['evm_increaseTime', 1],
    ['evm_snapshot'],
    ['anvil_impersonateAccount', rich.address],
]

async function isRefused(origin, body) {
    const { status, text, headers } = await post(origin, body)
    assert.equal(status, 403, `${body.method ?? 'a batch'} from ${origin} answered ${status} ${text.slice(0, 200)}`)
    assert.ok(!['*', origin].includes(headers['access-control-allow-origin']), 'the page could read the answer')
    const answer = JSON.parse(text)
    assert.equal(answer.jsonrpc, '2.0')
    assert.equal(typeof answer.error.code, 'number')
}

check('a program without origin may read', async () => {
    assert.equal((await post(undefined, read())).status, 200)
    assert.equal((await upgrade()).status, 101)
})

check('Remix may read and connect', async () => {
    const answer = await post(REMIX, read())
    assert.ok(taken(answer, REMIX))
    assert.match(JSON.parse(answer.text).result, quantity)
    assert.ok(taken(await preflight(REMIX), REMIX))
    assert.equal((await upgrade(REMIX)).status, 101)
})

check('the extension may connect by WebSocket', async () => assert.equal((await upgrade(EXTENSION)).status, 101))

check('a page of a foreign origin may not read', async () => isRefused(FOREIGN, read()))
check('nor a page of no origin, or of a name that begins like a known one', async () => {
    for (const origin of ['null', 'https://remix.ethereum.org.example.com', 'http://example.com', 'file://']) await isRefused(origin, read())
})
check('nor send what is signed, nor a batch', async () => {
    await isRefused(FOREIGN, call('eth_sendRawTransaction', '0x00'))
    await isRefused(FOREIGN, [read(), read()])
})
check('a page of a foreign origin may not connect by WebSocket', async () => assert.equal((await upgrade(FOREIGN)).status, 403))
check('a preflight from a foreign origin is answered without leave', async () => assert.ok(!taken(await preflight(FOREIGN), FOREIGN)))

for (const origin of [REMIX, EXTENSION]) {
    check(`what uses keys or changes the node is refused to pages: ${origin.split(':')[0]}`, async () => {
        for (const [method, ...params] of uses) {
            const before = JSON.parse((await post(undefined, read())).text).result
            for (const body of [call(method, ...params), [call(method, ...params)]]) {
                const { text } = await post(origin, body)
                const answer = [JSON.parse(text)].flat()[0]
                assert.ok(answer.error, `${method} from ${origin} answered ${text.slice(0, 200)}`)
                assert.notEqual(answer.error.code, -32601, `${method} is not there at all`)
            }
            assert.equal(JSON.parse((await post(undefined, read())).text).result, before, `${method} mined`)
        }
    })
}

check('the same is done for a program', async () => {
    for (const [method, ...params] of [['evm_mine'], ['evm_snapshot'], ['eth_sign', rich.address, '0x00']]) {
        const { text } = await post(undefined, call(method, ...params))
        assert.ok('result' in JSON.parse(text), `${method}: ${text}`)
    }
})

check('a form of a page, which browsers send without asking, is refused', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
        const before = JSON.parse((await post(undefined, read())).text).result
        const { status } = await ask('POST', JSON.stringify(call('evm_mine')), { 'content-type': type, origin: FOREIGN })
        assert.ok(status >= 400, `${type}: ${status}`)
        assert.equal(JSON.parse((await post(undefined, read())).text).result, before)
    }
})

await runChecks()
