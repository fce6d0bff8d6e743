#!/usr/bin/env bash
# Installs what the other steps need and is missing: Debian packages, cargo tools, the SDK peers, a browser,
# anvil, proxies.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

CARGO_TOOLS=(cargo-hack@0.6.46 cargo-deny@0.20.2 typos-cli@1.52.0 cargo-fuzz@0.13.2)

main() {
    debian_packages
    nightly
    local tool
    for tool in "${CARGO_TOOLS[@]}"; do
        cargo_tool "${tool%@*}" "${tool#*@}"
    done
    sh tests/peers/setup.sh
    sh tests/browser/setup.sh
    sh tests/anvil/setup.sh
    sh examples/forward-auth/tests/proxies/setup.sh
}

debian_packages() {
    local missing=()
    # A C and a C++ compiler (libsecp256k1, SQLite, libFuzzer) and OpenSSL for `native-tls`.
    { has cc && has c++ && has make; } || missing+=(build-essential)
    has pkg-config && pkg-config --exists openssl || missing+=(pkg-config libssl-dev)
    has redis-server || missing+=(redis-server)
    has node || missing+=(nodejs)
    has npm || missing+=(npm)
    has git || missing+=(git)
    # What the headless Chromium of the browser tests is linked to.
    local libraries
    libraries=$(ldconfig -p)
    [[ $libraries == *libnss3.so* ]] || missing+=(libnss3)
    [[ $libraries == *libexpat.so.1* ]] || missing+=(libexpat1)
    has flock || missing+=(util-linux)
    # Shells to complete commands in, and proxies to ask the example forward-auth.
    has fish || missing+=(fish)
    has zsh || missing+=(zsh)
    has nginx || missing+=(nginx)
    has caddy || missing+=(caddy)
    python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        missing+=(python3 python3-venv)
    [ ${#missing[@]} -gt 0 ] || return 0

    echo "-- apt-get install ${missing[*]}"
    [ "$(id -u)" -eq 0 ] || fail "missing; install as root: apt-get install ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # The run level keeps the packages' services from being started: tests start their own.
    RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

nightly() {
    cargo +nightly --version >/dev/null 2>&1 ||
        fail "fuzzing needs a nightly toolchain: rustup toolchain install nightly"
}

# Unoptimised: these read a small repository, and compiling them is what takes the time.
cargo_tool() {
    local name=$1 version=$2 installed
    case $name in
    typos-cli) installed=$(typos --version 2>/dev/null || true) ;;
    *) installed=$(cargo "${name#cargo-}" --version 2>/dev/null || true) ;;
    esac
    [ "$installed" != "$name $version" ] || return 0

    echo "-- cargo install $name@$version (found: ${installed:-none})"
    CARGO_TARGET_DIR=$PWD/target/tools \
        CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
        CARGO_PROFILE_RELEASE_LTO=off \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 \
        CARGO_PROFILE_RELEASE_DEBUG=0 \
        cargo install --quiet --locked --force "$name@$version"
}

has() {
    command -v "$1" >/dev/null 2>&1
}

fail() {
    echo "error: $*" >&2
    exit 1
}

main
