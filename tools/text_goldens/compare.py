"""Compares `quire tokenize` with HF tokenizers on fresh random strings and ids: every id, every text.

    build/venv/bin/python tools/text_goldens/compare.py build/release/quire FOLDER... [--count 2000] [--odd 300] [--seed N]

FOLDER holds a tokenizer.json, or a tokenizer.model and the tokenizer.json that transformers makes of it as converted.json
(tests/text/goldens/* do). Exit status 1 and the first differences if there are any.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from tokenizers import Tokenizer

import odd_pipelines
import strings


def cases(tokenizer, seed, count):
    """The lines for `quire tokenize`, and what HF tokenizers says to each."""
    specials = [a.content for a in tokenizer.get_added_tokens_decoder().values()]
    for s in strings.strings(seed, count, specials):
        for special in (True, False):
            encoding = tokenizer.encode(s, add_special_tokens=special)
            tokens = [tokenizer.id_to_token(i) for i in encoding.ids]
            yield {"text": s, "add_special_tokens": special}, {"ids": encoding.ids, "tokens": tokens}
    rng = random.Random(f"ids {seed}")
    size = tokenizer.get_vocab_size()
    spellings = [tokenizer.id_to_token(i) or "" for i in range(size)]
    single = [i for i, s in enumerate(spellings) if len(s) == 1 or s.startswith("<0x")] or [0]
    for _ in range(count):
        ids = [rng.choice(single) if rng.random() < 0.5 else rng.randrange(size + 2) for _ in range(rng.randint(0, 20))]
        for skip in (True, False):
            yield ({"ids": ids, "skip_special_tokens": skip}, {"text": tokenizer.decode(ids, skip_special_tokens=skip)})


def compare(binary, folder, seed, count):
    converted = folder / "converted.json"  # of a tokenizer.model
    tokenizer = Tokenizer.from_file(str(converted if converted.exists() else folder / "tokenizer.json"))
    asked = list(cases(tokenizer, seed, count))
    lines = "".join(json.dumps({"id": i, **line}) + "\n" for i, (line, _) in enumerate(asked))
    run = subprocess.run([binary, "tokenize", str(folder)], input=lines.encode(), capture_output=True, check=False)
    answers = [json.loads(line) for line in run.stdout.decode().split("\n") if line]
    if len(answers) != len(asked):
        sys.exit(f"{folder}: {len(asked)} lines in, {len(answers)} out: {run.stderr.decode(errors='replace').strip()[-500:]}")
    wrong = [(line, wanted, answer) for (line, wanted), answer in zip(asked, answers)
             if any(answer.get(k) != v for k, v in wanted.items())]
    for line, wanted, answer in wrong[:5]:
        print(f"{folder.name}: {line}\n  HF tokenizers: {wanted}\n  quire:         {answer}")
    print(f"{folder.name}: {len(asked)} lines compared, {len(wrong)} differ")
    return len(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary")
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--odd", type=int, default=0, help="so many strings with each of odd_pipelines.py too")
    parser.add_argument("--seed", default=str(time.time_ns()))
    options = parser.parse_args()
    print(f"--seed {options.seed}")
    wrong = sum(compare(options.binary, f, options.seed, options.count) for f in options.folders)
    with tempfile.TemporaryDirectory() as folder:
        for name, tokenizer in odd_pipelines.kinds() if options.odd else ():
            (pathlib.Path(folder) / name).mkdir()
            tokenizer.save(f"{folder}/{name}/tokenizer.json")
            # The other kinds have a folder of their own.
            count = options.count if name == "wordlevel" else options.odd
            wrong += compare(options.binary, pathlib.Path(folder) / name, options.seed, count)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
