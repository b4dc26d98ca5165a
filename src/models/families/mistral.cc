// Mistral: a window on every layer, unless the config says null.
#include "models/families/families.h"
#include "models/families/llama_like.h"
#include "models/families/windows.h"

namespace quire {

void mistral(Fields& c, ModelSpec& m) {
  llama_like(c, {.max_positions = 1 << 17, .kv_heads = 8}, m);
  same_window(c, read_window(c, 4096), m);
}

}  // namespace quire
