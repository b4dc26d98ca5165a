"""Writes a checkpoint as a Hugging Face folder, then loads it with transformers and checks and measures it.

The logits of transformers' model must be those of our own with the same rounded weights; the folder must stay
under 12 MB; the chat template must render what the model was trained on. The model card gets the held-out
figures that transformers computes from the files, not those of the training.

Examples:
  python tools/demo_model/export.py --to demo
  python tools/demo_model/export.py --to /tmp/preview --quick   # skips the held-out figures
"""

import argparse
import json
import os
import pathlib
import platform
import shutil

import numpy as np
import torch
import transformers
from safetensors.torch import save_file

import checkpoint
import corpus
from evaluate import figures
from model import Llama, Shape
from prepare import END, chat_text

PROMPT = "def read_lines(path):"
MOST_BYTES = 12_000_000
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>\\n' + message['content'] }}"
    "{{ '<|endoftext|>' if message['role'] == 'assistant' else '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"
)


def config(s: Shape) -> dict:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": s.vocabulary,
        "hidden_size": s.hidden,
        "intermediate_size": s.ffn,
        "num_hidden_layers": s.layers,
        "num_attention_heads": s.heads,
        "num_key_value_heads": s.kv_heads,
        "head_dim": s.head_dim,
        "hidden_act": "silu",
        "rms_norm_eps": s.eps,
        "rope_parameters": {"rope_type": "default", "rope_theta": s.rope_theta},
        "max_position_embeddings": s.positions,
        "tie_word_embeddings": True,
        "attention_bias": False,
        "mlp_bias": False,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "dtype": "bfloat16",
    }


TOKENIZER_CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": END,
    "eos_token": END,
    "model_max_length": Shape.positions,
    "clean_up_tokenization_spaces": False,
    "chat_template": CHAT_TEMPLATE,
}
GENERATION_CONFIG = {"bos_token_id": 0, "eos_token_id": 0, "do_sample": False}


def write_json(file: pathlib.Path, value: dict) -> None:
    file.write_text(json.dumps(value, indent=2) + "\n")


def write_folder(model: Llama, work: pathlib.Path, folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: p.detach().to(torch.bfloat16).contiguous() for name, p in model.state_dict().items()}
    new = folder / "model.safetensors.new"
    save_file(weights, new, metadata={"format": "pt"})
    os.replace(new, folder / "model.safetensors")  # a reader that has mapped the old file keeps it
    write_json(folder / "config.json", config(model.shape))
    write_json(folder / "generation_config.json", GENERATION_CONFIG)
    write_json(folder / "tokenizer_config.json", TOKENIZER_CONFIG)
    shutil.copyfile(work / "tokenizer.json", folder / "tokenizer.json")
    shutil.copyfile(corpus.library_folder() / "LICENSE.txt", folder / "LICENSE")
    for file in folder.iterdir():
        file.chmod(0o644)


@torch.no_grad()
def check(folder: pathlib.Path, own: Llama, work: pathlib.Path):
    """transformers' model and tokenizer of the folder, after comparing them with ours; exits if they differ."""
    theirs = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    own.load_state_dict({name: p.to(torch.bfloat16).float() for name, p in own.state_dict().items()})
    tokens = torch.from_numpy(np.fromfile(work / "held_out.bin", dtype=np.uint16)[:300].astype(np.int64))[None]
    difference = (theirs(tokens).logits - own(tokens)).abs().max().item()
    print(f"largest difference of a logit from transformers: {difference:.1e}")
    if not difference < 1e-3:
        raise SystemExit("the exported model is not the trained one")
    rendered = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}], tokenize=False)
    if rendered != chat_text("Q", "A") + END:
        raise SystemExit(f"the chat template renders {rendered!r}, not what the model was trained on")
    text = "def f(x):\n    return 'ä€😀'  # \t end"
    if tokenizer.decode(tokenizer(text)["input_ids"]) != text:
        raise SystemExit("the tokenizer does not give back what it was given")
    return theirs, tokenizer


@torch.no_grad()
def held_out_loss(model, file: pathlib.Path, context: int) -> float:
    tokens = torch.from_numpy(np.fromfile(file, dtype=np.uint16).astype(np.int64))
    total = 0.0
    for start in range(0, len(tokens) - 1, context):
        window = tokens[start : start + context + 1]
        logits = model(window[None, :-1]).logits[0]
        total += torch.nn.functional.cross_entropy(logits, window[1:], reduction="sum").item()
    return total / (len(tokens) - 1)


def complete(model, tokenizer, prompt: str, count: int) -> str:
    tokens = tokenizer(prompt, return_tensors="pt")
    generated = model.generate(**tokens, max_new_tokens=count, do_sample=False)
    return tokenizer.decode(generated[0], skip_special_tokens=True)


def windows_words(state: dict) -> str:
    """Which context lengths were trained, and with how much of the tokens each."""
    shares = [f"{context} ({100 * count * context / state['seen']:.0f} %)" for context, count in state["taken"].items()]
    return ", then ".join(shares) + " tokens"


def machine_words() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{torch.get_num_threads()} CPU cores ({platform.machine()}) that other work shared"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("build/demo_model"), help="work folder")
    parser.add_argument("--to", type=pathlib.Path, required=True, help="folder to write")
    parser.add_argument("--context", type=int, default=Shape.positions, help="tokens per held-out window")
    parser.add_argument("--quick", action="store_true", help="no held-out figures and no model card")
    args = parser.parse_args()
    state = checkpoint.load(args.work)
    if state is None:
        raise SystemExit(f"{args.work} has no {checkpoint.NAME}: run train.py first")
    own = Llama(Shape(**state["shape"])).eval()
    own.load_state_dict(state["model"])
    write_folder(own, args.work, args.to)
    theirs, tokenizer = check(args.to, own, args.work)
    completion = complete(theirs, tokenizer, PROMPT, 64)
    print(completion)
    if not args.quick:
        facts = json.loads((args.work / "corpus.json").read_text())
        loss = held_out_loss(theirs, args.work / "held_out.bin", args.context)
        measured = figures(loss, facts["held_out_tokens"], facts["held_out_bytes"])
        print(json.dumps(measured, indent=2))
        template = pathlib.Path(__file__).with_name("model_card.md.in").read_text()
        (args.to / "README.md").write_text(template.format(
            **facts, **state["shape"], **measured, context=args.context, completion=completion.rstrip(),
            parameters=f"{sum(p.numel() for p in own.parameters()):,}", seen=f"{state['seen']:,}",
            epochs=state["seen"] / facts["train_tokens"], steps=state["step"], minutes=state["elapsed"] / 60,
            windows=windows_words(state),
            model_bytes=f"{(args.to / 'model.safetensors').stat().st_size:,}", machine=machine_words(),
            transformers=transformers.__version__))
    size = sum(f.stat().st_size for f in args.to.iterdir())
    print(f"{args.to}: {size:,} bytes")
    if size > MOST_BYTES:
        raise SystemExit(f"{args.to} has {size:,} bytes; at most {MOST_BYTES:,} are allowed")


if __name__ == "__main__":
    main()
