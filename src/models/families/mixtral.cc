// Mixtral: Mistral with experts in every layer, whose chosen weights always sum to 1.
#include "models/families/families.h"
#include "models/families/llama_like.h"
#include "models/families/moe.h"
#include "models/families/windows.h"

namespace quire {

void mixtral(Fields& c, ModelSpec& m) {
  llama_like(c, {.max_positions = 1 << 17, .kv_heads = 8, .eps = 1e-5f, .rope_theta = 1e6f}, m);
  same_window(c, read_window(c, 0), m);
  Moe e{.experts = read_experts(c, 8), .renormalize = true};
  if (e.experts == 0) c.fail("num_local_experts", "must be at least 1.");
  e.per_token = read_per_token(c, e.experts, 2);
  for (Block& b : m.blocks) {
    const Mlp dense = std::get<Mlp>(b.mlp);
    e.width = dense.width, e.act = dense.act;
    b.mlp = e;
  }
  // Files that hold the experts stacked use the common names.
  m.names = {{"layers.{}.router", "model.layers.{}.block_sparse_moe.gate"},
             {"layers.{}.router", "model.layers.{}.mlp.gate"},
             {"layers.{}.experts.{e}.gate", "model.layers.{}.block_sparse_moe.experts.{e}.w1"},
             {"layers.{}.experts.{e}.gate", "model.layers.{}.mlp.experts.{e}.gate_proj"},
             {"layers.{}.experts.{e}.up", "model.layers.{}.block_sparse_moe.experts.{e}.w3"},
             {"layers.{}.experts.{e}.up", "model.layers.{}.mlp.experts.{e}.up_proj"},
             {"layers.{}.experts.{e}.down", "model.layers.{}.block_sparse_moe.experts.{e}.w2"},
             {"layers.{}.experts.{e}.down", "model.layers.{}.mlp.experts.{e}.down_proj"}};
}

}  // namespace quire
