#!/bin/sh
# Installs the official SDKs with a web framework each; does nothing when they are there already.
# Needs node, npm and a Python of at least 3.11 with venv.
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
