// Compiles Probe.sol into Probe.json; with --check says whether Probe.json is what the source gives.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { library } from '../libraries.mjs'

const solc = library('solc')
const place = (name) => new URL(name, import.meta.url)
const source = readFileSync(place('Probe.sol'), 'utf8')
const settings = { evmVersion: 'osaka', optimizer: { enabled: true, runs: 200 }, metadata: { bytecodeHash: 'none' } }
const compiled = JSON.parse(
    solc.compile(
        JSON.stringify({
            language: 'Solidity',
            sources: { 'Probe.sol': { content: source } },
            settings: { ...settings, outputSelection: { '*': { Probe: ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } } },
        }),
    ),
)
for (const { formattedMessage } of compiled.errors ?? []) console.error(formattedMessage)
const { abi, evm } = compiled.contracts['Probe.sol'].Probe
const artifact = {
    name: 'Probe',
    language: 'Solidity',
    compiler: solc.version(),
    settings,
    source_sha256: createHash('sha256').update(source).digest('hex'),
    abi,
    bytecode: `0x${evm.bytecode.object}`,
    deployed_bytecode: `0x${evm.deployedBytecode.object}`,
}
if (process.argv.includes('--check')) {
    assert.deepEqual(JSON.parse(readFileSync(place('Probe.json'), 'utf8')), artifact)
    console.log('Probe.json is what the compiler makes of Probe.sol')
} else {
    writeFileSync(place('Probe.json'), `${JSON.stringify(artifact)}\n`)
}
