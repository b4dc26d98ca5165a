"""The table of golden cases: a tiny config of each family, the dtype of its file, and how its config.json is spelt.

A prompt is longer than any window and crosses several KV blocks of 16. Shapes are odd on purpose where a
kernel could take them for granted."""

from dataclasses import dataclass, field

import spellings as old


@dataclass(frozen=True)
class Case:
    name: str
    config: str  # class of transformers
    fields: dict
    dtype: str = "bfloat16"  # of the file
    spelling: tuple = ()  # of config.json, after transformers' own
    prompt: int = 36
    greedy: int = 12
    shard_bytes: int = 0  # 0: one file
    norm_centre: float = 1.0  # 0 where the model computes 1 + weight
    stacked: bool = False  # experts as transformers 5 holds them in memory, not one by one as the hub's files do
    changes: tuple = field(default=())  # fields that must matter: changing one to this value changes the logits


SMALL = dict(vocab_size=211, hidden_size=64, intermediate_size=80, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=256, bos_token_id=1, eos_token_id=2, pad_token_id=None,
             tie_word_embeddings=False)
THIN = SMALL | dict(hidden_size=48, intermediate_size=64)
ALTERNATING = ["sliding_attention", "full_attention"]


def rope(kind="default", theta=10000.0, **more):
    return {"rope_type": kind, "rope_theta": theta, **more}


CASES = (
    Case("llama2", "LlamaConfig", THIN | dict(vocab_size=301, num_key_value_heads=4, rms_norm_eps=1e-5), dtype="float32"),
    Case("llama3", "LlamaConfig",
         SMALL | dict(num_hidden_layers=3, tie_word_embeddings=True,
                      rope_parameters=rope("llama3", 500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                           original_max_position_embeddings=32)),
         prompt=60, changes=(("rope_parameters", rope(theta=500000.0)),)),
    Case("llama_linear", "LlamaConfig", SMALL | dict(rope_parameters=rope("linear", 20000.0, factor=4.0)),
         dtype="float16", spelling=(old.rope_with_type, old.torch_dtype),
         changes=(("rope_parameters", rope(theta=20000.0)),)),
    Case("llama_yarn", "LlamaConfig",
         SMALL | dict(rope_parameters=rope("yarn", 10000.0, factor=8.0, original_max_position_embeddings=32)),
         spelling=(old.rope_with_rope_type, old.torch_dtype), prompt=60,
         changes=(("rope_parameters", rope()),
                  ("rope_parameters", rope("yarn", factor=8.0, original_max_position_embeddings=32,
                                           attention_factor=1.0)))),
    Case("llama_bias", "LlamaConfig", THIN | dict(attention_bias=True, mlp_bias=True),
         spelling=(old.rope_with_rope_type,)),
    Case("llama_odd", "LlamaConfig",
         SMALL | dict(vocab_size=301, hidden_size=42, num_attention_heads=7, num_key_value_heads=1, head_dim=24,
                      intermediate_size=50)),
    Case("llama_head40", "LlamaConfig",
         SMALL | dict(hidden_size=80, num_attention_heads=2, num_key_value_heads=1, head_dim=40), dtype="float16",
         spelling=(old.drop("head_dim"),)),
    Case("llama_sharded", "LlamaConfig", SMALL | dict(num_hidden_layers=3), shard_bytes=100_000),
    # The config ties the head, the file holds another one: transformers 5 believes the file.
    Case("llama_tie_overruled", "LlamaConfig", THIN, spelling=(old.tie,)),
    Case("mistral", "MistralConfig", THIN | dict(head_dim=20, sliding_window=10, rope_parameters=rope(theta=1e6)),
         spelling=(old.rope_with_type, old.torch_dtype), changes=(("sliding_window", 11),)),
    Case("mistral_nowindow", "MistralConfig", THIN | dict(head_dim=32, sliding_window=None)),
    Case("mistral_odd", "MistralConfig",
         SMALL | dict(vocab_size=301, hidden_size=80, num_attention_heads=7, num_key_value_heads=1, head_dim=24, sliding_window=16,
                      intermediate_size=56)),
    Case("qwen2", "Qwen2Config",
         SMALL | dict(num_attention_heads=6, hidden_size=72, tie_word_embeddings=True, sliding_window=8,
                      max_window_layers=1, rope_parameters=rope(theta=1e6)),
         spelling=(old.rope_with_rope_type, old.torch_dtype, old.no_layer_types)),
    Case("qwen2_window", "Qwen2Config",
         THIN | dict(num_hidden_layers=4, use_sliding_window=True, sliding_window=9, max_window_layers=2),
         spelling=(old.no_layer_types,), changes=(("max_window_layers", 3), ("use_sliding_window", False))),
    Case("qwen2_layer_types", "Qwen2Config",
         THIN | dict(use_sliding_window=True, sliding_window=12, max_window_layers=28, layer_types=ALTERNATING),
         changes=(("layer_types", None),)),
    Case("qwen3", "Qwen3Config", SMALL | dict(head_dim=24, rope_parameters=rope(theta=1e6), tie_word_embeddings=True)),
    Case("qwen3_bias", "Qwen3Config",
         THIN | dict(head_dim=16, attention_bias=True,
                     rope_parameters=rope("yarn", 1e6, factor=4.0, original_max_position_embeddings=64)),
         spelling=(old.rope_with_rope_type, old.no_layer_types)),
    Case("qwen3_moe", "Qwen3MoeConfig",
         THIN | dict(num_hidden_layers=4, head_dim=20, num_experts=6, num_experts_per_tok=2, moe_intermediate_size=20,
                     decoder_sparse_step=2, mlp_only_layers=[1], norm_topk_prob=True),
         spelling=(old.hub_experts, old.rope_with_rope_type, old.torch_dtype),
         changes=(("norm_topk_prob", False),)),
    Case("qwen3_moe_norenorm", "Qwen3MoeConfig",
         THIN | dict(head_dim=16, num_experts=8, num_experts_per_tok=3, moe_intermediate_size=20,
                     norm_topk_prob=False, use_sliding_window=True, sliding_window=14), stacked=True,
         changes=(("norm_topk_prob", True), ("sliding_window", 15))),
    Case("mixtral", "MixtralConfig",
         THIN | dict(num_local_experts=4, num_experts_per_tok=2, intermediate_size=32), changes=(("num_experts_per_tok", 1),)),
    Case("mixtral_window", "MixtralConfig",
         THIN | dict(num_local_experts=3, num_experts_per_tok=2, intermediate_size=24, sliding_window=11),
         spelling=(old.rope_with_type, old.torch_dtype), dtype="float16", stacked=True),
    Case("gemma2", "Gemma2Config",
         THIN | dict(num_hidden_layers=3, head_dim=20, query_pre_attn_scalar=12, sliding_window=9,
                     attn_logit_softcapping=2.0, final_logit_softcapping=3.0, tie_word_embeddings=True),
         spelling=(old.no_layer_types, old.torch_dtype, old.rope_with_rope_type, old.drop("tie_word_embeddings")),
         norm_centre=0.0,
         changes=(("attn_logit_softcapping", None), ("final_logit_softcapping", None), ("query_pre_attn_scalar", 20),
                  ("sliding_window", 10))),
    Case("gemma2_nocap", "Gemma2Config",
         THIN | dict(head_dim=16, query_pre_attn_scalar=16, sliding_window=16, attn_logit_softcapping=None,
                     final_logit_softcapping=None, tie_word_embeddings=True, layer_types=ALTERNATING[::-1],
                     attention_bias=True),
         norm_centre=0.0),
    Case("gemma3", "Gemma3TextConfig",
         THIN | dict(num_hidden_layers=4, head_dim=20, query_pre_attn_scalar=24, sliding_window=10, tie_word_embeddings=True,
                     layer_types=["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"],
                     rope_parameters={"full_attention": rope("linear", 1e6, factor=8.0),
                                      "sliding_attention": rope(theta=10000.0)}),
         norm_centre=0.0,
         changes=(("rope_parameters", {"full_attention": rope(theta=1e6), "sliding_attention": rope()}),
                  ("sliding_window", 11))),
    Case("gemma3_hub", "Gemma3TextConfig",
         THIN | dict(num_hidden_layers=3, head_dim=24, num_key_value_heads=1, query_pre_attn_scalar=24, sliding_window=12,
                     tie_word_embeddings=True,
                     layer_types=["sliding_attention", "full_attention", "sliding_attention"],
                     rope_parameters={"full_attention": rope("linear", 50000.0, factor=4.0),
                                      "sliding_attention": rope(theta=2000.0)}),
         spelling=(old.gemma3_flat, old.torch_dtype, old.drop("tie_word_embeddings")), norm_centre=0.0),
)
