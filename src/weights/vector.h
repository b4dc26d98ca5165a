// Reads a vector of a checkpoint (a norm's weights, a bias) as floats.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "weights/checkpoint.h"

namespace quire {

// The tensor `name` of shape [length], stored as F32, F16 or BF16. A missing one is kNotFound, another type
// kUnsupported; another shape and values that are not finite are refused too. Errors name file and tensor.
Result<std::vector<float>> read_vector(const Checkpoint& checkpoint, std::string_view name, int32_t length);

}  // namespace quire
