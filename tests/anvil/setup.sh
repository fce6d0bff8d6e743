#!/bin/sh
# Installs the Ethereum node and the contracts of the gating tests, as pinned; does nothing when they are there already.
# Needs npm and flock (Debian: npm util-linux). No install script runs: the node is a plain file of its platform's package.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

# Tests may call this at the same time.
exec 9<"$here"
flock 9

cd "$here"
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --ignore-scripts --no-audit --no-fund
    cp package-lock.json node_modules/.installed
fi
