"""Random cases in odd shapes and settings: what nobody thought of writing into cases.py."""

import random

import spellings as old
from cases import Case, rope

FAMILIES = ("Llama", "Mistral", "Mixtral", "Qwen2", "Qwen3", "Qwen3Moe", "Gemma2", "Gemma3Text")


def odd_rope(r):
    theta, length = r.choice((500.0, 1e4, 5e5, 1e6, 12345.6)), r.choice((16, 32, 64, 100))
    kind = r.choice(("default", "linear", "llama3", "yarn", "yarn"))
    if kind == "linear":
        return rope(kind, theta, factor=r.choice((1.5, 2, 8.0)))
    if kind == "llama3":
        return rope(kind, theta, factor=r.choice((2.0, 8.0, 32)), low_freq_factor=r.choice((1, 1.0, 0.5)),
                    high_freq_factor=r.choice((2, 4.0)), original_max_position_embeddings=length)
    more = {}
    if kind == "yarn":
        more = dict(factor=r.choice((1.0, 2.5, 4, 8.0)), original_max_position_embeddings=length)
        for chance in (dict(attention_factor=r.choice((0.8, 1.2))), dict(beta_fast=r.choice((16, 8.5)), beta_slow=2),
                       dict(truncate=r.random() < 0.5), dict(mscale=0.7, mscale_all_dim=r.choice((0.0, 0.5, 1.0)))):
            if r.random() < 0.3:
                more |= chance
    return rope(kind, theta, **more)


def odd_shape(r):
    kv = r.choice((1, 2, 3))
    heads = kv * r.choice((1, 2, 3, 5))
    width = r.choice((16, 27, 40, 70))  # a narrower one is chaotic in float32 already
    return dict(vocab_size=r.choice((97, 128, 301, 513)), hidden_size=width + -width % heads,
                intermediate_size=r.choice((1, 7, 32, 65, 130)), num_hidden_layers=r.choice((1, 2, 3)),
                num_attention_heads=heads, num_key_value_heads=kv, head_dim=r.choice((4, 8, 10, 16, 24, 34, 40, 66)),
                max_position_embeddings=r.choice((64, 128, 1000)), rms_norm_eps=r.choice((1e-6, 1e-5, 1e-3)),
                tie_word_embeddings=r.random() < 0.4, bos_token_id=1, eos_token_id=2, pad_token_id=None,
                rope_parameters=odd_rope(r))


def odd_layer_types(r, fields):
    return [r.choice(("sliding_attention", "full_attention")) for _ in range(fields["num_hidden_layers"])]


def odd_experts(r, count_field):
    experts = r.choice((2, 3, 5, 8))
    return {count_field: experts, "num_experts_per_tok": r.randint(1, experts)}


def odd_fields(r, family):
    f = odd_shape(r)
    act = "hidden_activation" if family.startswith("Gemma") else "hidden_act"
    f[act] = r.choice(("silu", "swish", "gelu", "gelu_pytorch_tanh", "gelu_new", "relu2"))
    if family in ("Llama", "Qwen3", "Qwen3Moe", "Gemma2", "Gemma3Text"):
        f["attention_bias"] = r.random() < 0.4
    if family == "Llama":
        f["mlp_bias"] = r.random() < 0.5
    if family in ("Mistral", "Mixtral"):
        f["sliding_window"] = r.choice((None, 1, 2, 13, 16, 17, 40))
    if family.startswith("Qwen"):
        f |= dict(use_sliding_window=r.random() < 0.6, sliding_window=r.choice((None, 1, 7, 16)))
    if family in ("Qwen2", "Qwen3"):
        f["max_window_layers"] = r.choice((0, 1, 2, 28))
        if f["use_sliding_window"] and f["sliding_window"] and r.random() < 0.4:
            f["layer_types"] = odd_layer_types(r, f)
    if family == "Mixtral":
        f |= odd_experts(r, "num_local_experts")
    if family == "Qwen3Moe":
        f |= odd_experts(r, "num_experts")
        f |= dict(moe_intermediate_size=r.choice((3, 16, 33)), decoder_sparse_step=r.choice((1, 1, 2)),
                  mlp_only_layers=r.choice(([], [0], None)), norm_topk_prob=r.random() < 0.5)
    if family.startswith("Gemma"):
        f |= dict(sliding_window=r.choice((1, 6, 16, 40)), query_pre_attn_scalar=r.choice((8, 24, 64)),
                  final_logit_softcapping=r.choice((None, 2.0, 30.0)),
                  intermediate_size=max(7, f["intermediate_size"]))  # the norm after a narrower mlp magnifies rounding
        if r.random() < 0.5:
            f["layer_types"] = odd_layer_types(r, f)
    if family == "Gemma2":
        f["attn_logit_softcapping"] = r.choice((None, 1.5, 50.0))
    if family == "Gemma3Text":
        f["rope_parameters"] = {"full_attention": odd_rope(r), "sliding_attention": odd_rope(r)}
        for settings in f["rope_parameters"].values():
            settings.pop("truncate", None)  # transformers 5.23 does not look for it inside nested settings
    return f


def odd_spelling(r, family, fields):
    s = []
    if family != "Gemma3Text" and r.random() < 0.6:
        s.append(r.choice((old.rope_with_type, old.rope_with_rope_type)))
    if family in ("Qwen2", "Qwen3") and "layer_types" not in fields and r.random() < 0.6:
        s.append(old.no_layer_types)
    if family == "Qwen3Moe" and r.random() < 0.5:
        s.append(old.hub_experts)
    if r.random() < 0.5:
        s.append(old.torch_dtype)
    return tuple(s)


def odd_case(seed, number):
    r = random.Random(f"{seed} {number}")
    family = FAMILIES[number % len(FAMILIES)]
    fields = odd_fields(r, family)
    return Case(f"odd{number:03}_{family.lower()}", family + "Config", fields, prompt=r.choice((18, 33, 60)), greedy=8,
                dtype=r.choice(("float32", "float16", "bfloat16")), spelling=odd_spelling(r, family, fields),
                norm_centre=0.0 if family.startswith("Gemma") else 1.0,
                stacked=family in ("Mixtral", "Qwen3Moe") and r.random() < 0.3)
