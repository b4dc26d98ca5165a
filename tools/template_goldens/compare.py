"""Renders fresh random programs, and as many crossed ones, with jinja2 and with our interpreter and compares: used by
./check --all.
   compare.py DRIVER [COUNT [SEED]]      DRIVER: the program test_text_jinja_goldens"""
import json
import re
import subprocess
import sys

import crossed
import environment
import programs

ADDRESS = re.compile(r"<generator object|0x[0-9a-f]{6,}|<bound method|<built-in", re.I)
REFUSED = re.compile(r"beyond 64 bits|(is|are) not supported")


def main():
    driver = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    variables = programs.VARIABLES["plain"]
    sources = list(programs.programs(count, seed)) + crossed.programs(count, seed)
    lines = "".join(json.dumps({"template": s, "variables": variables}) + "\n" for s in sources)
    ours = subprocess.run([driver, "--lines"], input=lines, capture_output=True, text=True, check=True).stdout
    ours = [json.loads(line) for line in ours.split("\n") if line]
    compile_template = environment.pinned()
    wrong = unsure = 0
    for source, got in zip(sources, ours, strict=True):
        want = environment.render(compile_template, source, variables)
        if ADDRESS.search(want.get("text", "")) or (want != {"error": None} and REFUSED.search(got.get("error", ""))):
            unsure += 1
            continue
        same = want.get("text") == got.get("text") and ("error" in want) == ("error" in got)
        if same and want.get("error") is not None:
            same = want["error"] == got["error"]
        if not same:
            wrong += 1
            if wrong <= 20:
                print("template:", repr(source), "\n  jinja2:", repr(want), "\n  ours:  ", repr(got))
    print(f"{len(sources)} programs, {wrong} differ, {unsure} left out (they print an address, or we refuse in words)")
    sys.exit(1 if wrong or unsure > len(sources) // 10 else 0)


if __name__ == "__main__":
    main()
