# An engine that answers, and the very Dockerfile built: what tests/compose.sh and tests/compose_network.sh begin with.
# Sourced, in the project's folder, with `what` naming the test and `project` its containers; `set -u` holds. Counts, and
# cleans up when the script ends.

. tests/docker/engine.sh
. tests/docker/builder_image.sh
. tests/docker/checks.sh

export BCOIN_IMAGE=bcoin:test
remove_images=${remove_images:-no}
compose_command=()
# The fourth node belongs to it only where it is asked for by name; `down` and `rm` shall see it always.
compose() { timeout "$1" "${compose_command[@]}" --project-name "$project" "${@:2}"; }

scratch=$(mktemp -d)
cleaned=no
names='bcoin[1234]'
clean() {
    [ "$cleaned" = no ] || return
    cleaned=yes
    if [ ${#compose_command[@]} -gt 0 ] && engine_answers; then
        if [ "$failed" -gt 0 ]; then
            for node in $(docker ps --all --format '{{.Names}}' | grep -xE "$names" | sort); do
                echo "-- last words of $node" && docker logs --tail 15 "$node"
            done 2>&1
        fi
        COMPOSE_PROFILES=fourth compose 120 down --volumes --timeout 5 >"$scratch/down.log" 2>&1 || cat "$scratch/down.log"
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
    [ "${CI:-}" != true ] || give_up "$what: CI must run this as root"
    echo "skipped: $what (building and running containers needs root here)"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi

phase "an engine and a base image"
install_missing dockerd=docker.io docker=docker.io curl=curl jq=jq ip=iproute2 mmdebstrap=mmdebstrap || give_up "$what: install"
find_compose || { install_missing docker-compose=docker-compose && find_compose; } || give_up "$what: find docker-compose"
engine_up || give_up "$what: an engine answers"
# What an earlier run left that was killed goes, volumes with chains above all; a demo that somebody runs is left alone.
COMPOSE_PROFILES=fourth compose 60 down --volumes --timeout 5 >/dev/null 2>&1
taken=$(docker ps --all --format '{{.Names}}' | grep -xE "$names")
[ -z "$taken" ] || give_up "$what: containers of these names are there already: ${taken//$'\n'/, }"
builder=$(builder_image "$PWD") || give_up "$what: a builder image can be made"
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
