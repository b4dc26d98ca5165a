// Qwen2 and 2.5: bias on q, k and v, and a window from max_window_layers on if it is switched on at all.
#include "models/families/families.h"
#include "models/families/llama_like.h"
#include "models/families/windows.h"

namespace quire {

void qwen2(Fields& c, ModelSpec& m) {
  llama_like(c, {.max_positions = 32768, .kv_heads = 32}, m);
  for (Block& b : m.blocks) b.qkv_bias = true;
  windows_if_switched_on(c, m);
}

}  // namespace quire
