// Gemma 2: caps on scores and logits, and a window on every other layer.
#include "models/families/families.h"
#include "models/families/gemma_like.h"
#include "models/families/windows.h"

namespace quire {

void gemma2(Fields& c, ModelSpec& m) {
  gemma_like(c, {.max_positions = 8192}, m);
  m.logit_softcap = read_cap(c, "final_logit_softcapping", 30.0f);
  const float softcap = read_cap(c, "attn_logit_softcapping", 50.0f);
  for (Block& b : m.blocks) b.mix.softcap = softcap;
  auto pattern = [](int32_t i) { return i % 2 == 0; };
  windows_by_layer(c, read_window(c, 4096), pattern, {.layer_type = "sliding_attention"}, m);
}

}  // namespace quire
