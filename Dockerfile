# One static program in an otherwise empty image: no shell, no package, nothing to patch but bcoin itself.
#
#   docker build -t bcoin .
#   docker run -p 127.0.0.1:1001:1001 -v bcoin:/data -e BCOIN_ALLOW=172.17.0.1 bcoin
#
# (The address is the one that this machine's requests come from. Without it they may read; mining needs the token.)
#
# Both bases are arguments: a builder with this Rust release and a C linker, and whatever the program shall lie in
# (RUNTIME_IMAGE=debian:bookworm-slim gives an image with a shell; the program needs nothing of it).
ARG BUILDER_IMAGE=rust:1.95-slim-bookworm
ARG RUNTIME_IMAGE=scratch

FROM ${BUILDER_IMAGE} AS builder
LABEL org.opencontainers.image.title="B-Coin builder"
WORKDIR /src
# The C library goes into the program, since an empty image has none. Cargo is given the target by name below, so that
# this flag reaches the program and not the build scripts and macros, which must stay loadable.
ENV RUSTFLAGS="-C target-feature=+crt-static"

# The libraries first, around an empty program: this layer is built again only when Cargo.toml or Cargo.lock change.
# Sections of tests, benches and examples go, because cargo wants the files that they name.
COPY Cargo.toml Cargo.lock askama.toml ./
RUN set -eu; \
    awk '/^\[/ { keep = !/^\[\[(test|bench|example)\]\]/ } keep' Cargo.toml > kept.toml; \
    mv kept.toml Cargo.toml; \
    mkdir src; \
    echo 'fn main() {}' > src/main.rs; \
    : > src/lib.rs; \
    cargo build --release --locked --target "$(rustc -vV | sed -n 's/^host: //p')"

# Cargo goes by dates, and a checkout may be older than the empty program: hence touch.
COPY src src
RUN set -eu; \
    target="$(rustc -vV | sed -n 's/^host: //p')"; \
    touch src/main.rs src/lib.rs; \
    cargo build --release --locked --target "$target" --bin bcoin; \
    mkdir -p /out/volume/data; \
    cp "target/$target/release/bcoin" /out/bcoin

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="B-Coin" \
      org.opencontainers.image.description="A small blockchain node: the book's six HTTP calls, durable, explained and fast" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=builder /out/bcoin /bcoin
# A new named volume takes contents and owner from the image, so /data must be there before VOLUME, and belong to the
# user who writes it.
COPY --from=builder --chown=10001:10001 /out/volume/ /
USER 10001:10001
VOLUME ["/data"]
# Settings by environment, so that the health check and every command see the same ones.
ENV BCOIN_PORT=1001 BCOIN_LISTEN=0.0.0.0 BCOIN_DATA_DIR=/data
EXPOSE 1001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 CMD ["/bcoin", "healthcheck"]
ENTRYPOINT ["/bcoin"]
CMD ["node"]
