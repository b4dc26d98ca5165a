"""Loss and perplexity on the held-out files, per token and per byte.

Each window is one context long and the next begins where it ends, so the tokens at a window's start are
predicted from little: the figures are upper bounds. Tokens include the <|endoftext|> of each file.

Example:
  python tools/demo_model/evaluate.py --work build/demo_model --context 2048
"""

import argparse
import json
import math
import pathlib

import numpy as np
import torch

import checkpoint
from model import Llama, Shape


@torch.no_grad()
def held_out_loss(model: Llama, file: pathlib.Path, context: int, device: str, most_windows: int = 0) -> float:
    """Mean nats per token over the file, or over its first most_windows windows."""
    tokens = torch.from_numpy(np.fromfile(file, dtype=np.uint16).astype(np.int64))
    starts = range(0, len(tokens) - 1, context)
    if most_windows:
        starts = starts[:most_windows]
    total, count = 0.0, 0
    for start in starts:
        window = tokens[start : start + context + 1].to(device)
        with torch.autocast(device, torch.bfloat16):
            loss = model.loss(window[None, :-1], window[None, 1:])
        total += loss.item() * (len(window) - 1)
        count += len(window) - 1
    return total / count


def figures(loss: float, tokens: int, size: int) -> dict:
    per_byte = loss * tokens / size
    return {
        "loss_per_token": round(loss, 4),
        "perplexity_per_token": round(math.exp(loss), 3),
        "loss_per_byte": round(per_byte, 4),
        "perplexity_per_byte": round(math.exp(per_byte), 4),
        "bits_per_byte": round(per_byte / math.log(2), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("build/demo_model"), help="work folder")
    parser.add_argument("--context", type=int, default=Shape.positions, help="tokens per window")
    args = parser.parse_args()
    state = checkpoint.load(args.work)
    if state is None:
        raise SystemExit(f"{args.work} has no {checkpoint.NAME}: run train.py first")
    model = Llama(Shape(**state["shape"]))
    model.load_state_dict(state["model"])
    facts = json.loads((args.work / "corpus.json").read_text())
    loss = held_out_loss(model, args.work / "held_out.bin", args.context, "cpu")
    result = figures(loss, facts["held_out_tokens"], facts["held_out_bytes"])
    print(json.dumps({"context": args.context, "tokens_seen": state["seen"], **result}, indent=2))


if __name__ == "__main__":
    main()
