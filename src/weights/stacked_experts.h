// A view of a checkpoint in which experts that are stored as one stacked tensor stand one by one, as in the
// hub's files, so that nobody above has to know of both.
#pragma once
#include <memory>

#include "weights/checkpoint.h"

namespace quire {

// Adds, for each `P.experts.gate_up_proj` [experts, 2 * width, hidden], the names
// `P.experts.N.gate_proj.weight` and `P.experts.N.up_proj.weight`, and for each `P.experts.down_proj`
// [experts, hidden, width] `P.experts.N.down_proj.weight` (transformers 5,
// save_pretrained(save_original_format=False)). Without such tensors: `whole` itself. Tensors of another
// rank or of more than 4096 experts stay as they are, and so do those after 200,000 matrices.
std::unique_ptr<Checkpoint> unstack_experts(std::unique_ptr<Checkpoint> whole);

}  // namespace quire
