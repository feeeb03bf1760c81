#!/usr/bin/env bash
# Checks a whole chain without any of B-Coin's code: saves it as a file of one block a line, and holds each block's hash, as
# sha256sum computes it, against the previous_hash that the next block names.
#
#   bash examples/check_with_sha256sum.sh                  the node on port 1001
#   bash examples/check_with_sha256sum.sh http://…:1002    another node
#   bash examples/check_with_sha256sum.sh chain.txt        a file of one block a line, as `bcoin export` writes it
#
# Needs curl, sed, grep and sha256sum (or `shasum`, as macOS has). What it does not check: proofs, and members' types.
set -euo pipefail

source="${1:-http://127.0.0.1:${BASE:-1001}}"
sha256() { if command -v sha256sum > /dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1; }

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
if [ -f "$source" ]; then
    cp "$source" "$folder/chain.txt"
else
    # A block goes out as the very text that is hashed. So does each line of an export; here curl and tr make one.
    tip="$(curl -sSf --noproxy '*' "$source/v1/node" | grep -o '"height":[0-9]*' | grep -o '[0-9]*')"
    height=1
    while [ "$height" -le "$tip" ]; do
        curl -sSf --noproxy '*' "$source/v1/blocks/$height/text"
        printf '\n'
        height=$((height + 1))
    done > "$folder/chain.txt"
fi

height=0
hash=0
while IFS= read -r block; do
    height=$((height + 1))
    # The member that the block itself has, not one that some transaction has: it stands behind "index", before "proof".
    named="$(printf '%s' "$block" | sed -E 's/^\{"index": [0-9]+, "previous_hash": "([^"]*)", "proof".*/\1/')"
    if [ "$named" != "$hash" ]; then
        printf 'block %d names %s as its parent, whose hash is %s\n' "$height" "$named" "$hash" >&2
        exit 1
    fi
    hash="$(printf '%s' "$block" | sha256)"
done < "$folder/chain.txt"
if [ "$height" -eq 0 ]; then
    printf 'there is no block in %s\n' "$source" >&2
    exit 1
fi
printf '%d blocks, each names the hash of the one before it; the last one'"'"'s is %s\n' "$height" "$hash"
