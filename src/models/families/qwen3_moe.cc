// Qwen3 mixture of experts: Qwen3, with experts in every decoder_sparse_step-th layer that is not in
// mlp_only_layers.
#include <vector>

#include "models/families/families.h"
#include "models/families/llama_like.h"
#include "models/families/moe.h"
#include "models/families/windows.h"

namespace quire {
namespace {

// Layers with a dense mlp though the step would give them experts.
std::vector<bool> read_dense_layers(Fields& c, size_t layers) {
  std::vector<bool> dense(layers);
  const Json* list = c.find("mlp_only_layers");
  if (list && !list->array()) c.fail("mlp_only_layers", "must be a list of layers.");
  if (!c.ok() || !list) return dense;
  for (const Json& v : *list->array()) {
    const auto layer = v.integer();
    if (!layer || *layer < 0) c.fail("mlp_only_layers", "must hold layers, counted from 0.");
    else if (*layer < static_cast<int64_t>(layers)) dense[static_cast<size_t>(*layer)] = true;
  }
  return dense;
}

}  // namespace

void qwen3_moe(Fields& c, ModelSpec& m) {
  llama_like(c, {.max_positions = 32768, .kv_heads = 4}, m);
  if (!c.ok()) return;
  add_head_norms(m);
  read_attention_bias(c, m);
  same_window(c, c.flag("use_sliding_window", false) ? read_window(c, 4096) : 0, m);

  Moe e{.experts = read_experts(c, 128), .act = std::get<Mlp>(m.blocks[0].mlp).act};
  e.per_token = read_per_token(c, e.experts, 8);
  e.width = c.integer("moe_intermediate_size", 1, 1 << 20, 768);
  e.renormalize = c.flag("norm_topk_prob", false);
  const int32_t step = c.integer("decoder_sparse_step", 1, 1 << 20, 1);
  const std::vector<bool> dense = read_dense_layers(c, m.blocks.size());
  for (size_t i = 0; i < m.blocks.size(); ++i)
    if (e.experts > 0 && !dense[i] && (i + 1) % static_cast<size_t>(step) == 0) m.blocks[i].mlp = e;
}

}  // namespace quire
