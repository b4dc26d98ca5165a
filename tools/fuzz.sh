#!/bin/sh
# Runs one fuzz target of the preset fuzz on its corpus:  tools/fuzz.sh request     (QUIRE_FUZZ_SECONDS, 5, says how long)
set -eu
cd "$(dirname "$0")/.."
[ "${1:-}" != --help ] && [ $# = 1 ] || { sed -n '2s/^# //p' "$0"; exit 0; }
echo "== fuzzing $1 for ${QUIRE_FUZZ_SECONDS:-5} s"
corpus=$(find tests -type d -path "*/fuzz/corpus/$1")
found=build/fuzz/found/$1
mkdir -p "$found"
build/fuzz/tests/fuzz_"$1" -max_total_time="${QUIRE_FUZZ_SECONDS:-5}" -timeout=10 -rss_limit_mb=4096 \
  -artifact_prefix="$found/crash-" -verbosity=0 "$found" "$corpus" 2>build/fuzz/"$1".log || { tail -n 40 build/fuzz/"$1".log >&2; exit 1; }
