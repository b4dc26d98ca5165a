#!/bin/sh
# Configures and builds a preset:  tools/setup/build.sh release [targets...]
set -eu
cd "$(dirname "$0")/../.."
[ "${1:-}" != --help ] && [ $# -gt 0 ] || { sed -n '2s/^# //p' "$0"; exit 0; }
preset=$1
shift
command -v c++ >/dev/null 2>&1 || command -v g++ >/dev/null 2>&1 || { echo "There is no C++ compiler on the path; install g++ 12 or later." >&2; exit 1; }
free=$(df -Pk . | awk 'NR == 2 { print $4 }')
[ "$free" -gt 1500000 ] || { echo "Only $((free / 1024)) MB of disk are free here; building takes about 1.5 GB." >&2; exit 1; }
mkdir -p build
# The compiler's cache stays inside the clone.
export CCACHE_DIR="${CCACHE_DIR:-$PWD/build/ccache}" CCACHE_MAXSIZE="${CCACHE_MAXSIZE:-2G}"
echo "== configuring build/$preset"
log=build/$preset.log
if ! cmake --preset "$preset" >"$log" 2>&1; then
  tail -n 15 "$log" >&2
  echo "Configuring failed; the whole text is in $log." >&2
  exit 1
fi
echo "== building build/$preset"
if [ $# -gt 0 ]; then set -- --target "$@"; fi
cmake --build "build/$preset" "$@" >"$log" 2>&1 || {
  grep -E 'error|Error|FAILED|No space' "$log" | head -n 20 >&2
  echo "Building failed; the whole text is in $log." >&2
  exit 1
}
