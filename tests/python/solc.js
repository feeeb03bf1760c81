#!/usr/bin/env node
// solc's command line, as far as slither and `bcoin contract verify` use it, over npm's solc in SOLC_FOLDER.
"use strict";
const fs = require("fs");
const path = require("path");
const solc = require(path.join(process.env.SOLC_FOLDER, "node_modules", "solc"));
const argv = process.argv.slice(2);
if (argv.includes("--version")) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version().replace(".Emscripten.clang", ".Linux.g++")}`);
  process.exit(0);
}
if (argv.includes("--standard-json")) {
  process.stdout.write(solc.compile(fs.readFileSync(0, "utf8")));
  process.exit(0);
}
const file = argv.find((a) => a.endsWith(".sol"));
const input = {
  language: "Solidity",
  sources: { [file]: { content: fs.readFileSync(file, "utf8") } },
  settings: { outputSelection: { "*": { "*": ["abi", "evm.bytecode", "evm.deployedBytecode", "evm.methodIdentifiers", "userdoc", "devdoc"], "": ["ast"] } } },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
for (const e of output.errors || []) console.error(e.formattedMessage);
if ((output.errors || []).some((e) => e.severity === "error")) process.exit(1);
const contracts = {};
for (const [source, all] of Object.entries(output.contracts))
  for (const [name, c] of Object.entries(all))
    contracts[`${source}:${name}`] = {
      abi: c.abi, bin: c.evm.bytecode.object, "bin-runtime": c.evm.deployedBytecode.object,
      srcmap: c.evm.bytecode.sourceMap, "srcmap-runtime": c.evm.deployedBytecode.sourceMap,
      hashes: c.evm.methodIdentifiers, userdoc: c.userdoc, devdoc: c.devdoc,
    };
const sources = {};
for (const [name, s] of Object.entries(output.sources)) sources[name] = { AST: s.ast };
process.stdout.write(JSON.stringify({ contracts, sources, sourceList: Object.keys(output.sources), version: solc.version() }));
