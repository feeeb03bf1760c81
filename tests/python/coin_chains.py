"""Chains that the node's tests made, verified a second time in Python: the tip, its work, the state and what was destroyed must be the same.

    python3 tests/python/coin_chains.py FOLDER [--most N]

FOLDER holds genesis.json, chain files NAME.bin and, beside each, NAME.json with what the node says.
"""

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def difference(genesis: Path, chain: Path) -> str | None:
    command = ["bash", ROOT / "tests" / "coin_verifier.sh", genesis, chain]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return f"{chain.name}: {done.stdout}{done.stderr}"
    report, node = json.loads(done.stdout), json.loads(chain.with_suffix(".json").read_text())
    python = {"tip": report["tip"], "work": report["work"], "state_root": report["state_root"], "destroyed": report["supply"]["destroyed"]}
    return None if python == node else f"{chain.name}: python {python}, node {node}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=40)
    given = parser.parse_args()
    chains = sorted(given.folder.glob("*.bin"))[: given.most]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda chain: difference(given.folder / "genesis.json", chain), chains))
    differences = [text for text in found if text]
    print("\n".join(differences[:10]))
    print(f"{len(chains)} chains verified in Python, {len(differences)} judged differently")
    return 1 if differences or not chains else 0


if __name__ == "__main__":
    sys.exit(main())
