#!/usr/bin/env bash
# Runs the independent verifier of coin chains, tests/python/coin_verifier, with the packages that it names.
#
#     bash tests/coin_verifier.sh GENESIS.json CHAIN.bin [--each] [--single [--jobs N]]
#     bash tests/coin_verifier.sh --test      its own tests
#     bash tests/coin_verifier.sh --python …  its Python, with the package on the path
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
package=$root/tests/python/coin_verifier
venv=$root/target/coin_verifier
mkdir -p "$root/target"
# Two may ask at once; whoever comes second waits.
exec 9>"$venv.lock"
flock 9
if ! cmp -s "$package/requirements.txt" "$venv/installed"; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --requirement "$package/requirements.txt" >&2
    cp "$package/requirements.txt" "$venv/installed"
fi
exec 9>&-
export PYTHONPATH=$root/tests/python PYTHONDONTWRITEBYTECODE=1
case ${1-} in
--test) shift && exec "$venv/bin/python" -m pytest -q -p no:cacheprovider "$package/tests" "$@" ;;
--python) shift && exec "$venv/bin/python" "$@" ;;
*) exec "$venv/bin/python" -m coin_verifier "$@" ;;
esac
