#include "models/families/gemma_like.h"

#include <cmath>

namespace quire {

void gemma_like(Fields& c, LlamaLike otherwise, ModelSpec& m) {
  otherwise.kv_heads = 4;
  otherwise.head_dim = 256;
  otherwise.tied_head = true;
  otherwise.act_field = "hidden_activation";
  otherwise.act = "gelu_pytorch_tanh";
  llama_like(c, otherwise, m);
  read_attention_bias(c, m);
  if (c.flag("use_bidirectional_attention", false)) c.fail("use_bidirectional_attention", "must be false.");
  m.embed_scale = std::sqrt(static_cast<float>(m.width));
  m.final_norm.plus_one = true;
  const float scale = 1.0f / std::sqrt(c.number("query_pre_attn_scalar", 1e-3f, 1e6f, 256.0f));
  for (Block& b : m.blocks) {
    b.before_mix = b.after_mix = b.before_mlp = b.after_mlp = m.final_norm;
    b.mix.scale = scale;
  }
  m.names = {{"layers.{}.after_mix", "model.layers.{}.post_attention_layernorm"},
             {"layers.{}.before_mlp", "model.layers.{}.pre_feedforward_layernorm"},
             {"layers.{}.after_mlp", "model.layers.{}.post_feedforward_layernorm"}};
}

float read_cap(Fields& c, std::string_view key, float otherwise) {
  return c.number(key, 1e-3f, 1e6f, c.is_null(key) ? 0.0f : otherwise);
}

}  // namespace quire
