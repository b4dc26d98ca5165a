// The three float types that checkpoints store plainly: their names, sizes and conversion to f32.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "weights/weight.h"

namespace quire {

// "F32", "F16" and "BF16" as safetensors spell them; nothing for any other type.
std::optional<Elem> float_elem(std::string_view type);

size_t float_bytes(Elem elem);  // of one value: 4 or 2

// `from` (at any alignment, to.size() values) as f32, exactly.
void floats_from(Elem elem, const std::byte* from, std::span<float> to);

}  // namespace quire
