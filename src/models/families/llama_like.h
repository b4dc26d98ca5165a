// The common shape that most families are a variation of: norm, attention, norm, gated mlp, with rotary
// positions.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/fields.h"
#include "models/rope.h"
#include "models/spec.h"

namespace quire {

// What a family assumes where its config leaves a field out.
struct LlamaLike {
  int32_t max_positions = 2048;
  int32_t kv_heads = 0;  // 0: as many as heads
  int32_t head_dim = 0;  // 0: the width divided among the heads
  float eps = 1e-6f;
  float rope_theta = 10000.0f;
  bool rope_by_type = false;  // see RopeSource
  bool tied_head = false;
  std::string_view act_field = "hidden_act", act = "silu";
};

// Fills everything, with one and the same block for each layer.
void llama_like(Fields& config, const LlamaLike& otherwise, ModelSpec& spec);

// Gives all blocks a bias on q, k, v and on the way out, if attention_bias says so.
void read_attention_bias(Fields& config, ModelSpec& spec);
// Gives all blocks norms on the heads of q and k, like the blocks' own.
void add_head_norms(ModelSpec& spec);

}  // namespace quire
