#!/bin/sh
# Installs the Debian packages that are missing, or says which they are. Arguments: what they are for.
#   tools/setup/packages.sh build        compile and run
#   tools/setup/packages.sh build run    and what ./quickstart needs
#   tools/setup/packages.sh build all    and what ./check --all needs
set -eu
[ "${1:-}" != --help ] || { sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0; }

needed=
for what in "$@"; do
  case $what in
    build) needed="$needed g++ cmake ninja-build ccache pkg-config rapidjson-dev libpcre2-dev libutf8proc-dev libedit-dev libboost1.81-dev libssl-dev prometheus-cpp-dev doctest-dev" ;;
    run) needed="$needed curl" ;;
    all) needed="$needed clang-19 clang-format-19 libclang-rt-19-dev qemu-user python3 python3-venv" ;;
    *) echo "tools/setup/packages.sh: '$what' is not known; say build, run or all." >&2; exit 2 ;;
  esac
done

missing=
if command -v dpkg-query >/dev/null 2>&1; then
  for p in $needed; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $p"
  done
else
  missing=$needed
fi
[ -n "$missing" ] || exit 0

. /etc/os-release 2>/dev/null || true
if [ "${ID:-}" != debian ] || [ "${VERSION_ID:-}" != 12 ]; then
  echo "Quire is built on Debian 12 and this is ${PRETTY_NAME:-another system}. Install what these packages hold, then set QUIRE_SETUP=done and run again:$missing" >&2
  [ "${QUIRE_SETUP:-}" = done ] && exit 0 || exit 1
fi
if [ "$(id -u)" != 0 ]; then
  echo "These packages are missing, and only root can install them: apt-get install$missing" >&2
  exit 1
fi
echo "== installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
  tail -n 5 "$log" >&2
  if grep -qi 'no space left' "$log"; then echo "The packages could not be installed: the disk is full." >&2
  elif grep -qiE 'could not resolve|failed to fetch|unable to connect|unable to locate' "$log"; then echo "The packages could not be fetched: is there a network, and does apt-get update work?" >&2
  else echo "The packages could not be installed; the last lines of apt-get stand above." >&2
  fi
  exit 1
fi
