"""Random weights that make a tiny model worth comparing: logits with spread, norms that are not ones,
biases that are not zero, experts that differ by token."""

import zlib

import torch

LOGIT_SPREAD = 2.0
# A tied table is small and the final norm large, or each token would predict itself.
TIED_SHARE = 0.25
# Wider than 1 / sqrt(inputs) where a softmax follows, so that attention and routing are not flat.
GAIN = {"q_proj": 1.4, "k_proj": 1.4, "gate": 2.0, "router": 2.0}


def generator(*what):
    return torch.Generator().manual_seed(zlib.crc32(repr(what).encode()))


@torch.no_grad()
def randomize(model, random, norm_centre):
    """Fills every parameter. `norm_centre` is 1, or 0 where the model computes 1 + weight."""
    tied = model.config.tie_word_embeddings
    for name, p in sorted(model.named_parameters()):
        parts = name.split(".")
        noise = torch.randn(p.shape, generator=random)
        if "norm" in parts[-2]:
            scale = 1 / TIED_SHARE if tied and name == "model.norm.weight" else 1.0
            p.copy_((1 + 0.25 * noise) * scale - (1 - norm_centre))
        elif name.endswith("bias"):
            p.copy_(0.3 * noise)
        elif "embed_tokens" in parts:  # a tied table is the head as well
            p.copy_(noise * (TIED_SHARE * LOGIT_SPREAD / p.shape[-1] ** 0.5 if tied else 1.0))
        elif "lm_head" in parts:
            p.copy_(noise * LOGIT_SPREAD / p.shape[-1] ** 0.5)
        else:
            p.copy_(noise * GAIN.get(parts[-2], 1.0) / p.shape[-1] ** 0.5)
    model.tie_weights()

