"""Runs one checkpoint through transformers and records what it says: the truth of a golden case."""

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM


# Eager attention, and experts in a plain loop, so that no fused kernel rounds its own way.
PLAIN = dict(attn_implementation="eager", experts_implementation="eager")


def load(folder, dtype, config=None):
    """The checkpoint's weights, whatever their file's dtype, as a model of `dtype`."""
    return AutoModelForCausalLM.from_pretrained(folder, config=config, dtype=dtype, **PLAIN).eval()


@torch.no_grad()
def logits_of(model, tokens):
    """[len(tokens), vocab], in the model's dtype: one pass, no cache."""
    return model(input_ids=tokens[None], use_cache=False).logits[0]


@torch.no_grad()
def continue_greedily(model, prompt, count):
    """`count` tokens, each the argmax after a full pass over all before it, and the gap to the second."""
    tokens, margins = prompt.clone(), []
    for _ in range(count):
        best = logits_of(model, tokens)[-1].topk(2)
        tokens = torch.cat([tokens, best.indices[:1]])
        margins.append((best.values[0] - best.values[1]).item())
    return tokens[len(prompt):], torch.tensor(margins, dtype=torch.float32)


@torch.no_grad()
def closest_route(model, prompt, count):
    """How near a token of the case comes to other experts: the smallest distance of the logits of the last chosen
    expert and the first that is not. Infinite without experts."""
    distances = [torch.tensor([torch.inf])]

    def look(router, _, output):
        logits = output[0].float().sort(descending=True).values
        if logits.shape[-1] > router.top_k:
            distances.append(logits[:, router.top_k - 1] - logits[:, router.top_k])

    routers = [m for m in model.modules() if type(m).__name__.endswith("TopKRouter")]
    if not routers:
        return torch.inf
    tokens = torch.cat([prompt, continue_greedily(model, prompt, count)[0]])
    hooks = [m.register_forward_hook(look) for m in routers]
    logits_of(model, tokens)
    for hook in hooks:
        hook.remove()
    return torch.cat(distances).min().item()


def log_softmax(logits):
    return torch.log_softmax(logits.double(), dim=-1)


def record(folder, prompt, count):
    """The tensors of expected.safetensors, and the float32 logits they came from."""
    exact = load(folder, torch.float32)
    greedy, margin = continue_greedily(exact, prompt, count)
    tokens = torch.cat([prompt, greedy])
    logits = logits_of(exact, tokens)
    logprobs = log_softmax(logits)

    def difference(dtype):
        return (log_softmax(logits_of(load(folder, dtype), tokens)) - logprobs).abs().flatten()

    half = difference(torch.bfloat16)
    rotary = exact.model.rotary_emb
    types = getattr(exact.config, "layer_types", None) or []

    def of_layer(layer, name):  # Gemma 3 has a set for each layer type
        return getattr(rotary, name) if hasattr(rotary, name) else getattr(rotary, f"{types[layer]}_{name}")

    layers = range(exact.config.num_hidden_layers)
    bf16_error = torch.stack([half.mean(), half.quantile(0.9), half.max()])
    f64_error = difference(torch.float64).max()[None]
    return {
        "prompt": prompt.int(),
        "greedy": greedy.int(),
        "logprobs": logprobs.float().contiguous(),
        "bf16_error": bf16_error.float(),
        "f64_error": f64_error.float(),
        "margin": margin,
        "inv_freq": torch.stack([of_layer(i, "inv_freq").float() for i in layers]),
        "rope_scale": torch.tensor([float(of_layer(i, "attention_scaling")) for i in layers]),
    }, logits


def save(tensors, path):
    save_file(tensors, path)
