"""Makes the virtual environment that book_node.py runs in, under target/, once for each requirements.txt.

    flask_home.py        prints the path of its Python
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def python():
    """The Python of the environment, which is made when it is missing or requirements.txt has changed."""
    wanted = (HERE / "requirements.txt").read_bytes()
    mark = hashlib.sha256(wanted + sys.version.encode()).hexdigest()
    home = ROOT / "target" / "python-venv"
    made = home / "made-for"
    interpreter = home / "bin" / "python"
    if interpreter.exists() and made.exists() and made.read_text() == mark:
        return str(interpreter)
    shutil.rmtree(home, ignore_errors=True)
    print(f"making {home.relative_to(ROOT)} (Flask, for the Python nodes)", file=sys.stderr)
    try:
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, stdout=sys.stderr)
    except subprocess.CalledProcessError:
        raise SystemExit("python3 -m venv failed: on Debian, install the package python3-venv")
    subprocess.run(
        [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--requirement", str(HERE / "requirements.txt")],
        check=True,
        stdout=sys.stderr,
    )
    made.write_text(mark)
    return str(interpreter)


if __name__ == "__main__":
    print(python())
