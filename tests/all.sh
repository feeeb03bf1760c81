#!/usr/bin/env bash
# Runs every test of the project.
#
#     bash tests/all.sh            what CI runs; under half an hour on two cores
#     bash tests/all.sh --long     the same with the full counts of the soaks, some hours
#     bash tests/all.sh NAME…      only these steps (bash tests/all.sh --list names them)
#
# Needs Rust. What else a step needs is installed on Debian when root; otherwise the step is skipped and named at the end.
# With CI=true nothing may be skipped: what would be is a failure.
set -u
cd "$(dirname "$0")/.." || exit 1
export CARGO_TERM_COLOR=never

long=no
wanted=()
for argument in "$@"; do
    case $argument in
        --long) long=yes ;;
        --list) list=yes ;;
        -*) echo "usage: tests/all.sh [--long] [--list] [STEP…]" >&2; exit 2 ;;
        *) wanted+=("$argument") ;;
    esac
done

# How much of each soak: the short count, or the full one.
count() { [ "$long" = yes ] && echo "$2" || echo "$1"; }

steps=(format lint documentation unit release readme json_differential mixed_network mixed_auto wallet top coin_wallets coin_scenarios coin_verifier state_tests coin_mutants coin_attacks kill_loop coin_kill_loop endless_peers faults fuzz contracts contract_tools examples postman openapi rpc_clients rpc_schema rpc_fuzz foreign_pages explorer up_auto compose compose_network)
# Its advisories come from the network and its build takes minutes, so it is nobody's duty to have it.
command -v cargo-deny >/dev/null && steps+=(licences)
[ "$long" = no ] || steps+=(silent_sockets simulation)
if [ "${list:-no}" = yes ]; then printf '%s\n' "${steps[@]}"; exit 0; fi
[ ${#wanted[@]} -eq 0 ] || steps=("${wanted[@]}")

bcoin=target/release/bcoin
node_tools=target/node-tools
axe=$node_tools/node_modules/axe-core/axe.min.js

# -- what a step needs --------------------------------------------------------

have() { command -v "$1" >/dev/null 2>&1; }
is_debian_root() { [ "$(id -u)" -eq 0 ] && have apt-get; }

# need COMMAND PACKAGE…: the command is there, if need be after installing the packages.
need() {
    local command=$1; shift
    have "$command" && return 0
    if is_debian_root; then
        [ -n "${updated:-}" ] || { apt-get update -qq && updated=yes; }
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    fi
    have "$command" && return 0
    why="$command is missing (Debian: apt-get install $*)"
    return 75
}

need_release() { [ -x $bcoin ] || run_release; }

# -- the steps; 75 means skipped, $why says why -------------------------------

run_format() { cargo fmt --check; }
run_lint() { cargo clippy --quiet --locked --all-targets -- -D warnings; }
run_documentation() { RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked --no-deps; }
run_unit() { cargo test --locked; }
run_release() { cargo build --quiet --release --locked --bins --example canonical --example storeless; }
run_readme() { need_release && need python3 python3 && need curl curl && python3 tests/readme.py "$PWD/$bcoin"; }
run_json_differential() {
    need_release && need python3 python3 && python3 tests/python/json_differential.py --count "$(count 60000 1000000)"
}
run_mixed_network() {
    need_release && need python3 python3 && python3 tests/python/mixed_network.py --rounds "$(count 200 1000)"
}
run_mixed_auto() {
    need_release && need python3 python3 && need_venv && python3 tests/python/mixed_auto.py --rounds "$(count 10 200)"
}
run_wallet() {
    need_release && need python3 python3 && need_venv && python3 tests/python/wallet_on_a_terminal.py &&
        python3 tests/python/wallet_matches_eth_account.py --words "$(count 12 100)" --transfers "$(count 60 2000)"
}
run_top() { need_release && need python3 python3 && python3 tests/python/top_on_a_terminal.py; }
run_coin_scenarios() {
    rm -rf target/coin-chains
    BCOIN_SCENARIOS=$(count 200 1000) BCOIN_CHAINS=$PWD/target/coin-chains cargo test --quiet --locked --test it coin_scenarios
}
run_coin_verifier() {
    need python3 python3 && need_venv && bash tests/coin_verifier.sh --test || return
    [ -d target/coin-chains ] || run_coin_scenarios || return
    python3 tests/python/coin_chains.py target/coin-chains --most "$(count 40 1000)"
}
run_state_tests() {
    need python3 python3 && need_venv || return
    bash tests/coin_verifier.sh --python -m state_tests check tests/vectors/state_tests || return
    # Ethereum's own are not kept here: docs/state-tests.md.
    local published=${BCOIN_ETHEREUM_TESTS:-}
    if [ -f "$published" ]; then
        rm -rf target/ethereum-tests && mkdir -p target/ethereum-tests && tar -xf "$published" -C target/ethereum-tests || return
        published=$PWD/target/ethereum-tests
    fi
    BCOIN_ETHEREUM_TESTS=$published cargo test --quiet --locked --test state_tests -- --nocapture --test-threads=1 ${published:+--include-ignored}
}
run_coin_mutants() {
    need python3 python3 && need_venv || return
    cargo build --quiet --release --locked --example judge_blocks || return
    python3 tests/python/coin_mutants.py target/release/examples/judge_blocks --count "$(count 2000 100000)"
}
run_coin_wallets() { need_release && need python3 python3 && need_venv && python3 tests/python/coin_wallets.py --bcoin $bcoin --rounds "$(count 3 20)"; }
run_coin_attacks() { need python3 python3 && bash tests/attacks.sh; }
run_kill_loop() { need_release && need python3 python3 && python3 tests/python/kill_loop.py --times "$(count 25 500)"; }
run_coin_kill_loop() {
    need_release && need python3 python3 && need_venv && python3 tests/python/coin_kill_loop.py --bcoin $bcoin --times "$(count 15 300)"
}
run_endless_peers() { need_release && need python3 python3 && python3 benches/soak.py --bcoin $bcoin --only endless; }
run_faults() { need_release && need python3 python3 && python3 tests/faults.py "$PWD/$bcoin"; }
run_fuzz() { bash tests/fuzz.sh --minutes "$(count 1 10)"; }
# Compiles the example contracts again, compares every byte, and tries to break their promises on a node of its own.
run_contracts() {
    need_release && need python3 python3 && need npm npm && need_venv && python3 examples/contracts/build.py --check &&
        python3 tests/python/contracts_behave.py "$PWD/$bcoin"
}
# Runs what the README shows of the programs that drive contracts; the swap with either node killed at every step.
run_examples() {
    need_release && need python3 python3 && need_venv || return
    cargo build --quiet --release --locked --example token_sale --example bond --example escrow --example exchange --example registry --example swap &&
        python3 tests/python/examples_run.py
}
run_contract_tools() {
    need_release && need python3 python3 && need npm npm && need_venv && python3 tests/python/contract_tools.py $bcoin
}
run_postman() {
    need_release && need npm npm && need_node_tool newman && bash tests/postman.sh "$PWD/$bcoin" "$PWD/$node_tools/node_modules/.bin/newman"
}
run_openapi() { need_release && need python3 python3 && bash tests/openapi.sh "$PWD/$bcoin" "$(count 40 1000)"; }
run_rpc_clients() { need_rpc && python3 tests/clients/run.py "$PWD/$bcoin"; }
run_rpc_schema() { need_rpc && python3 tests/clients/run.py "$PWD/$bcoin" --only openrpc.py; }
run_rpc_fuzz() { need_rpc && python3 tests/clients/run.py "$PWD/$bcoin" --fuzz "$(count 1 10)"; }
run_foreign_pages() { need_release && need python3 python3 && python3 tests/browser/foreign_page.py "$PWD/$bcoin"; }
# The pages in a browser: the chapter, forks, breaking, budgets, hostile texts, accessibility. Pictures are left in target/explorer/.
run_explorer() {
    need_release && need python3 python3 && need_browser && need_axe || return
    local test
    for test in chapter partition break_it; do
        echo "-- $test"
        python3 tests/explorer/$test.py "$PWD/$bcoin" || return 1
    done
    python3 tests/explorer/pages.py "$PWD/$bcoin" "$PWD/$axe"
}
run_up_auto() { need_release && need python3 python3 && python3 tests/up_auto.py "$PWD/$bcoin" --blocks "$(count 60 1000)"; }
run_compose() {
    [ "$(id -u)" -eq 0 ] || { why="building and running containers needs root"; return 75; }
    bash tests/compose.sh
}
run_compose_network() {
    [ "$(id -u)" -eq 0 ] || { why="building and running containers needs root"; return 75; }
    need python3 python3 && bash tests/compose_network.sh --trials "$(count 4 20)"
}
run_licences() { cargo deny check licenses bans sources; }
run_simulation() { BCOIN_SEEDS=1000 BCOIN_ECLIPSE_WORLDS=200 cargo test --release --locked -- simulation eclipse --nocapture; }
run_silent_sockets() { need_release && need python3 python3 && python3 benches/soak.py --bcoin $bcoin; }

# A virtual environment can be made: Debian's Python has that in a package of its own.
need_venv() {
    python3 -c 'import ensurepip' 2>/dev/null && return 0
    if is_debian_root; then
        [ -n "${updated:-}" ] || { apt-get update -qq && updated=yes; }
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    fi
    python3 -c 'import ensurepip' 2>/dev/null && return 0
    why="python3 cannot make virtual environments (Debian: apt-get install python3-venv)"
    return 75
}

# run.py installs the client libraries themselves, pinned.
need_rpc() { need_release && need python3 python3 && need npm npm && need_venv; }

# A browser, its driver, and letters of both languages.
need_browser() {
    need chromium chromium chromium-driver && need chromedriver chromium-driver && need fc-list fontconfig || return
    fc-list :lang=zh-cn | grep -q . && return 0
    is_debian_root && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends fonts-wqy-microhei >/dev/null
    fc-list :lang=zh-cn | grep -q . && return 0
    why="no font has Chinese letters (Debian: apt-get install fonts-wqy-microhei)"
    return 75
}

need_axe() {
    [ -f $axe ] && return 0
    need npm npm || return
    mkdir -p $node_tools && (cd $node_tools && npm install --silent --no-audit --no-fund --no-save axe-core@4.14 >/dev/null) && return 0
    why="axe-core could not be installed by npm"
    return 75
}

need_node_tool() {
    [ -x "$node_tools/node_modules/.bin/$1" ] && return 0
    mkdir -p $node_tools && (cd $node_tools && npm install --silent --no-audit --no-fund --no-save "$1@6" >/dev/null) && return 0
    why="$1 could not be installed by npm"
    return 75
}

# -- running them -------------------------------------------------------------

passed=() failed=() skipped=()
began=$SECONDS
for step in "${steps[@]}"; do
    if ! declare -F "run_$step" >/dev/null; then echo "no step '$step'; bash tests/all.sh --list" >&2; exit 2; fi
    echo "== $step"
    from=$SECONDS why=
    "run_$step"
    code=$?
    took="$step ($((SECONDS - from)) s)"
    if [ $code -eq 0 ]; then
        passed+=("$took")
    elif [ $code -eq 75 ] && [ -n "$why" ] && [ "${CI:-}" != true ]; then
        skipped+=("$step: $why")
    else
        failed+=("$took${why:+: $why}")
    fi
done

echo
echo "== in $((SECONDS - began)) s"
[ ${#passed[@]} -eq 0 ] || printf 'passed   %s\n' "${passed[@]}"
[ ${#skipped[@]} -eq 0 ] || printf 'skipped  %s\n' "${skipped[@]}"
[ ${#failed[@]} -eq 0 ] || printf 'FAILED   %s\n' "${failed[@]}"
echo "${#passed[@]} passed, ${#failed[@]} failed, ${#skipped[@]} skipped"
[ ${#failed[@]} -eq 0 ] && [ ${#passed[@]} -gt 0 ]
