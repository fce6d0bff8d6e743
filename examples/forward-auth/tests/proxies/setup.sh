#!/bin/sh
# Installs Envoy and Traefik, as pinned, for the tests in this folder. Does nothing if they are already
# there.
# Requires Python with venv, and flock (Debian: python3-venv util-linux).
set -eu
cd -- "$(dirname -- "$0")"

exec 9<.
flock 9

if ! cmp -s requirements.txt .venv/.installed; then
    "${PYTHON:-python3}" -m venv --clear .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --requirement requirements.txt
    cp requirements.txt .venv/.installed
fi
