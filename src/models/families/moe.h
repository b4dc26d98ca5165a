// The numbers of a mixture of experts, as families with experts read them.
#pragma once
#include <cstdint>

#include "base/fields.h"

namespace quire {

// num_experts (the hub's files) or num_local_experts (transformers 5's); if both are there, they must agree.
int32_t read_experts(Fields& config, int32_t otherwise);
// num_experts_per_tok, at most `experts`.
int32_t read_per_token(Fields& config, int32_t experts, int32_t otherwise);

}  // namespace quire
