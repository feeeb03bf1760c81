#!/usr/bin/env python3
"""Compiles the contracts beside this file into their artifacts, NAME/NAME.json.

    build.py [NAME…]            writes them
    build.py --check [NAME…]    compares them byte by byte with what is here, and says what differs

An artifact holds what is needed to use a contract without a compiler: its ABI, the bytecode that creates it, the runtime code
(without the values of immutables), where its variables lie, and which compiler made it from which source, by SHA-256.
Whoever compiles the same source with the same compiler gets the same bytes: so nobody has to believe an artifact.

Vyper comes from PyPI and solc from npm, both into target/ and in exactly the versions named here and in
tests/python/contracts_requirements.txt. Needs Python 3 with venv, and npm.
"""

import difflib
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# The newest rules of the EVM that both compilers know. Nodes run osaka, which takes nothing of prague away.
EVM = "prague"
SOLC = "0.8.30"
SOLC_SHA256 = "3bb491a777f76dff9b2fe73ce29ca20e21a971b59a2f2cf8f73415424f00be06"  # of soljson.js, the compiler itself


def solc_folder():
    """Where the Solidity compiler is, installed there if need be, and the right one."""
    folder = ROOT / "target" / "solc"
    compiler = folder / "node_modules" / "solc" / "soljson.js"
    if not compiler.exists() or sha256(compiler.read_bytes()) != SOLC_SHA256:
        folder.mkdir(parents=True, exist_ok=True)
        print(f"installing solc {SOLC} into {folder.relative_to(ROOT)}", file=sys.stderr)
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", f"solc@{SOLC}"],
            cwd=folder, check=True, stdout=sys.stderr,
        )
    found = sha256(compiler.read_bytes())
    if found != SOLC_SHA256:
        raise SystemExit(f"soljson.js of solc {SOLC} should have the SHA-256 {SOLC_SHA256}, it has {found}")
    return folder


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def compile_solidity(source):
    script = HERE / "compile_solidity.js"
    result = subprocess.run(
        ["node", str(script), str(solc_folder()), str(source), EVM], stdout=subprocess.PIPE, check=True
    )
    output = json.loads(result.stdout)
    if output["errors"]:
        raise SystemExit("\n".join(error["formattedMessage"] for error in output["errors"]))
    [contract] = output["contracts"].values()
    deployed = contract["evm"]["deployedBytecode"]
    return {
        "language": "Solidity",
        "compiler": "solc " + output["version"].removesuffix(".Emscripten.clang"),
        "settings": output["settings"],
        "abi": contract["abi"],
        "bytecode": "0x" + contract["evm"]["bytecode"]["object"],
        "deployed_bytecode": "0x" + deployed["object"],
        # Where in the runtime code the values of immutables go, which are zeros here.
        "immutableReferences": deployed["immutableReferences"],
        "storage_layout": contract["storageLayout"],
    }


def compile_vyper(source):
    import vyper

    result = subprocess.run(
        [sys.executable, "-m", "vyper.cli.vyper_compile", "-f", "combined_json", "--evm-version", EVM,
         "--optimize", "gas", source.name],
        cwd=source.parent, stdout=subprocess.PIPE, check=True,
    )
    output = json.loads(result.stdout)[source.name]
    return {
        "language": "Vyper",
        "compiler": f"vyper {vyper.__long_version__}",
        "settings": {"evmVersion": EVM, "optimize": "gas"},
        "abi": output["abi"],
        "bytecode": output["bytecode"],
        "deployed_bytecode": output["bytecode_runtime"],
        "storage_layout": output["layout"],
    }


def artifact(source):
    """The text of a contract's artifact. One line for each function, so that a change shows as one."""
    compiled = {".sol": compile_solidity, ".vy": compile_vyper}[source.suffix](source)
    compiled = {"name": source.stem, **compiled}
    ordered = {name: compiled[name] for name in ["name", "language", "compiler", "settings"]}
    ordered["source_sha256"] = sha256(source.read_bytes())
    ordered |= compiled
    lines = []
    for name, value in ordered.items():
        if name == "abi":
            entries = ",\n".join("    " + json.dumps(entry) for entry in value)
            lines.append(f'  "abi": [\n{entries}\n  ]')
        else:
            lines.append(f"  {json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def differences(expected, found):
    """Which members differ, and how."""
    expected, found = json.loads(expected), json.loads(found)
    said = []
    for name in [*expected, *(name for name in found if name not in expected)]:
        ours, theirs = (json.dumps(side.get(name), indent=1) for side in (found, expected))
        if ours == theirs:
            continue
        if len(ours) + len(theirs) < 400:
            said.append(f"  {name}: is {ours}, should be {theirs}")
        elif name == "abi":
            changes = difflib.unified_diff(ours.splitlines(), theirs.splitlines(), "is", "should be", n=1, lineterm="")
            said += [f"  abi:", *("    " + line for line in changes)]
        else:
            same = len(os.path.commonprefix([ours, theirs]))
            said.append(f"  {name}: {len(ours)} characters, should be {len(theirs)}; the first {same} agree")
    return "\n".join(said) or "  the same values, written otherwise"


def main():
    arguments = sys.argv[1:]
    check = "--check" in arguments
    names = [name for name in arguments if name != "--check"]
    sources = sorted([*HERE.glob("*/*.sol"), *HERE.glob("*/*.vy")])
    known = {source.stem for source in sources}
    if any(name not in known for name in names):
        raise SystemExit(__doc__)
    failed = 0
    for source in sources:
        if names and source.stem not in names:
            continue
        path = source.with_suffix(".json")
        built = artifact(source)
        shown = path.relative_to(ROOT)
        if not check:
            path.write_text(built)
            print(f"wrote {shown}")
        elif not path.exists():
            failed += 1
            print(f"FAILED {shown} is missing: examples/contracts/build.py writes it")
        elif path.read_text() != built:
            failed += 1
            print(f"FAILED {shown} is not what {source.name} compiles to:\n{differences(built, path.read_text())}")
        else:
            print(f"{shown} is what {source.name} compiles to")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    try:
        import vyper  # noqa: F401  there in the environment made below
    except ImportError:
        sys.path.insert(0, str(ROOT / "tests" / "python"))
        import environment

        interpreter = environment.python("contracts", "contracts_requirements.txt", "the compiler of Vyper")
        os.execv(interpreter, [interpreter, __file__, *sys.argv[1:]])
    main()
