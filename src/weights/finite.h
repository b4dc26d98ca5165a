// Finds NaN and infinities among stored floats, by their bits, at the speed of reading them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "weights/weight.h"

namespace quire {

// Where the first value that is not finite stands, counted in elements; nothing if all are. `elem` is kF32,
// kF16 or kBF16; `values` holds whole elements at any alignment. Cheapest on bytes that were just copied.
std::optional<int64_t> find_non_finite(Elem elem, std::span<const std::byte> values);

}  // namespace quire
