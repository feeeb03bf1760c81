# Container engine for the tests: installs it on Debian, starts it where nobody has, and stops what it started.
# Sourced by tests/compose.sh; needs root.

engine_pid=
engine_log=
forward_policy=
engine_root=

# install_missing COMMAND=PACKAGE…: installs the packages of the commands that are not there.
install_missing() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    command -v apt-get >/dev/null || { echo "missing, and no apt-get here to install it: ${missing[*]}" >&2; return 1; }
    echo "installing ${missing[*]}"
    local log; log=$(mktemp)
    if timeout 180 apt-get -o DPkg::Lock::Timeout=120 update >"$log" 2>&1 &&
        DEBIAN_FRONTEND=noninteractive timeout 600 apt-get -o DPkg::Lock::Timeout=120 install -y \
            --no-install-recommends "${missing[@]}" >>"$log" 2>&1; then
        rm -f "$log"
    else
        tail -n 20 "$log" >&2; rm -f "$log"
        return 1
    fi
}

# `docker compose` and docker-compose read the same file; either will do.
find_compose() {
    if docker compose version >/dev/null 2>&1; then
        compose_command=(docker compose)
    elif command -v docker-compose >/dev/null; then
        compose_command=(docker-compose)
    else
        return 1
    fi
}

engine_answers() { timeout 10 docker info >/dev/null 2>&1; }

# Starts dockerd unless an engine answers already. No init system is needed, and no containerd: dockerd runs its own.
engine_up() {
    engine_answers && return 0
    engine_log=$(mktemp)
    # dockerd has the host forward nothing but its own, and leaves it so; others of this machine may need it.
    forward_policy=$(iptables --list-rules FORWARD 2>/dev/null | sed -n 's/^-P FORWARD //p')
    engine_root=$(mktemp -d)
    local way options
    # Left to itself it picks overlay2; on a file system that cannot carry that, vfs always works, slowly. What an engine
    # left that was killed while it wrote can end every engine after it, so the last ways begin with nothing.
    for way in "" "--storage-driver=vfs" "--data-root=$engine_root" "--data-root=$engine_root --storage-driver=vfs"; do
        echo "starting dockerd${way:+ $way}"
        read -ra options <<<"$way"
        # A session of its own, so that Ctrl-C does not end it before the containers.
        setsid dockerd "${options[@]}" >"$engine_log" 2>&1 </dev/null &
        engine_pid=$!
        for _ in $(seq 120); do
            engine_answers && return 0
            kill -0 "$engine_pid" 2>/dev/null || break
            sleep 0.25
        done
        engine_stop
    done
    echo "dockerd does not start; its last words:" >&2
    grep --extended-regexp '^(panic|fatal)|level=(error|fatal)|^failed' "$engine_log" | tail -n 20 >&2
    return 1
}

engine_stop() {
    [ -n "$engine_pid" ] || return 0
    kill "$engine_pid" 2>/dev/null || true
    for _ in $(seq 120); do
        kill -0 "$engine_pid" 2>/dev/null || break
        sleep 0.25
    done
    kill -9 "$engine_pid" 2>/dev/null || true
    wait "$engine_pid" 2>/dev/null || true
    engine_pid=
}

# Stops dockerd if engine_up started it, and takes away what it kept for this run alone.
engine_down() {
    if [ -n "$engine_pid" ]; then
        engine_stop
        [ -z "$forward_policy" ] || iptables --policy FORWARD "$forward_policy"
    fi
    [ -z "$engine_root" ] || rm -rf "$engine_root"
    engine_root=
}
