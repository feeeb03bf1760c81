#!/usr/bin/env bash
# The book's chapter, step by step, against three running nodes. Explains each step, and ends with an error where an answer is
# not what the chapter says.
#
#   cargo run --release -- up --fresh      in one terminal
#   bash examples/chapter.sh               in another
#
# BASE is the first node's port (1001 if not given), the others follow. Needs curl and python3 (to read JSON).
set -euo pipefail

base="${BASE:-1001}"
first="http://127.0.0.1:$base"
second="http://127.0.0.1:$((base + 1))"
third="http://127.0.0.1:$((base + 2))"

say() { printf '\n%s\n' "$*"; }

# Shows a curl line and its answer, and keeps the answer in $answer.
ask() {
    printf '$ curl'
    printf ' %q' "$@"
    printf '\n'
    answer="$(curl --silent --show-error --noproxy '*' "$@")"
    printf '%s\n' "$answer"
}

# What a Python expression makes of the answer `a`.
read_answer() { python3 -c 'import json, sys; a = json.loads(sys.argv[1]); print(eval(sys.argv[2]))' "$answer" "$1"; }

# expect WHAT EXPRESSION VALUE
expect() {
    local found
    found="$(read_answer "$2")"
    if [ "$found" != "$3" ]; then
        printf 'NOT AS THE CHAPTER SAYS: %s\n  expected: %s\n  found:    %s\n' "$1" "$3" "$found" >&2
        exit 1
    fi
}

message() { expect "the message" 'a["message"]' "$1"; }

nodes="{\"nodes\": [\"$first\", \"$second\", \"$third\"]}"

say "1. Each node has a chain of its own, which begins with a block that nothing precedes."
ask "$first/get_chain"
expect "what the first block names as its parent" 'a["chain"][0]["previous_hash"]' 0
expect "the first block's proof" 'a["chain"][0]["proof"]' 1
expect "length" 'a["length"] == len(a["chain"])' True
start="$(read_answer 'a["length"]')"

say "2. The nodes are told of each other. Each leaves itself out."
for node in "$first" "$second" "$third"; do
    ask -d "$nodes" "$node/connect_node"
    message "All of the nodes are now linked together. The node has now been added to the Bcoin blockchain."
done
expect "whom the third node knows" "'127.0.0.1:$base' in a['total_nodes']" True

say "3. A transaction waits for the next block: the book's, which is empty, and one that is not."
ask -d '{"sender": "", "receiver": "", "amount": ""}' "$first/add_transaction"
message "This transaction will be added to the Block $((start + 1))"
ask -d '{"sender": "alice", "receiver": "bob", "amount": 5}' "$first/add_transaction"
message "This transaction will be added to the Block $((start + 1))"

say "4. A request without a receiver is refused."
ask -d '{"sender": "alice", "amount": 5}' "$first/add_transaction"
expect "status" 'a["status"]' 400
expect "the book's sentence" 'a["detail"].startswith("Some transactional components are missing.")' True

say "5. Mining takes what waits, and adds the miner's reward."
ask "$first/mine_block"
message "Congrats, you just mined a block!"
expect "the block's index" 'a["index"]' "$((start + 1))"
expect "the last two transactions" '[t["sender"] for t in a["transactions"][-3:-1]]' "['', 'alice']"
expect "the reward" 'a["transactions"][-1]["amount"]' 1
previous_hash="$(read_answer 'a["previous_hash"]')"

say "6. The new block names its parent by hash: the SHA-256 of the parent's text, members in alphabetical order."
ask "$first/get_chain"
computed="$(python3 -c '
import hashlib, json, sys
parent = json.loads(sys.argv[1])["chain"][-2]
print(hashlib.sha256(json.dumps(parent, sort_keys=True).encode()).hexdigest())' "$answer")"
printf 'computed here:     %s\nnamed by the block: %s\n' "$computed" "$previous_hash"
if [ "$computed" != "$previous_hash" ]; then
    printf 'NOT AS THE CHAPTER SAYS: the block names another parent\n' >&2
    exit 1
fi

say "7. The chain obeys every rule."
ask "$first/is_valid"
message "Everything is fine. The Blockchain is correct."

say "8. One more block, so that the first node is ahead. The others take its chain, since it is longer than theirs."
ask "$first/mine_block"
ask "$first/get_chain"
chain="$(read_answer 'json.dumps(a["chain"])')"
for node in "$second" "$third"; do
    ask "$node/replace_chain"
    message "Because the nodes are different, the longest chain is used to replace the chain.."
    expect "the new chain is the first node's" 'json.dumps(a["new_chain"]) == '"$(python3 -c 'import sys; print(repr(sys.argv[1]))' "$chain")" True
done

say "9. Asked again, they keep it: nobody has a longer one."
for node in "$first" "$second" "$third"; do
    ask "$node/replace_chain"
    message "Everything seems to be fine. It is the most extensive chain."
    ask "$node/is_valid"
    message "Everything is fine. The Blockchain is correct."
done

say "All answers are what the chapter says."
