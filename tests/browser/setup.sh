#!/bin/sh
# Installs and unpacks a headless Chromium, and installs the official browser SDK, as pinned. Does nothing if they are
# already there. Needs node, npm and flock, and the libraries that Chromium is linked to (Debian: libnss3 libexpat1).
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

# Several tests may call this at the same time.
exec 9<"$here"
flock 9

cd "$here"
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --ignore-scripts --no-audit --no-fund
    mkdir -p node_modules/.chromium
    TMPDIR=$here/node_modules/.chromium node -e \
        'import("@sparticuz/chromium").then(({ default: chromium }) => chromium.executablePath())'
    # Check that it starts, because libraries may be missing.
    node_modules/.chromium/chromium --version >/dev/null
    cp package-lock.json node_modules/.installed
fi
