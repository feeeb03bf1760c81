"""Makes the project's state tests, and says whether those that are kept are the same.

bash tests/coin_verifier.sh --python -m state_tests make FOLDER
bash tests/coin_verifier.sh --python -m state_tests check FOLDER
"""

import json
import multiprocessing
import sys
from pathlib import Path

from .families import FAMILIES


def made(family) -> tuple[str, str, int]:
    """A family's name, its file, and how many cases are in it."""
    tests = {name: test.member() for name, test in family()}
    lines = ",\n".join(f"{json.dumps(name)}:{json.dumps(test, separators=(',', ':'))}" for name, test in tests.items())
    return family.__name__, "{\n" + lines + "\n}\n", sum(len(test["post"]["Osaka"]) for test in tests.values())


def main() -> None:
    if len(sys.argv) != 3 or sys.argv[1] not in ("make", "check"):
        sys.exit(__doc__)
    folder, wrong = Path(sys.argv[2]), []
    with multiprocessing.Pool() as pool:
        for name, file, cases in pool.imap(made, FAMILIES, chunksize=1):
            kept = folder / f"{name}.json"
            if sys.argv[1] == "make":
                folder.mkdir(parents=True, exist_ok=True)
                kept.write_text(file)
            elif not kept.exists() or kept.read_text() != file:
                wrong.append(name)
            print(f"{name}: {cases} cases, {len(file):,} bytes")
    if wrong:
        sys.exit(f"not what is kept: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
