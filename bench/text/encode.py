"""Encoding beside HF tokenizers, one thread each: MB a second of processor time, medians of 5 rounds over the same documents.

    build/venv/bin/python bench/text/encode.py build/release/bench/bench_text_encode FOLDER... [--train 50000]

--train also measures a vocabulary of a published size: GPT-2's pipeline, trained for it on the same sources.

The texts come from this machine's Python: English is the docstrings of its standard library, code its sources, in documents
of at most 16 KiB, about a megabyte each; the word is a megabyte of letters without a space.
"""

import argparse
import ast
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: E402  (reads the environment)

SIZE = 1 << 20


def documents(texts):
    """Of at most 16 KiB, cut at ends of lines."""
    lines = (line for text in texts for line in text.splitlines(keepends=True))
    total, now = 0, ""
    for line in lines:
        if len(now) + len(line) > 16384:
            yield now
            total += len(now)
            now = ""
            if total > SIZE:
                return
        now += line


def texts():
    sources = []
    for path in sorted(pathlib.Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        sources.append(path.read_text(encoding="utf-8", errors="ignore"))
    docs = []
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                docs.append((ast.get_docstring(node) or "") + "\n")
    letters = random.Random(1).choices("etaoinshrdlcumwfgypbvk", k=SIZE)
    return {"English": list(documents(docs)), "code": list(documents(sources)), "one word": ["".join(letters)]}


def theirs(tokenizer, texts):
    seconds = []
    for _ in range(6):
        begin = time.process_time()
        ids = sum(len(tokenizer.encode(t)) for t in texts)
        seconds.append(time.process_time() - begin)
    return ids, statistics.median(seconds[1:])


def trained(size, folder):
    """A byte-level BPE of `size` tokens in `folder`."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    library = pathlib.Path(sysconfig.get_paths()["stdlib"])
    sources = (p.read_text(encoding="utf-8", errors="ignore") for p in sorted(library.rglob("*.py"))
               if "site-packages" not in p.parts)
    tokenizer.train_from_iterator(sources, trainer)
    path = folder / f"{tokenizer.get_vocab_size()} tokens"
    path.mkdir()
    tokenizer.save(str(path / "tokenizer.json"))
    return path


def row(workbench, model, name, docs, folder):
    file = folder / "text"
    file.write_text("".join(json.dumps(d) + "\n" for d in docs))
    run = subprocess.run([workbench, model, file], capture_output=True, text=True, check=True)
    size, ids, ours = run.stdout.split()
    converted = model / "converted.json"
    hf = Tokenizer.from_file(str(converted if converted.exists() else model / "tokenizer.json"))
    their_ids, seconds = theirs(hf, docs)
    if int(ids) != their_ids:
        sys.exit(f"{model}: {ids} ids, HF tokenizers has {their_ids}")
    mb = int(size) / 1e6
    print(f"{model.name:12} {name:9} {mb / float(ours):7.1f} {mb / seconds:7.1f} {seconds / float(ours):6.1f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("workbench")
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--train", type=int, metavar="TOKENS")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        measured = options.folders + ([trained(options.train, folder)] if options.train else [])
        print(f"load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores before; MB/s of a core")
        print(f"{'':12} {'text':9} {'quire':>7} {'HF':>7} {'ratio':>6}")
        for name, docs in texts().items():
            for model in measured:
                row(options.workbench, model, name, docs, folder)
    print(f"load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
