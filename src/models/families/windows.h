// Which layers see only the last sliding_window positions, the token itself among them.
#pragma once
#include <cstdint>

#include "base/fields.h"
#include "base/function_ref.h"
#include "models/rope.h"
#include "models/spec.h"

namespace quire {

// sliding_window; `otherwise` if it is absent, 0 (everything) if it is null.
int32_t read_window(Fields& config, int32_t otherwise);

// For families that treat all layers alike. layer_types that say anything else are refused: transformers
// would ignore them.
void same_window(Fields& config, int32_t window, ModelSpec& spec);

// For families that choose by layer: layer_types if the config has them, else what `pattern` says of layer i.
// A sliding layer without a window is refused. Sliding layers are rotated as `rope` says.
void windows_by_layer(Fields& config, int32_t window, function_ref<bool(int32_t)> pattern,
                      const RopeSource& rope, ModelSpec& spec);

// Qwen's way: only with use_sliding_window, and then from layer max_window_layers on (or by layer_types).
void windows_if_switched_on(Fields& config, ModelSpec& spec);

}  // namespace quire
