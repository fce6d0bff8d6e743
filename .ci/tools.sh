#!/usr/bin/env bash
# Installs missing tools that the other steps need: Debian packages, toolchains, cargo tools, validators of workflows
# and of OpenAPI documents, the SDK peers, a browser, anvil, proxies.
#
#   bash .ci/tools.sh                everything
#   bash .ci/tools.sh cargo-fuzz …   Debian packages, toolchains, and these cargo tools
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

CARGO_TOOLS=(
    cargo-hack@0.6.46
    cargo-deny@0.20.2
    cargo-fuzz@0.13.2
    cargo-cyclonedx@0.5.9
    # It reads the JSON of one version of rustdoc; see FORMAT in .ci/public_items.py.
    cargo-public-api@0.52.0
)
# Only releases need it, and it takes the longest to install.
CARGO_TOOLS_OF_RELEASES=(cargo-semver-checks@0.51.0)
# Available as binaries for the common platforms.
PYTHON_TOOLS=(check-jsonschema==0.39.0 typos==1.52.0 zizmor==1.32.0)

main() {
    debian_packages "$@"
    toolchains
    local tool
    for tool in "${CARGO_TOOLS[@]}" "${CARGO_TOOLS_OF_RELEASES[@]}"; do
        if wanted "$tool" "$@"; then
            cargo_tool "${tool%@*}" "${tool#*@}"
        fi
    done
    [ $# -eq 0 ] || return 0
    python_tools
    sh tests/peers/setup.sh
    sh tests/browser/setup.sh
    sh tests/anvil/setup.sh
    sh tests/openapi/setup.sh
    sh examples/forward-auth/tests/proxies/setup.sh
}

debian_packages() {
    local missing=()
    # A C and a C++ compiler (libsecp256k1, SQLite, libFuzzer) and OpenSSL for `native-tls`.
    { has cc && has c++ && has make; } || missing+=(build-essential)
    has pkg-config && pkg-config --exists openssl || missing+=(pkg-config libssl-dev)
    has git || missing+=(git)
    python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        missing+=(python3 python3-venv)
    [ $# -gt 0 ] || for_tests
    [ ${#missing[@]} -gt 0 ] || return 0

    echo "-- apt-get install ${missing[*]}"
    [ "$(id -u)" -eq 0 ] || fail "missing; install as root: apt-get install ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # Set the run level so that the packages do not start their services; tests start their own.
    RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

for_tests() {
    has redis-server || missing+=(redis-server)
    has node || missing+=(nodejs)
    has npm || missing+=(npm)
    # `promtool`, which checks metrics and alerts.
    has promtool || missing+=(prometheus)
    # Libraries that the headless Chromium of the browser tests is linked to.
    local libraries
    libraries=$(ldconfig -p)
    [[ $libraries == *libnss3.so* ]] || missing+=(libnss3)
    [[ $libraries == *libexpat.so.1* ]] || missing+=(libexpat1)
    has flock || missing+=(util-linux)
    # Shells for the completion tests, and proxies for the example forward-auth.
    has fish || missing+=(fish)
    has zsh || missing+=(zsh)
    has nginx || missing+=(nginx)
    has caddy || missing+=(caddy)
}

# Nightly is for fuzzing and for minimal versions.
toolchains() {
    cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
    cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
    cargo +nightly --version >/dev/null 2>&1 || rustup toolchain install nightly --profile minimal
}

# Installs all tools of the gate, or only those named as arguments.
wanted() {
    local tool=$1
    shift
    if [ $# -eq 0 ]; then
        [[ " ${CARGO_TOOLS[*]} " == *" $tool "* ]]
    else
        [[ " $* " == *" ${tool%@*} "* ]]
    fi
}

# Build unoptimised, because these tools read a small repository, and compiling them takes the most time.
cargo_tool() {
    local name=$1 version=$2 installed
    installed=$(cargo "${name#cargo-}" --version 2>/dev/null || true)
    [[ "$installed" != *" $version" ]] || return 0

    echo "-- cargo install $name@$version (found: ${installed:-none})"
    CARGO_TARGET_DIR=$PWD/target/tools \
        CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
        CARGO_PROFILE_RELEASE_LTO=off \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 \
        CARGO_PROFILE_RELEASE_DEBUG=0 \
        cargo install --quiet --locked --force "$name@$version"
}

python_tools() {
    local folder=target/python-tools
    [ "$(cat "$folder/.installed" 2>/dev/null)" != "${PYTHON_TOOLS[*]}" ] || return 0

    echo "-- pip install ${PYTHON_TOOLS[*]}"
    python3 -m venv --clear "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check "${PYTHON_TOOLS[@]}"
    echo "${PYTHON_TOOLS[*]}" >"$folder/.installed"
}

has() {
    command -v "$1" >/dev/null 2>&1
}

fail() {
    echo "error: $*" >&2
    exit 1
}

main "$@"
