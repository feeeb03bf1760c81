# Makes the image that Dockerfile builds in, without any registry of images: Debian's C toolchain, the Rust toolchain
# of this machine, and the crates that Cargo.lock names, so that the build needs no network.
# Sourced by tests/compose.sh; needs root, mmdebstrap and an engine.

# Prints the image's name; builds it unless an image of the same contents is there.
builder_image() {
    local root=$1 here sysroot host key image
    here=$root/tests/docker
    sysroot=$(readlink -f "$(cd "$root" && rustc --print sysroot)")
    host=$(cd "$root" && rustc -vV | sed -n 's/^host: //p')
    key=$({ rustc -vV; cat "$root/Cargo.lock" "$here/builder_image.sh"; } | sha256sum | cut -c1-16)
    image=bcoin-test-builder:$key
    if ! docker image inspect "$image" >/dev/null 2>&1; then
        make_builder_image "$root" "$sysroot" "$host" "$image" || return 1
    fi
    echo "$image"
}

make_builder_image() (
    set -o pipefail
    root=$1 sysroot=$2 host=$3 image=$4
    suite=$(. /etc/os-release && echo "${VERSION_CODENAME:?}")
    tree=$(mktemp -d)
    trap 'rm -rf "$tree"' EXIT

    mkdir -p "$tree/usr/local/cargo/registry" "$tree/usr/local/rust/bin" "$tree/usr/local/rust/lib/rustlib"
    # Crates as cargo itself keeps them: compressed files and the pages of the index that name them.
    (cd "$root" && timeout 300 cargo fetch --locked --target "$host" >&2) || exit 1
    home=${CARGO_HOME:-$HOME/.cargo}
    cp -a "$home/registry/cache" "$home/registry/index" "$tree/usr/local/cargo/registry/" || exit 1
    cp -a "$sysroot/bin/cargo" "$sysroot/bin/rustc" "$tree/usr/local/rust/bin/" || exit 1
    find "$sysroot/lib" -maxdepth 1 \( -type f -o -type l \) -exec cp -a -t "$tree/usr/local/rust/lib" {} + || exit 1
    cp -a "$sysroot/lib/rustlib/$host" "$tree/usr/local/rust/lib/rustlib/" || exit 1

    # --variant=extract lays the packages out and configures nothing: enough for a compiler, and a matter of seconds.
    # What their scripts would have set up and a build needs are two names and /tmp.
    made=$(timeout 300 mmdebstrap --quiet --variant=extract \
        --include=base-files,coreutils,dash,gcc,libc6-dev,libc-bin,mawk,sed \
        --extract-hook="cp -a '$tree/usr' \"\$1/\"" \
        --extract-hook='ln -s gcc "$1/usr/bin/cc"; ln -sf mawk "$1/usr/bin/awk"; mkdir -m 1777 -p "$1/tmp"' \
        "$suite" - |
        timeout 300 docker import \
            --change 'ENV PATH=/usr/local/rust/bin:/usr/bin:/bin' \
            --change 'ENV CARGO_HOME=/usr/local/cargo' \
            --change 'ENV CARGO_NET_OFFLINE=true' \
            -) || exit 1
    # Named only now that it is known to be whole.
    docker tag "$made" "$image"
)

# Builder stages, the newest first. That one holds the libraries that the next build starts from.
builder_stages() {
    docker image ls --quiet --filter dangling=true --filter 'label=org.opencontainers.image.title=B-Coin builder'
}

# remove_stale_images BUILDER: what earlier builds left and the next one will not use.
remove_stale_images() {
    builder_stages | tail -n +2 | xargs --no-run-if-empty docker image rm >/dev/null 2>&1
    docker image ls --format '{{.Repository}}:{{.Tag}}' "${1%:*}" | grep --line-regexp --fixed-strings --invert-match "$1" |
        xargs --no-run-if-empty docker image rm >/dev/null 2>&1
}
