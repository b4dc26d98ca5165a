#!/bin/sh
# What ./check --all adds to ./check: lint, sanitizers, fuzzing, older processors, Python packages.
# QUIRE_FUZZ_SECONDS (5) is the time of each fuzz target.
set -eu
cd "$(dirname "$0")/.."
[ "${1:-}" != --help ] || { sed -n '2,3s/^# //p' "$0"; exit 0; }
step() { printf '== %s\n' "$1"; }

# The tests that are slow look at more here.
step "the long tests"
QUIRE_LONG=1 ctest --test-dir build/release --output-on-failure -j2 -R "^(backends|cli|sched_random|text)$"

step "format (clang-format)"
find src tests bench -name '*.h' -o -name '*.cc' | xargs clang-format-19 --dry-run -Werror

step "lint (clang-tidy)"
tools/setup/python.sh build/venv-check tools/requirements-check.txt
find src -name '*.cc' | xargs -P 2 -n 6 build/venv-check/bin/clang-tidy -p build/release --quiet --extra-arg=-w 2>build/tidy.log || { tail -n 40 build/tidy.log >&2; exit 1; }

sanitized="base kv sched sched_random sched_allocation weights backends models runner runner_allocation engine text serve serve_api serve_http cli"
fuzzers=$(find tests -path '*/fuzz/*.cc' -exec basename {} .cc \; | sort)
# shellcheck disable=SC2046
tools/setup/build.sh fuzz $(for t in $sanitized cli_soak; do echo "test_$t"; done; for f in $fuzzers; do echo "fuzz_$f"; done)
step "tests under the address and undefined behaviour sanitizers"
ctest --test-dir build/fuzz --output-on-failure -j2 -R "^($(echo $sanitized | tr ' ' '|'))$"
step "200 clients under the address and undefined behaviour sanitizers"
# Sanitizers keep what is freed for a while, the more the longer it runs.
build/fuzz/tests/test_cli_soak 10 200 256

threaded="base runner engine serve serve_api serve_http"
# shellcheck disable=SC2046
tools/setup/build.sh tsan test_cli_soak $(for t in $threaded; do echo "test_$t"; done)
step "tests under the thread sanitizer"
TSAN_OPTIONS=halt_on_error=1 ctest --test-dir build/tsan --output-on-failure -j2 -R "^($(echo $threaded | tr ' ' '|'))$"
step "200 clients under the thread sanitizer"
TSAN_OPTIONS=halt_on_error=1 build/tsan/tests/test_cli_soak 10 200 256

printf '%s\n' $fuzzers | xargs -P 2 -n 1 tools/fuzz.sh

tools/check_processors.sh
tools/check_python.sh
tools/serve_clients/check.sh
echo "== all of ./check --all passed"
