# The three nodes of docker-compose.yml, driven from outside. Sourced by tests/compose.sh.

nodes="bcoin1 bcoin2 bcoin3"
port1=${BCOIN_PORT1:-1001} port2=${BCOIN_PORT2:-1002} port3=${BCOIN_PORT3:-1003}
mined='Congrats, you just mined a block!'
linked='All of the nodes are now linked together. The node has now been added to the Bcoin blockchain.'
replaced='Because the nodes are different, the longest chain is used to replace the chain..'

all_healthy() {
    local node
    for node in $nodes; do healthy "$node" || return 1; done
}
up() {
    if ! compose 120 up --detach --no-build >"$scratch/up.log" 2>&1; then
        cat "$scratch/up.log"
        return 1
    fi
    wait_for 90 all_healthy || { docker ps --all; return 1; }
}

phase "start"
check "three nodes start and become healthy" up
all_healthy || finish
for port in "$port1" "$port2" "$port3"; do
    is "the node on $port has a first block of its own" 1 "$(length_of "$port")"
done
check "the three first blocks differ" [ "$(for p in "$port1" "$port2" "$port3"; do chain_of "$p"; done | sort -u | wc -l)" = 3 ]

phase "confinement"
for node in $nodes; do
    status_file=/proc/$(pid_of "$node")/status
    is "$node runs as user 10001" "10001 10001 10001 10001" "$(awk '/^Uid/ { print $2, $3, $4, $5 }' "$status_file")"
    is "$node holds no capability, and can gain none" "0000000000000000 0000000000000000" \
        "$(awk '/^Cap(Eff|Bnd)/ { print $2 }' "$status_file" | xargs)"
    is "$node cannot gain rights by running something" 1 "$(awk '/^NoNewPrivs/ { print $2 }' "$status_file")"
done
inside=/proc/$(pid_of bcoin1)/root
read_only_root() {
    local said
    said=$(touch "$inside/probe" 2>&1) && { rm -f "$inside/probe"; echo "a file could be made in /"; return 1; }
    grep -q 'Read-only file system' <<<"$said" || { echo "$said"; return 1; }
}
check "even root cannot write outside the volume" read_only_root
is "the volume belongs to the node's user" 10001:10001 "$(stat --format %u:%g "$inside/data")"
is "the token is the node's own to read" "600 10001" "$(stat --format '%a %u' "$inside/data/token")"

phase "the book's calls from the desk"
for pair in 1:$port1 2:$port2 3:$port3; do
    answer=$(ask "${pair#*:}" /connect_node --header 'Content-Type: application/json' --data @docker/nodes.json)
    is "bcoin${pair%%:*} links the others by name" "$linked" "$(jq --raw-output .message <<<"$answer")"
    is "bcoin${pair%%:*} knows the two others" \
        "$(for n in 1 2 3; do [ "$n" = "${pair%%:*}" ] || echo "bcoin$n:100$n"; done | xargs)" \
        "$(jq --raw-output '.total_nodes | sort | .[]' <<<"$answer" | xargs)"
done
transaction='{"sender": "Bharathi", "receiver": "Meghna", "amount": 7}'
add_to() { ask "$1" /add_transaction --header 'Content-Type: application/json' --data "$transaction" | jq --raw-output .message; }
is "a transaction is taken" "This transaction will be added to the Block 2" "$(add_to "$port1")"
answer=$(ask "$port1" /mine_block)
is "a block is mined" "$mined" "$(jq --raw-output .message <<<"$answer")"
is "it holds the transaction and the reward, in this order" "Meghna Bharathi" \
    "$(jq --raw-output '.transactions[].receiver' <<<"$answer" | xargs)"
is "a second block is mined" 3 "$(ask "$port1" /mine_block | jq .index)"
for port in "$port2" "$port3"; do
    answer=$(ask "$port" /replace_chain)
    is "the node on $port takes the longer chain" "$replaced" "$(jq --raw-output .message <<<"$answer")"
    is "the node on $port names the peer it took it from" adopted \
        "$(jq --raw-output '.peers[] | select(.address == "bcoin1:1001") | .outcome' <<<"$answer")"
done
same_chains() {
    local first
    first=$(chain_of "$port1")
    same "$first" "$(chain_of "$port2")" && same "$first" "$(chain_of "$port3")" && [ "$(jq length <<<"$first")" = "$1" ]
}
check "the three chains are equal" same_chains 3
is "the miner on $port2 is Meghna" Meghna "$(ask "$port2" /mine_block | jq --raw-output '.transactions[-1].receiver')"
is "the miner on $port3 is Meghna" Meghna "$(ask "$port3" /mine_block | jq --raw-output '.transactions[-1].receiver')"
# A reader may send the book's own file. Inside a container its addresses lead nowhere, and that must do no harm.
is "the book's own nodes.json is taken" 201 \
    "$(status "$port1" /connect_node --data '{"nodes": ["http://127.0.0.1:1001", "http://127.0.0.1:1002", "http://127.0.0.1:1003"]}')"
is "addresses that lead nowhere do not stop a replacement" "$replaced" "$(ask "$port1" /replace_chain | jq --raw-output .message)"
check "commands inside a container ask its own node" docker exec bcoin2 /bcoin valid
is "the stored chain holds" "Everything is fine. The Blockchain is correct." "$(ask "$port1" /is_valid | jq --raw-output .message)"

phase "who may change a chain"
before=$(length_of "$port1")
mozilla='User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'
token=$(docker cp bcoin1:/data/token - | tar --extract --to-stdout)
check "a browser on the desk may not mine" grep -qxE '401|403' <<<"$(status "$port1" /mine_block --header "$mozilla")"
is "a page of another origin may not mine" 403 "$(status "$port1" /mine_block --header 'Origin: http://example.org')"
is "a name that is not this node's is not answered" 421 "$(status "$port1" /get_chain --header 'Host: example.org')"
# An address that this machine is given for a moment (one of those reserved for documentation), straight to the container:
# the engine rewrites the addresses of its own networks on the way, and this one it leaves.
stranger=198.51.100.77
ip address add "$stranger/32" dev lo 2>/dev/null
bcoin1=$(docker inspect bcoin1 --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}')
from_outside() { curl --silent --max-time 20 --interface "$stranger" --output /dev/null --write-out '%{http_code}' "http://$bcoin1:1001$1"; }
is "a stranger may read" 200 "$(from_outside /get_chain)"
check "a stranger may not mine" grep -qxE '401|403' <<<"$(from_outside /mine_block)"
ip address del "$stranger/32" dev lo
is "none of them changed the chain" "$before" "$(length_of "$port1")"
is "a browser that has the token may mine" 200 \
    "$(status "$port1" /mine_block --header "$mozilla" --header "Authorization: Bearer $token")"

phase "restart, kill and down"
kept=$(chain_of "$port2")
is "a transaction waits" "This transaction will be added to the Block 5" "$(add_to "$port2")"
check "a node restarts" compose 60 restart bcoin2
check "it is healthy again" wait_for 60 healthy bcoin2
is "its chain is still there" "$kept" "$(chain_of "$port2")"
is "what waited is in the next block" Meghna "$(ask "$port2" /mine_block | jq --raw-output '.transactions[0].receiver')"

# Mines until the node is gone, and prints the index of each block that was acknowledged.
mine_until_killed() {
    local index end=$((SECONDS + 60))
    while [ "$SECONDS" -lt "$end" ]; do
        index=$(ask "$port3" /mine_block 2>/dev/null | jq .index 2>/dev/null)
        [ -n "$index" ] || break
        echo "$index"
    done
}
killed=$(pid_of bcoin3)
mine_until_killed >"$scratch/acknowledged" &
miner=$!
check "blocks come one after another" wait_for 30 grep -qx 10 "$scratch/acknowledged"
kill -9 "$killed"
wait "$miner"
acknowledged=$(tail -n 1 "$scratch/acknowledged")
back() { [ "$(pid_of bcoin3)" != "$killed" ] && healthy bcoin3; }
check "a killed node starts again by itself" wait_for 60 back
check "every block that it acknowledged is there" [ "$(length_of "$port3")" -ge "${acknowledged:-none}" ]
is "its stored chain holds" "Everything is fine. The Blockchain is correct." "$(ask "$port3" /is_valid | jq --raw-output .message)"

for port in "$port1" "$port2"; do ask "$port" /replace_chain >/dev/null; done
total=$(length_of "$port3")
check "the others catch up" same_chains "$total"
check "the nodes stop when asked" compose 60 stop
for node in $nodes; do
    is "$node ended by itself, not by a kill" 0 "$(docker inspect --format '{{.State.ExitCode}}' "$node")"
done
check "containers and network go" compose 60 down
is "the volumes stay" 3 "$(docker volume ls --quiet --filter "label=com.docker.compose.project=$project" | grep -c 'chain[123]$')"
check "new containers start on them" up
check "the chains are still there" same_chains "$total"
