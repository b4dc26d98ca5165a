#!/bin/sh
# check_levels.sh LIBRARY: no instruction set of the CPU backend leaks. A symbol that the object of one level
# shows to the linker, but its table of kernels, could be chosen for the whole program and then run on a processor that
# has not those instructions. Symbols of sanitizers and of compilers' runtimes are theirs.
set -eu
leaks=$(nm -A --defined-only --extern-only -C "$1" 2>/dev/null | grep 'level_[a-z0-9_]*\.cc\.o:' |
  grep -vE ' (quire::cpu::[a-z0-9_]+::kKernels|__odr_asan\..*|DW\.ref\..*|__asan.*|__tsan.*|__ubsan.*|__sancov.*|__start_.*|__stop_.*)$' || true)
tables=$(nm -A --defined-only --extern-only -C "$1" 2>/dev/null | grep -c ' quire::cpu::[a-z0-9_]*::kKernels$' || true)
if [ "$tables" -lt 2 ]; then
  echo "$1 has $tables tables of kernels; expected one for each level" >&2
  exit 1
fi
if [ -n "$leaks" ]; then
  echo "these symbols of one instruction set could be linked into the rest of the program:" >&2
  echo "$leaks" >&2
  exit 1
fi
