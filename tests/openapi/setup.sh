#!/bin/sh
# Installs a validator of OpenAPI documents, as pinned. Does nothing if it is already there. Needs flock and
# Python 3.11 or later with venv (Debian: util-linux python3-venv).
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

# Several tests may call this at the same time.
exec 9<"$here"
flock 9

cd "$here"
if ! cmp -s requirements.txt .venv/.installed; then
    "${PYTHON:-python3}" -m venv --clear .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.txt
    .venv/bin/pip check --disable-pip-version-check
    cp requirements.txt .venv/.installed
fi
