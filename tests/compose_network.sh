#!/usr/bin/env bash
# Builds the very Dockerfile and has tests/compose_network.py cut, stop, kill and rob the nodes of docker-compose.yml, which
# follow each other. Arguments go to that one: --trials 20, --only partitions …
#
# Needs what tests/compose.sh needs, and leaves what that leaves.
set -u
cd "$(dirname "$0")/.." || exit 1

what="compose network"
project=bcoin-network-test
export BCOIN_SYNC=auto
. tests/docker/built.sh

phase "a network"
if python3 tests/compose_network.py --image "$BCOIN_IMAGE" --project "$project" "$@"; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
fi
phase ""
finish
