#!/usr/bin/env bash
# Holds a node to its own OpenAPI document: schemathesis asks what the document allows and what it does not.
#
#     bash tests/openapi.sh BCOIN EXAMPLES_A_ROUTE
#
# Once for each protocol.
set -eu
bcoin=$1 examples=$2
cd "$(dirname "$0")/.."
venv=target/schemathesis
if [ ! -x $venv/bin/schemathesis ]; then
    python3 -m venv $venv
    $venv/bin/pip install --quiet "schemathesis>=4,<5"
fi
folder=$(mktemp -d)
trap 'kill $node 2>/dev/null || true; wait $node 2>/dev/null || true; rm -rf "$folder"' EXIT
for network in classic dev; do
    "$bcoin" node --network $network --port 0 --data-dir "$folder/$network" >"$folder/log" 2>&1 &
    node=$!
    url=
    for _ in $(seq 100); do
        address=$(sed -n 's/.*address=\([0-9.:]*\).*/\1/p' "$folder/log" | head -1)
        [ -z "$address" ] || { url=http://$address; curl -sf "$url/readyz" >/dev/null && break; }
        kill -0 $node 2>/dev/null || { cat "$folder/log"; exit 1; }
        sleep 0.1
    done
    curl -sf "$url/mine_block" >/dev/null
    # The file says what is left out, and why.
    timeout 900 $venv/bin/schemathesis --config-file tests/schemathesis.toml --no-color run "$url/openapi.json" --checks all \
        --max-examples "$examples" --request-timeout 20 --generation-deterministic
    kill $node
    wait $node || true
done
