"""Trains the demo model; saves a checkpoint every --save-every seconds and goes on from there.

Run prepare.py first. With --minutes the schedule follows the training's own time (time between a cut and the
next start does not count), so that it ends when it must; with --tokens it follows the tokens seen, and a
training that was cut off and resumed ends with the same weights as one that was not. SIGTERM and Ctrl-C save
and stop. A GPU is used if there is one.

Examples:
  python tools/demo_model/train.py --minutes 75
  nice -n 19 python tools/demo_model/train.py --minutes 75 --threads 2 > train.log 2>&1 &
  python tools/demo_model/train.py --minutes 90          # resumes; the budget may be another one
  python tools/demo_model/train.py --tokens 2000000 --no-compile --fresh
"""

import argparse
import dataclasses
import json
import pathlib
import signal
import time

import torch

import checkpoint
from batches import Batches
from evaluate import held_out_loss
from model import Llama, Shape
from schedule import Budget, context_length, learning_rate

SEED = 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=float, help="budget in minutes of training, over all starts")
    budget.add_argument("--tokens", type=int, help="budget in tokens seen, over all starts")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("build/demo_model"), help="work folder")
    parser.add_argument("--batch-tokens", type=int, default=8192, help="tokens per step (default %(default)s)")
    parser.add_argument("--context", type=int, default=256, help="tokens per window (default %(default)s)")
    parser.add_argument("--long-context", type=int, default=2048, help="the same at the end (default %(default)s)")
    parser.add_argument("--long-from", type=float, default=0.8, help="progress where that begins (default %(default)s)")
    parser.add_argument("--rate", type=float, default=3e-3, help="peak learning rate (default %(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (default: torch's choice)")
    parser.add_argument("--save-every", type=float, default=120, help="seconds between checkpoints")
    parser.add_argument("--report-every", type=float, default=15, help="seconds between progress lines")
    parser.add_argument("--steps-per-save", type=int, default=0, help="save after so many steps instead (for tests)")
    parser.add_argument("--no-compile", action="store_true", help="do without torch.compile (slower, starts at once)")
    parser.add_argument("--fresh", action="store_true", help="ignore the checkpoint of an earlier training")
    return parser.parse_args()


class Training:
    """Everything that a checkpoint holds: weights, optimizer, windows taken per context, tokens, seconds."""

    def __init__(self, args: argparse.Namespace, device: str):
        self.device = device
        torch.manual_seed(SEED)
        self.model = Llama(Shape())
        self.model.initialize(SEED)
        self.model.to(device)
        matrices = [p for p in self.model.parameters() if p.dim() == 2]
        vectors = [p for p in self.model.parameters() if p.dim() < 2]
        groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=args.rate, betas=(0.9, 0.95), fused=True)
        self.taken: dict[int, int] = {}
        self.seen = 0
        self.step = 0
        self.elapsed = 0.0
        self._since = time.monotonic()

    def seconds(self) -> float:
        return self.elapsed + time.monotonic() - self._since

    def state(self) -> dict:
        return {
            "shape": dataclasses.asdict(self.model.shape),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "taken": self.taken,
            "seen": self.seen,
            "step": self.step,
            "elapsed": self.seconds(),
        }

    def restore(self, state: dict) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        self.taken, self.seen, self.step = state["taken"], state["seen"], state["step"]
        self.elapsed = state["elapsed"]
        self._since = time.monotonic()


def run(args: argparse.Namespace) -> None:
    for file in ("train.bin", "held_out.bin"):
        if not (args.work / file).exists():
            raise SystemExit(f"{args.work} has no {file}: run prepare.py --work {args.work} first")
    if args.threads:
        torch.set_num_threads(args.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    training = Training(args, device)
    saved = None if args.fresh else checkpoint.load(args.work)
    if saved:
        training.restore(saved)
        print(f"resumed at step {training.step}, {training.seen:,} tokens, {training.elapsed / 60:.1f} min", flush=True)
    model = training.model
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters on {device}", flush=True)
    compute_loss = model.loss if args.no_compile else torch.compile(model.loss, dynamic=False)
    budget = Budget(None if args.minutes is None else args.minutes * 60, args.tokens)
    data: dict[int, Batches] = {}
    stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda n, frame: stop.append(n))
    log = open(args.work / "log.jsonl", "a")
    saved_at = reported_at = training.seconds()
    reported_seen, losses = training.seen, []

    def save() -> None:
        checkpoint.save(args.work, training.state())
        loss = held_out_loss(model, args.work / "held_out.bin", args.context, device, most_windows=32)
        print(f"saved at step {training.step}; loss on the first held-out windows {loss:.3f}", flush=True)
        log.write(json.dumps({"seen": training.seen, "seconds": round(training.seconds()), "held_out": loss}) + "\n")
        log.flush()

    while not stop and (progress := budget.progress(training.seconds(), training.seen)) < 1:
        context = context_length(progress, args.context, args.long_context, args.long_from)
        if context not in data:
            data[context] = Batches(args.work / "train.bin", context, SEED)
        rows = max(1, args.batch_tokens // context)
        first = training.taken.get(context, 0)
        tokens, following = (t.to(device) for t in data[context].batch(first, rows))
        with torch.autocast(device, torch.bfloat16):
            loss = compute_loss(tokens, following)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        rate = learning_rate(progress, args.rate)
        for group in training.optimizer.param_groups:
            group["lr"] = rate
        training.optimizer.step()
        training.optimizer.zero_grad(set_to_none=True)
        training.taken[context] = first + rows
        training.seen += tokens.numel()
        training.step += 1
        losses.append(loss.detach())

        now = training.seconds()
        if now - reported_at >= args.report_every:
            mean = torch.stack(losses).mean().item()
            speed = (training.seen - reported_seen) / (now - reported_at)
            left = budget.seconds - now if budget.seconds else (budget.tokens - training.seen) / speed
            print(f"step {training.step}  {progress:6.1%}  loss {mean:.3f}  rate {rate:.1e}  context {context}  "
                  f"{training.seen / 1e6:.2f} M tokens  {speed:,.0f} tokens/s  {left / 60:.0f} min left", flush=True)
            reported_at, reported_seen, losses = now, training.seen, []
        due = training.step % args.steps_per_save == 0 if args.steps_per_save else now - saved_at >= args.save_every
        if due:
            save()
            saved_at = training.seconds()
    save()
    print("stopped by a signal" if stop else "finished", flush=True)


if __name__ == "__main__":
    run(arguments())
