"""Makes virtual environments under target/ for what tests take from PyPI, once for each list of requirements."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def python(name, requirements, purpose):
    """The Python of the environment `name`, made when it is missing or the file `requirements` has changed."""
    wanted = (HERE / requirements).read_bytes()
    mark = hashlib.sha256(wanted + sys.version.encode()).hexdigest()
    home = ROOT / "target" / name
    made = home / "made-for"
    interpreter = home / "bin" / "python"
    if interpreter.exists() and made.exists() and made.read_text() == mark:
        return str(interpreter)
    shutil.rmtree(home, ignore_errors=True)
    print(f"making {home.relative_to(ROOT)} ({purpose})", file=sys.stderr)
    try:
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, stdout=sys.stderr)
    except subprocess.CalledProcessError:
        raise SystemExit("python3 -m venv failed: on Debian, install the package python3-venv")
    subprocess.run(
        [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--requirement", str(HERE / requirements)],
        check=True,
        stdout=sys.stderr,
    )
    made.write_text(mark)
    return str(interpreter)
