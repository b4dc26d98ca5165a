// What a model is, as data. A family file turns a config into one of these;
// models/decoder.cc is the only code that runs one, models/loader.cc the only one that reads its weights.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/params.h"
#include "base/fields.h"
#include "base/json.h"
#include "base/status.h"

namespace quire {

struct Block {
  Norm before_mix;
  Attention mix;
  bool qkv_bias = false, out_bias = false;
  Norm after_mix = kNoNorm;  // of the mixer's result, before it joins the residual
  Norm before_mlp;
  std::variant<Mlp, Moe> mlp;
  bool mlp_bias = false;
  Norm after_mlp = kNoNorm;
  int32_t cache_group = 0;  // blocks of one group share block tables
};

// How a family's checkpoint calls a weight; "{}" stands for the layer, "{e}" for the expert. Our names, with
// their common spelling, are in models/inventory.cc.
struct Name {
  std::string_view ours, theirs;
};

struct ModelSpec {
  int32_t vocab = 0, width = 0, max_positions = 0;
  float embed_scale = 1.0f, logit_softcap = 0.0f;
  std::vector<Block> blocks;
  Norm final_norm;
  bool tied_head = false;   // head and table are one weight
  std::vector<Name> names;  // instead of the common names; several for one are tried in order
};

struct Family {
  std::string_view architecture;  // config.json: architectures[0]
  // Fills the spec; what is wrong with the config is the Fields' first problem.
  void (*describe)(Fields& config, ModelSpec& spec);
};

// Reads a config.json. Unknown architectures are refused with the list of those in models/all.cc; `where`
// begins messages.
Result<ModelSpec> read_spec(const Json& config, const std::string& where);

}  // namespace quire
