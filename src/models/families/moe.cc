#include "models/families/moe.h"

#include <algorithm>
#include <string>

namespace quire {

int32_t read_experts(Fields& c, int32_t otherwise) {
  const int32_t most = 4096;
  const int32_t hub = c.integer("num_experts", 0, most, -1),
                local = c.integer("num_local_experts", 0, most, -1);
  if (hub >= 0 && local >= 0 && hub != local)
    c.fail("num_experts", "(" + std::to_string(hub) + ") and num_local_experts (" + std::to_string(local) +
                              ") must agree, or one be left out.");
  return hub >= 0 ? hub : local >= 0 ? local : otherwise;
}

int32_t read_per_token(Fields& c, int32_t experts, int32_t otherwise) {
  const int32_t chosen = c.integer("num_experts_per_tok", 1, 4096, otherwise);
  if (experts > 0 && chosen > experts)
    c.fail("num_experts_per_tok", "(" + std::to_string(chosen) + ") must be at most the number of experts (" +
                                      std::to_string(experts) + ").");
  return std::min(chosen, std::max(experts, 1));
}

}  // namespace quire
