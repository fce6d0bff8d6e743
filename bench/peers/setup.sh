#!/bin/sh
# Installs the official SDKs with one web framework each. Does nothing if they are already there. Needs
# node, npm and Python 3.11 or later with venv.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

cd "$here/node"
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --ignore-scripts --no-audit --no-fund
    cp package-lock.json node_modules/.installed
fi

cd "$here/python"
sdk=$here/../../tests/peers/python/requirements.txt
if ! cat "$sdk" requirements.txt | cmp -s - .venv/.installed; then
    "${PYTHON:-python3}" -m venv --clear .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement "$sdk" --requirement requirements.txt
    .venv/bin/pip check --disable-pip-version-check
    cat "$sdk" requirements.txt > .venv/.installed
fi
