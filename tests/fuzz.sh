#!/usr/bin/env bash
# Runs the fuzz targets of tests/it/fuzz.rs for longer than the tests do: bash tests/fuzz.sh --minutes 10 [TARGET]
#
# Each of the targets gets that long, as many at once as there are cores; TARGET is a part of a name. A target ends at its first failure,
# and prints the input and BOLERO_RANDOM_SEED, with which `cargo test --test it fuzz::` finds it again at once:
#
#   BOLERO_RANDOM_SEED=… cargo test --test it fuzz::json_readers_agree
#
# What it found belongs into tests/corpus, and into the list in tests/it/fuzz.rs.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=10
target=""
while [ $# -gt 0 ]; do
    case "$1" in
    --minutes)
        minutes="${2:?--minutes wants a number}"
        shift 2
        ;;
    -*)
        echo "usage: bash tests/fuzz.sh [--minutes 10] [TARGET]" >&2
        exit 2
        ;;
    *)
        target="$1"
        shift
        ;;
    esac
done

export BOLERO_RANDOM_TEST_TIME_MS=$((minutes * 60000))
export BOLERO_RANDOM_ITERATIONS=18446744073709551615
export BOLERO_RANDOM_MAX_LEN="${BOLERO_RANDOM_MAX_LEN:-2048}"
exec cargo test --test it "fuzz::$target" -- --nocapture
