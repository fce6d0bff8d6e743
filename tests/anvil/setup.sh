#!/bin/sh
# Installs the Ethereum node and the contracts of the gating tests, as pinned. Does nothing if they are
# already there. Needs npm and flock (Debian: npm util-linux). No install script runs, because the node is a
# plain file in the package for its platform.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

# Several tests may call this at the same time.
exec 9<"$here"
flock 9

cd "$here"
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --ignore-scripts --no-audit --no-fund
    cp package-lock.json node_modules/.installed
fi
