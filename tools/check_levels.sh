#!/bin/sh
# check_levels.sh LIBRARY: no instruction set of the CPU backend leaks. A symbol that the object of one level shows to
# the linker, and that is not named after the level, could be chosen for the whole program and then run on a processor
# that has not those instructions. Symbols of sanitizers and of compilers' runtimes are theirs.
set -eu
shown=$(nm -A --defined-only --extern-only -C "$1" 2>/dev/null |
  sed -n 's/^.*level_\([a-z0-9_]*\)\.cc\.o:[0-9a-f]* . /\1 /p')
levels=$(printf '%s\n' "$shown" | cut -d' ' -f1 | sort -u)
if [ -z "$shown" ]; then
  echo "$1 has no level of the CPU backend" >&2
  exit 1
fi
for level in $levels; do
  leaks=$(printf '%s\n' "$shown" | sed -n "s/^$level //p" | grep -v "quire::cpu::$level::" |
    grep -vE '^(__odr_asan\..*|DW\.ref\..*|__[atu]?b?san.*|__sancov.*|__start_.*|__stop_.*)$' || true)
  if [ -n "$leaks" ]; then
    echo "these symbols of level $level could be linked into the rest of the program:" >&2
    echo "$leaks" >&2
    exit 1
  fi
done
