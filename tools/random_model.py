#!/usr/bin/env python3
"""Writes a model folder of a given shape with random weights and the demo's tokenizer, to measure servers with.

Weights are bfloat16 of about the spread that training starts from; the same seed gives the same bytes. The
vocabulary is filled up with made-up words, so that whatever is sampled has a text. With --gguf the same weights are
also written for llama.cpp; their rows are not put into its rotary order, so texts differ and times do not. Needs
nothing but Python; 1.24 billion parameters take about 2.5 GB and half a minute.

Examples:
  tools/random_model.py --to /tmp/b
  tools/random_model.py --shape bench/shapes/B --to /tmp/b --gguf
"""

import argparse
import json
import math
import pathlib
import random
import struct

ROOT = pathlib.Path(__file__).resolve().parent.parent

# A bfloat16 is sign, 8 bits of exponent, 7 of mantissa. Any two random bytes become +-[2^-6, 2^-5): a spread of 0.024.
LOW = bytes(b | 0x80 for b in range(256))
HIGH = bytes(b & 0x80 | 0x3C for b in range(256))
ONE = struct.pack("<H", 0x3F80)
CHUNK = 1 << 24


def tensors(c):
    """Name here, name in GGUF, shape (rows first), is it a norm: in the order of the file."""
    hidden, heads, kv = c["hidden_size"], c["num_attention_heads"], c["num_key_value_heads"]
    head, wide = c.get("head_dim", hidden // heads), c["intermediate_size"]
    yield "model.embed_tokens.weight", "token_embd.weight", (c["vocab_size"], hidden), False
    for i in range(c["num_hidden_layers"]):
        for name, gguf, shape in [("input_layernorm", "attn_norm", (hidden,)),
                                  ("self_attn.q_proj", "attn_q", (heads * head, hidden)),
                                  ("self_attn.k_proj", "attn_k", (kv * head, hidden)),
                                  ("self_attn.v_proj", "attn_v", (kv * head, hidden)),
                                  ("self_attn.o_proj", "attn_output", (hidden, heads * head)),
                                  ("post_attention_layernorm", "ffn_norm", (hidden,)),
                                  ("mlp.gate_proj", "ffn_gate", (wide, hidden)),
                                  ("mlp.up_proj", "ffn_up", (wide, hidden)),
                                  ("mlp.down_proj", "ffn_down", (hidden, wide))]:
            yield f"model.layers.{i}.{name}.weight", f"blk.{i}.{gguf}.weight", shape, len(shape) == 1
    yield "model.norm.weight", "output_norm.weight", (hidden,), True
    if not c.get("tie_word_embeddings"):
        yield "lm_head.weight", "output.weight", (c["vocab_size"], hidden), False


def random_weights(rng, count):
    """`count` random bfloat16, in pieces."""
    while count > 0:
        n = min(count, CHUNK)
        raw = rng.randbytes(2 * n)
        piece = bytearray(2 * n)
        piece[0::2] = raw[:n].translate(LOW)
        piece[1::2] = raw[n:].translate(HIGH)
        yield piece
        count -= n


def write_safetensors(path, config, seed):
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, _, shape, _ in tensors(config):
        size = 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    rng = random.Random(seed)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for _, _, shape, norm in tensors(config):
            for piece in [ONE * math.prod(shape)] if norm else random_weights(rng, math.prod(shape)):
                f.write(piece)


def filled_up(tokenizer, size):
    vocab = tokenizer["model"]["vocab"]
    added = {t["id"] for t in tokenizer["added_tokens"]}
    used = set(vocab.values()) | added
    for i in range(size):
        if i not in used:
            vocab[f"\u0120w{i}"] = i  # the G with a dot is how byte-level vocabularies spell a blank
    return tokenizer


def rope_factors(config):
    """llama3's: long waves are stretched, short ones stay."""
    rope = config.get("rope_parameters") or {}
    if rope.get("rope_type") != "llama3":
        return None
    head = config.get("head_dim", config["hidden_size"] // config["num_attention_heads"])
    low, high, factor = rope["low_freq_factor"], rope["high_freq_factor"], rope["factor"]
    old, out = rope["original_max_position_embeddings"], []
    for i in range(0, head, 2):
        wave = 2 * math.pi * rope["rope_theta"] ** (i / head)
        if wave < old / high:
            out.append(1.0)
        elif wave > old / low:
            out.append(factor)
        else:
            smooth = (old / wave - low) / (high - low)
            out.append(1 / ((1 - smooth) / factor + smooth))
    return out


def write_gguf(path, config, tokenizer, chat_template, seed):
    U32, I32, F32, BOOL, STR, ARRAY, F32_TENSOR, BF16_TENSOR, ALIGN = 4, 5, 6, 7, 8, 9, 0, 30, 32

    def text(s):
        raw = s.encode()
        return struct.pack("<Q", len(raw)) + raw

    def value(kind, v):
        return {U32: lambda: struct.pack("<I", v), I32: lambda: struct.pack("<i", v), F32: lambda: struct.pack("<f", v),
                BOOL: lambda: struct.pack("<B", v), STR: lambda: text(v)}[kind]()

    pairs = []

    def say(key, kind, v):
        pairs.append(text(key) + struct.pack("<I", kind) + value(kind, v))

    def say_all(key, kind, values):
        body = b"".join(value(kind, v) for v in values)
        pairs.append(text(key) + struct.pack("<IIQ", ARRAY, kind, len(values)) + body)

    heads = config["num_attention_heads"]
    head = config.get("head_dim", config["hidden_size"] // heads)
    say("general.architecture", STR, "llama")
    say("general.name", STR, "random")
    say("general.file_type", U32, 32)  # mostly bfloat16
    for key, name in [("context_length", "max_position_embeddings"), ("embedding_length", "hidden_size"),
                      ("block_count", "num_hidden_layers"), ("feed_forward_length", "intermediate_size"),
                      ("attention.head_count", "num_attention_heads"),
                      ("attention.head_count_kv", "num_key_value_heads"), ("vocab_size", "vocab_size")]:
        say("llama." + key, U32, config[name])
    for key in ["attention.key_length", "attention.value_length", "rope.dimension_count"]:
        say("llama." + key, U32, head)
    say("llama.attention.layer_norm_rms_epsilon", F32, config["rms_norm_eps"])
    say("llama.rope.freq_base", F32, (config.get("rope_parameters") or {}).get("rope_theta", 10000.0))
    tokens, kinds = [""] * config["vocab_size"], [1] * config["vocab_size"]
    for spelling, i in tokenizer["model"]["vocab"].items():
        tokens[i] = spelling
    for t in tokenizer["added_tokens"]:
        tokens[t["id"]], kinds[t["id"]] = t["content"], 3 if t.get("special") else 4
    say("tokenizer.ggml.model", STR, "gpt2")
    say("tokenizer.ggml.pre", STR, "gpt-2")
    say_all("tokenizer.ggml.tokens", STR, tokens)
    say_all("tokenizer.ggml.token_type", I32, kinds)
    say_all("tokenizer.ggml.merges", STR, [" ".join(m) if isinstance(m, list) else m for m in tokenizer["model"]["merges"]])
    end = tokenizer["added_tokens"][0]["id"] if tokenizer["added_tokens"] else 0
    say("tokenizer.ggml.bos_token_id", U32, end)
    say("tokenizer.ggml.eos_token_id", U32, end)
    say("tokenizer.ggml.add_bos_token", BOOL, False)
    if chat_template:
        say("tokenizer.chat_template", STR, chat_template)

    factors = rope_factors(config)
    files = [(gguf, shape, norm, F32_TENSOR if norm else BF16_TENSOR) for _, gguf, shape, norm in tensors(config)]
    if factors:
        files.append(("rope_freqs.weight", (len(factors),), True, F32_TENSOR))
    infos, at = [], 0
    for name, shape, _, kind in files:
        infos.append(text(name) + struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", n) for n in reversed(shape)) +
                     struct.pack("<IQ", kind, at))
        at += (math.prod(shape) * (4 if kind == F32_TENSOR else 2) + ALIGN - 1) // ALIGN * ALIGN
    rng = random.Random(seed)
    with open(path, "wb") as f:
        f.write(b"GGUF" + struct.pack("<IQQ", 3, len(files), len(pairs)) + b"".join(pairs) + b"".join(infos))
        f.write(b"\0" * (-f.tell() % ALIGN))
        for name, shape, norm, _ in files:
            if name == "rope_freqs.weight":
                f.write(struct.pack(f"<{len(factors)}f", *factors))
            elif norm:
                f.write(struct.pack("<f", 1.0) * math.prod(shape))
            else:
                for piece in random_weights(rng, math.prod(shape)):
                    f.write(piece)
            f.write(b"\0" * (-f.tell() % ALIGN))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", type=pathlib.Path, default=ROOT / "bench/shapes/B", help="folder with a config.json of a llama")
    parser.add_argument("--tokenizer", type=pathlib.Path, default=ROOT / "demo", help="folder with a byte-level tokenizer.json")
    parser.add_argument("--to", type=pathlib.Path, required=True)
    parser.add_argument("--gguf", action="store_true", help="also model.gguf")
    parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    config = json.loads((a.shape / "config.json").read_text())
    if config["architectures"] != ["LlamaForCausalLM"]:
        parser.error(f"{a.shape} is {config['architectures']}; only LlamaForCausalLM is known")
    tokenizer = json.loads((a.tokenizer / "tokenizer.json").read_text())
    about = json.loads((a.tokenizer / "tokenizer_config.json").read_text())
    end = tokenizer["added_tokens"][0]["id"]
    config["bos_token_id"] = config["eos_token_id"] = end  # the tokenizer's, not the shape's
    about["model_max_length"] = config["max_position_embeddings"]
    a.to.mkdir(parents=True, exist_ok=True)
    tokenizer = filled_up(tokenizer, config["vocab_size"])
    (a.to / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    (a.to / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
    (a.to / "tokenizer_config.json").write_text(json.dumps(about, indent=1) + "\n")
    write_safetensors(a.to / "model.safetensors", config, a.seed)
    if a.gguf:
        write_gguf(a.to / "model.gguf", config, tokenizer, about.get("chat_template"), a.seed)


if __name__ == "__main__":
    main()
