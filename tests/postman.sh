#!/usr/bin/env bash
# Runs the Postman collections, each against a fresh network of three nodes, as a learner's Postman does.
#
#     bash tests/postman.sh BCOIN NEWMAN
set -eu
bcoin=$1 newman=$2
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
base=$(python3 - <<'P'
# Three free ports in a row.
import random, socket
while True:
    base = random.randrange(20000, 60000)
    try:
        sockets = [socket.create_server(("127.0.0.1", base + n)) for n in range(3)]
    except OSError:
        continue
    print(base)
    break
P
)
variables=()
for n in 0 1 2; do variables+=(--env-var "base$((n + 1))=http://127.0.0.1:$((base + n))"); done
trap 'kill $running 2>/dev/null || true; wait $running 2>/dev/null || true; rm -rf "$folder"' EXIT
for network in classic dev; do
    (cd "$folder" && exec "$bcoin" up --network $network --base-port "$base" --data-dir "$folder/data" >"$folder/log" 2>&1) &
    running=$!
    for _ in $(seq 100); do
        curl -sf "http://127.0.0.1:$((base + 2))/readyz" >/dev/null && break
        kill -0 $running 2>/dev/null || { cat "$folder/log"; exit 1; }
        sleep 0.1
    done
    collection=b-coin
    [ $network = classic ] || collection=b-coin-$network
    # Twice, since it may be run again.
    for _ in 1 2; do
        "$newman" run postman/$collection.postman_collection.json --environment postman/b-coin.postman_environment.json \
            "${variables[@]}" --disable-unicode --color off --timeout-request 20000 --timeout 120000
    done
    kill $running
    wait $running || true
done
