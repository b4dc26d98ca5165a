#!/bin/sh
# The program on older processors, by user-mode emulation: the same text as the same level gives on this one.
set -eu
cd "$(dirname "$0")/.."
[ "${1:-}" != --help ] || { sed -n '2s/^# //p' "$0"; exit 0; }
ask() { "$@" build/release/quire generate demo --prompt "def read_lines(path):" --max-tokens 24 --logprobs 2 --threads 1 --cpu-isa "$isa" 2>build/processors.log; }
for pair in Nehalem:portable Haswell:avx2; do
  cpu=${pair%:*} isa=${pair#*:}
  case " $(build/release/quire inspect demo --cpu-levels 2>/dev/null || echo "portable avx2") " in *" $isa "*) ;; *) continue ;; esac
  echo "== older processors: $cpu, level $isa"
  here=$(ask) || { cat build/processors.log >&2; exit 1; }
  there=$(ask qemu-x86_64 -cpu "$cpu") || { cat build/processors.log >&2; exit 1; }
  [ "$here" = "$there" ] || { printf 'The text differs.\nhere:  %s\nthere: %s\n' "$here" "$there" >&2; exit 1; }
done
