#!/usr/bin/env bash
# Builds the very Dockerfile, starts docker-compose.yml and drives its three nodes from outside, as the book's reader
# does with curl: nothing moves until /replace_chain. No image is fetched: tests/docker/builder_image.sh makes the one that
# the build needs.
#
# Needs root on Debian, and installs and starts what is missing (an engine that it started, it stops again). Without
# root it is skipped, except in CI, where that is a failure. Images stay for the next run, for which they save the
# building of the libraries; --remove-images takes them away.
set -u
cd "$(dirname "$0")/.." || exit 1

remove_images=no
case ${1:-} in
    --remove-images) remove_images=yes ;;
    "") ;;
    *) echo "usage: tests/compose.sh [--remove-images]" >&2; exit 2 ;;
esac

what=compose
project=bcoin-test
export BCOIN_SYNC=manual
. tests/docker/built.sh
. tests/docker/image_checks.sh
. tests/docker/network_checks.sh
phase ""
finish
