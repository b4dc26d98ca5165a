// What the Gemmas have in common beyond the Llama-like shape: four norms a block whose weights are stored
// minus one, a scaled embedding, GeGLU, a scale of scores of their own, a tied head.
#pragma once
#include <string_view>

#include "base/fields.h"
#include "models/families/llama_like.h"
#include "models/spec.h"

namespace quire {

// `otherwise` says what the family assumes; its activation, head_dim and tie are Gemma's whatever it says.
void gemma_like(Fields& config, LlamaLike otherwise, ModelSpec& spec);

// A softcap: `otherwise` if absent, 0 (none) if null.
float read_cap(Fields& config, std::string_view key, float otherwise);

}  // namespace quire
