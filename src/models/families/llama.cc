// Llama 2 and 3, Yi and the many finetunes: the plain shape.
#include "models/families/families.h"
#include "models/families/llama_like.h"
#include "models/families/windows.h"

namespace quire {

void llama(Fields& c, ModelSpec& m) {
  llama_like(c, {}, m);
  read_attention_bias(c, m);
  const bool bias = c.flag("mlp_bias", false);
  for (Block& b : m.blocks) b.mlp_bias = bias;
  same_window(c, 0, m);
}

}  // namespace quire
