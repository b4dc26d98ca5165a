#!/bin/sh
# Fails if a folder of src/ includes one that it may not. The table is the architecture; it is a directed graph without a
# cycle, since every folder stands below those that it may include.
set -eu
cd "$(dirname "$0")/.."
[ "${1:-}" != --help ] || { echo "usage: tools/layers.sh    checks the includes of src/ against the table in this script"; exit 0; }

grep -rn --include='*.h' --include='*.cc' -o '#include "[a-z_]*/' src | awk -F'[:"/]' '
BEGIN {
  n = split("base: | tensor: base | kv: base | sched: base kv | weights: base tensor | backend: base tensor weights |" \
            "backends: base tensor weights backend | models: base tensor weights backend |" \
            "runner: base tensor kv sched weights backend models | engine: base sched runner | text: base |" \
            "serve: base kv sched engine text |" \
            "cli: base tensor kv sched weights backend backends models runner engine text serve", rows, "|")
  for (i = 1; i <= n; ++i) {
    split(rows[i], row, ":"); folder = row[1]; gsub(/ /, "", folder); known[folder] = 1
    m = split(row[2], names, " ")
    for (j = 1; j <= m; ++j) {
      if (!(names[j] in known)) { print "tools/layers.sh: " folder " stands above " names[j] " in the table"; exit 1 }
      may[folder, names[j]] = 1
    }
  }
}
{
  folder = $2; includes = $(NF - 1); line = $0; sub(/:#include.*/, "", line)
  if (!(folder in known)) { print line ": the folder " folder " is not in the table of tools/layers.sh"; bad = 1 }
  else if (includes != folder && !((folder, includes) in may)) { print line ": " folder " may not include " includes; bad = 1 }
}
END { exit bad }'
