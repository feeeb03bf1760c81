#!/usr/bin/env bash
# Builds the very Dockerfile, starts docker-compose.yml and drives its three nodes from outside, as the book's reader
# does with curl. No image is fetched: tests/docker/builder_image.sh makes the one that the build needs.
#
# Needs root on Debian, and installs and starts what is missing (an engine that it started, it stops again). Without
# root it is skipped, except in CI, where that is a failure. Images stay for the next run, for which they save the
# building of the libraries; --remove-images takes them away.
set -u
cd "$(dirname "$0")/.." || exit 1
root=$PWD

. tests/docker/engine.sh
. tests/docker/builder_image.sh
. tests/docker/checks.sh

remove_images=no
case ${1:-} in
    --remove-images) remove_images=yes ;;
    "") ;;
    *) echo "usage: tests/compose.sh [--remove-images]" >&2; exit 2 ;;
esac

export BCOIN_IMAGE=bcoin:test
project=bcoin-test
compose_command=()
compose() { timeout "$1" "${compose_command[@]}" --project-name "$project" "${@:2}"; }

scratch=$(mktemp -d)
cleaned=no
clean() {
    [ "$cleaned" = no ] || return
    cleaned=yes
    if [ ${#compose_command[@]} -gt 0 ] && engine_answers; then
        if [ "$failed" -gt 0 ]; then
            for node in $(docker ps --all --format '{{.Names}}' | grep -xE 'bcoin[123]' | sort); do
                echo "-- last words of $node" && docker logs --tail 15 "$node"
            done 2>&1
        fi
        compose 120 down --volumes --timeout 5 >"$scratch/down.log" 2>&1 || cat "$scratch/down.log"
        if [ "$remove_images" = yes ]; then
            docker image rm --force "$BCOIN_IMAGE" $(builder_stages) "${builder:-}" >/dev/null 2>&1
        fi
    fi
    engine_down
    [ -z "${stranger:-}" ] || ip address del "$stranger/32" dev lo 2>/dev/null
    rm -rf "$scratch" "$engine_log"
}
trap clean EXIT
trap 'exit 130' INT TERM

finish() {
    clean
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] && exit 0
    exit 1
}
give_up() {
    failed=$((failed + 1))
    echo "NOT OK $1"
    finish
}

if [ "$(id -u)" -ne 0 ]; then
    [ "${CI:-}" != true ] || give_up "compose: CI must run this as root"
    echo "skipped: compose (building and running containers needs root here)"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi

phase "an engine and a base image"
install_missing dockerd=docker.io docker=docker.io curl=curl jq=jq ip=iproute2 mmdebstrap=mmdebstrap || give_up "compose: install"
find_compose || { install_missing docker-compose=docker-compose && find_compose; } || give_up "compose: find docker-compose"
engine_up || give_up "compose: an engine answers"
taken=$(docker ps --all --format '{{.Names}}' | grep -xE 'bcoin[123]')
if [ -n "$taken" ]; then
    # Of an earlier run that was killed, perhaps; a demo that somebody runs is left alone.
    compose 60 down --volumes --timeout 5 >/dev/null 2>&1
    taken=$(docker ps --all --format '{{.Names}}' | grep -xE 'bcoin[123]')
    [ -z "$taken" ] || give_up "compose: containers of these names are there already: ${taken//$'\n'/, }"
fi
builder=$(builder_image "$root") || give_up "compose: a builder image can be made"
echo "builder: $builder; $("${compose_command[@]}" version | head -n 1)"

phase "build"
check "docker-compose.yml is read without complaint" compose 30 config --quiet
previous=$(docker image inspect --format '{{.Id}}' "$BCOIN_IMAGE" 2>/dev/null)
if ! compose 1500 build --build-arg BUILDER_IMAGE="$builder" bcoin1 >"$scratch/build.log" 2>&1; then
    tail -n 60 "$scratch/build.log"
    give_up "the Dockerfile builds"
fi
check "the Dockerfile builds" true
if [ -n "$previous" ] && [ "$previous" != "$(docker image inspect --format '{{.Id}}' "$BCOIN_IMAGE")" ]; then
    docker image rm "$previous" >/dev/null 2>&1
fi
remove_stale_images "$builder"

. tests/docker/image_checks.sh
. tests/docker/network_checks.sh
phase ""
finish
