#!/bin/sh
# Keeps a virtual environment with exactly the pinned packages:  tools/setup/python.sh build/venv-check tools/requirements-check.txt
set -eu
cd "$(dirname "$0")/../.."
[ "${1:-}" != --help ] && [ $# = 2 ] || { sed -n '2s/^# //p' "$0"; exit 0; }
venv=$1 pins=$2
if cmp -s "$pins" "$venv/ready"; then exit 0; fi
echo "== installing Python packages into $venv"
rm -rf "$venv"
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$pins"
cp "$pins" "$venv/ready"
