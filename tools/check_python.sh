#!/bin/sh
# Compares with Python packages: the tokenizer with HF tokenizers, chat templates with jinja2, on fresh random input.
set -eu
cd "$(dirname "$0")/.."
[ "${1:-}" != --help ] || { sed -n '2s/^# //p' "$0"; exit 0; }
venv=build/venv-check
tools/setup/python.sh "$venv" tools/requirements-check.txt
echo "== quire tokenize beside HF tokenizers"
"$venv/bin/python" tools/text_goldens/compare.py build/release/quire demo tests/text/goldens/*/ --count 20000 --odd 300
echo "== chat templates beside jinja2"
"$venv/bin/python" tools/template_goldens/compare.py build/release/tests/test_text_jinja_goldens 5000 "${QUIRE_SEED:-1}"
