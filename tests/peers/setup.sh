#!/bin/sh
# Installs the official SDKs, as pinned, next to their drivers. Does nothing if they are already there. Needs node,
# npm, flock and Python 3.11 or later with venv (Debian: nodejs npm util-linux python3-venv).
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

# Several tests may call this at the same time.
exec 9<"$here"
flock 9

cd "$here/node"
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --ignore-scripts --no-audit --no-fund
    cp package-lock.json node_modules/.installed
fi

cd "$here/python"
if ! cmp -s requirements.txt .venv/.installed; then
    "${PYTHON:-python3}" -m venv --clear .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.txt
    .venv/bin/pip check --disable-pip-version-check
    cp requirements.txt .venv/.installed
fi
