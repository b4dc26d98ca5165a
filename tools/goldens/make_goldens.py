#!/usr/bin/env python3
"""Makes the golden cases: tiny random checkpoints of every family and what transformers says about them.

examples:
  build/venv/bin/python tools/goldens/make_goldens.py                         all cases, into tests/goldens
  build/venv/bin/python tools/goldens/make_goldens.py --case llama3 gemma2    some of them
  build/venv/bin/python tools/goldens/make_goldens.py --seed 7 --out /tmp/g   other weights and prompts
  build/venv/bin/python tools/goldens/make_goldens.py --odd 100 --out /tmp/g  a hundred odd configs instead
  QUIRE_GOLDENS=/tmp/g build/release/tests/test_models                        judges either
"""

import argparse
import json
import pathlib
import shutil
import sys

import torch
import transformers

import truth
import weights
from cases import CASES
from odd_cases import odd_case

COMMITTED = pathlib.Path(__file__).parents[2] / "tests" / "goldens"


# A route that a rounding can flip judges no arithmetic: the error is then as large as that of other weights. Cases
# with experts are drawn again until no route is so near to another, in logits, or the nearest is the farthest seen.
CLEAR_ROUTE, DRAWS = 0.04, 100


def draw(case, seed, attempt):
    """A model with the file's values in float32, and a prompt."""
    config = getattr(transformers, case.config)(**case.fields)
    model = transformers.AutoModelForCausalLM.from_config(config, **truth.PLAIN).eval()
    weights.randomize(model, weights.generator(case.name, seed, attempt), case.norm_centre)
    random = weights.generator(case.name, seed, attempt, "prompt")
    prompt = torch.randint(3, case.fields["vocab_size"], (case.prompt,), generator=random)
    return model.to(getattr(torch, case.dtype)).float(), prompt


def draw_clearly(case, seed):
    best = (-1.0, 0)
    for attempt in range(DRAWS):
        model, prompt = draw(case, seed, attempt)
        best = max(best, (truth.closest_route(model, prompt, case.greedy), -attempt))
        if best[0] >= CLEAR_ROUTE:
            break
    return *draw(case, seed, -best[1]), best[0]


def write_checkpoint(case, model, folder):
    """config.json as transformers 5 spells it, and the weights."""
    model.to(getattr(torch, case.dtype))
    model.save_pretrained(folder, max_shard_size=case.shard_bytes or "1GB", save_original_format=not case.stacked)
    (folder / "generation_config.json").unlink(missing_ok=True)


def spell(case, folder):
    """Rewrites config.json; the model that transformers reads from it must not change by a bit."""
    path = folder / "config.json"
    tokens = torch.arange(3, 3 + case.prompt)
    before = truth.logits_of(truth.load(folder, torch.float32), tokens)
    config = json.loads(path.read_text())
    config.pop("transformers_version", None)
    for rewrite in case.spelling:
        rewrite(config)
    path.write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    after = truth.logits_of(truth.load(folder, torch.float32), tokens)
    if not torch.equal(before, after):
        sys.exit(f"{case.name}: transformers reads another model from the rewritten config.json")


def settings_matter(case, folder, tokens, logits):
    """A setting that changes nothing would prove nothing."""
    for key, value in case.changes:
        config = transformers.AutoConfig.from_pretrained(folder)
        fields = {**config.to_dict(), key: value}
        if key in ("max_window_layers", "use_sliding_window"):
            fields.pop("layer_types", None)  # made from it when the file was read
        other = truth.load(folder, torch.float32, type(config)(**fields))
        difference = (truth.logits_of(other, tokens) - logits).abs().max().item()
        if difference < 0.05:
            sys.exit(f"{case.name}: {key} = {value} changes logits by {difference:.1e} only")


def make(case, seed, out):
    folder = out / case.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model, prompt, route = draw_clearly(case, seed)
    write_checkpoint(case, model, folder)
    spell(case, folder)
    tensors, logits = truth.record(folder, prompt, case.greedy)
    settings_matter(case, folder, torch.cat([tensors["prompt"], tensors["greedy"]]).long(), logits)
    truth.save(tensors, folder / "expected.safetensors")
    for file in folder.iterdir():
        file.chmod(0o644)
    size = sum(f.stat().st_size for f in folder.iterdir())
    mean, p90, worst = tensors["bf16_error"].tolist()
    print(f"{case.name:22} {size / 1000:6.0f} kB  logits std {logits.std(dim=-1).mean():.2f}"
          f"  bf16 {mean:.4f} {p90:.4f} {worst:.4f}  f64 {tensors['f64_error'].item():.1e}"
          f"  margin {tensors['margin'].min():.4f}  route {route:.3f}", flush=True)
    return size


def main():
    names = [c.name for c in CASES]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of weights and prompts (default 0)")
    parser.add_argument("--out", type=pathlib.Path, default=COMMITTED,
                        help="folder for the cases (default tests/goldens)")
    parser.add_argument("--case", nargs="+", default=names, choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--odd", type=int, default=0, metavar="N", help="N random odd cases instead of the table's")
    args = parser.parse_args()
    if args.odd and args.out == COMMITTED:
        parser.error("--odd needs --out: the committed goldens are those of the table")
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    cases = [odd_case(args.seed, i) for i in range(args.odd)] or [c for c in CASES if c.name in args.case]
    total = sum(make(c, args.seed, args.out) for c in cases)
    print(f"{total / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
