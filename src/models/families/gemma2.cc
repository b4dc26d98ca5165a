// Gemma 2: four norms a block whose weights are stored minus one, a scaled embedding, softcaps, and a window
// on every other layer.
#include <cmath>

#include "models/families/families.h"
#include "models/families/llama_like.h"
#include "models/families/windows.h"

namespace quire {
namespace {

// 0, no cap, if the config says null.
float read_cap(Fields& c, std::string_view key, float otherwise) {
  return c.number(key, 1e-3f, 1e6f, c.is_null(key) ? 0.0f : otherwise);
}

}  // namespace

void gemma2(Fields& c, ModelSpec& m) {
  llama_like(c,
             {.max_positions = 8192,
              .kv_heads = 4,
              .head_dim = 256,
              .tied_head = true,
              .act_field = "hidden_activation",
              .act = "gelu_pytorch_tanh"},
             m);
  read_attention_bias(c, m);
  if (c.flag("use_bidirectional_attention", false)) c.fail("use_bidirectional_attention", "must be false.");
  m.embed_scale = std::sqrt(static_cast<float>(m.width));
  m.logit_softcap = read_cap(c, "final_logit_softcapping", 30.0f);
  m.final_norm.plus_one = true;
  const float softcap = read_cap(c, "attn_logit_softcapping", 50.0f);
  const float scale = 1.0f / std::sqrt(c.number("query_pre_attn_scalar", 1e-3f, 1e6f, 256.0f));
  for (Block& b : m.blocks) {
    b.before_mix = b.after_mix = b.before_mlp = b.after_mlp = m.final_norm;
    b.mix.softcap = softcap;
    b.mix.scale = scale;
  }
  windows_by_layer(
      c, read_window(c, 4096), [](int32_t i) { return i % 2 == 0; }, {.layer_type = "sliding_attention"}, m);
  m.names = {{"layers.{}.after_mix", "model.layers.{}.post_attention_layernorm"},
             {"layers.{}.before_mlp", "model.layers.{}.pre_feedforward_layernorm"},
             {"layers.{}.after_mlp", "model.layers.{}.post_feedforward_layernorm"}};
}

}  // namespace quire
