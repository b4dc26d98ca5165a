// Gemma 3, text: Gemma 2 with norms on the heads instead of a cap on scores, windows on all but every sixth
// layer (or as the config says), and rotary settings of their own for layers with a window.
#include "models/families/families.h"
#include "models/families/gemma_like.h"
#include "models/families/windows.h"

namespace quire {

void gemma3(Fields& c, ModelSpec& m) {
  gemma_like(c, {.max_positions = 1 << 17, .rope_theta = 1e6f, .rope_by_type = true}, m);
  add_head_norms(m);
  m.logit_softcap = read_cap(c, "final_logit_softcapping", 0.0f);
  if (c.has("attn_logit_softcapping"))
    c.fail("attn_logit_softcapping", "must be null: Gemma 3 caps no scores.");
  const RopeSource local{.layer_type = "sliding_attention",
                         .theta_field = "rope_local_base_freq",
                         .theta = 10000.0f,
                         .by_type = true};
  const int32_t period = c.integer("sliding_window_pattern", 1, 1 << 20, 6);
  auto pattern = [&](int32_t i) { return (i + 1) % period != 0; };
  windows_by_layer(c, read_window(c, 4096), pattern, local, m);
}

}  // namespace quire
