// Compiles one Solidity file with the compiler that npm installed into a folder, and prints the compiler's answer as JSON:
//     node compile_solidity.js FOLDER FILE.sol EVM_VERSION
"use strict";
const fs = require("fs");
const path = require("path");

const [folder, file, evmVersion] = process.argv.slice(2);
const solc = require(path.join(path.resolve(folder), "node_modules", "solc"));
// Without its folder: the compiler hashes the name into the bytecode, and folders differ from machine to machine.
const name = path.basename(file);
const settings = { evmVersion, optimizer: { enabled: true, runs: 200 } };
const wanted = ["abi", "evm.bytecode.object", "evm.deployedBytecode", "storageLayout"];
const input = {
  language: "Solidity",
  sources: { [name]: { content: fs.readFileSync(file, "utf8") } },
  settings: { ...settings, outputSelection: { "*": { "*": wanted } } },
};
const { errors = [], contracts = {} } = JSON.parse(solc.compile(JSON.stringify(input)));
process.stdout.write(JSON.stringify({ version: solc.version(), settings, errors, contracts: contracts[name] }));
