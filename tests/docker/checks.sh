# What tests/compose.sh counts with, waits with and asks the nodes with. Sourced; `set -u` holds, `set -e` does not.

passed=0
failed=0

# check WHAT COMMAND…: runs the command, counts it, and shows what it printed when it fails.
check() {
    local what=$1 output
    shift
    if output=$("$@" 2>&1); then
        passed=$((passed + 1))
        echo "ok $what"
    else
        failed=$((failed + 1))
        echo "NOT OK $what"
        [ -z "$output" ] || printf '%s\n' "$output" | tail -c 2000 | sed 's/^/    /'
    fi
}

# is WHAT EXPECTED FOUND
is() {
    check "$1" same "$2" "$3"
}

same() {
    [ "$1" = "$2" ] || { printf 'expected: %s\nfound:    %s\n' "$1" "$2"; return 1; }
}

# wait_for SECONDS COMMAND…: until it succeeds, or false when the time is over.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.2
    done
}

# phase NAME: says how long the one before it took.
phase_name=
phase_start=0
phase() {
    [ -z "$phase_name" ] || echo "-- $phase_name: $((SECONDS - phase_start)) s"
    phase_name=$1
    phase_start=$SECONDS
    [ -z "$phase_name" ] || echo "== $phase_name"
}

# ask PORT PATH [curl's arguments]: what a reader's curl prints.
ask() {
    local port=$1 path=$2
    shift 2
    curl --silent --show-error --max-time 20 "$@" "http://127.0.0.1:$port$path"
}

# status PORT PATH [curl's arguments]: the status code alone.
status() {
    local port=$1 path=$2
    shift 2
    curl --silent --max-time 20 --output /dev/null --write-out '%{http_code}' "$@" "http://127.0.0.1:$port$path"
}

# A chain as JSON, in one spelling.
chain_of() { ask "$1" /get_chain | jq --sort-keys --compact-output .chain; }

length_of() { ask "$1" /get_chain | jq .length; }

healthy() {
    [ "$(docker inspect --format '{{.State.Health.Status}}' "$1")" = healthy ]
}

pid_of() { docker inspect --format '{{.State.Pid}}' "$1"; }
