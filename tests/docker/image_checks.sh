# What the image must be, before anything runs in it. Sourced by tests/compose.sh.

phase "the image"
about() { docker image inspect --format "$1" "$BCOIN_IMAGE"; }
is "the user is a number other than root's" 10001:10001 "$(about '{{.Config.User}}')"
is "docker stop sends SIGTERM" SIGTERM "$(about '{{.Config.StopSignal}}')"
is "/data is a volume" '{"/data":{}}' "$(about '{{json .Config.Volumes}}')"
is "the health check needs no shell" '["CMD","/bcoin","healthcheck"]' "$(about '{{json .Config.Healthcheck.Test}}')"
is "the label names the program" B-Coin "$(about '{{index .Config.Labels "org.opencontainers.image.title"}}')"

# The engine adds mount points for dev, etc, proc and sys to whatever it creates.
contents() {
    local box listing
    box=$(docker create "$BCOIN_IMAGE") || return 1
    listing=$(docker export "$box" | tar --list | grep -vE '^(\.dockerenv$|(dev|etc|proc|sys)/)' | sort | tr '\n' ' ')
    docker rm --volumes "$box" >/dev/null
    echo "$listing"
}
is "the image holds the program and its folder, and nothing else" "bcoin data/ " "$(contents)"
check "the program starts without any library" timeout 60 docker run --rm --network none "$BCOIN_IMAGE" --version
