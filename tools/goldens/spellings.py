"""Rewrites a config.json of transformers 5 into the spellings found in older files and on the hub.
Each function changes the dictionary in place; the caller proves that transformers still reads the same model."""


def torch_dtype(config):
    config["torch_dtype"] = config.pop("dtype")


def no_layer_types(config):
    """Before layer_types a window was told by a pattern (Gemma 3, Qwen2) or was in the code (Gemma 2)."""
    config.pop("layer_types", None)


def rope_scaling(config, key):
    """`rope_parameters` as rope_theta on top and rope_scaling, whose type stands under `key`."""
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    kind = rope.pop("rope_type")
    config["rope_scaling"] = None if kind == "default" else {key: kind, **rope}


def rope_with_type(config):
    rope_scaling(config, "type")


def rope_with_rope_type(config):
    rope_scaling(config, "rope_type")


def gemma3_flat(config):
    """Gemma 3 as its makers wrote it: two bases and a pattern instead of settings per layer type."""
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope["full_attention"].pop("rope_theta")
    config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
    kind = rope["full_attention"].pop("rope_type")
    config["rope_scaling"] = None if kind == "default" else {"rope_type": kind, **rope["full_attention"]}
    config.pop("_sliding_window_pattern", None)
    types = config.pop("layer_types")
    config["sliding_window_pattern"] = types.index("full_attention") + 1


def hub_experts(config):
    config["num_experts"] = config.pop("num_local_experts")


def tie(config):
    config["tie_word_embeddings"] = True


def drop(*keys):
    def forget(config):
        for key in keys:
            config.pop(key, None)

    return forget
