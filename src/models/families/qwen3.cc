// Qwen3 dense: norms on the heads of queries and keys; no bias unless the config asks for it.
#include "models/families/families.h"
#include "models/families/llama_like.h"
#include "models/families/windows.h"

namespace quire {

void qwen3(Fields& c, ModelSpec& m) {
  llama_like(c, {.max_positions = 32768, .kv_heads = 32, .head_dim = 128}, m);
  add_head_norms(m);
  read_attention_bias(c, m);
  windows_if_switched_on(c, m);
}

}  // namespace quire
