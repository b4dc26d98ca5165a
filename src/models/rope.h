// Rotary frequencies from a config, in all spellings; kernels see the result only. The formulas are those of
// transformers 5, modeling_rope_utils.py (default: each model's compute_default_rope_parameters; linear,
// llama3 and yarn: the function of that name), rounded to f32 where it rounds; only the power is taken in
// double and then rounded. So a frequency differs by at most an ulp or two (yarn 4; llama3 up to 4 times its
// factor, between kept and stretched ones).
//
// Read are rope_parameters (transformers 5), or rope_scaling (with rope_type or type) and rope_theta beside
// it; if a config has both, rope_scaling wins, as in transformers. Either may be nested once more by layer
// type.
#pragma once
#include <cstdint>
#include <string_view>

#include "backend/params.h"
#include "base/fields.h"

namespace quire {

// Where a family's config keeps the settings of some layers.
struct RopeSource {
  std::string_view layer_type = "full_attention";  // looked up when settings are nested by type
  std::string_view theta_field = "rope_theta";     // on top, for settings without a rope_theta of their own
  float theta = 10000.0f;                          // if there is neither
  // Settings are by type only (Gemma 3): flat rope_parameters are refused, and rope_scaling means
  // full_attention.
  bool by_type = false;
};

// For heads of `dim` features (even, at most kMaxRopeDim), all of which turn. An unknown type is refused by
// name.
Rope read_rope(Fields& config, int32_t dim, const RopeSource& source);

}  // namespace quire
