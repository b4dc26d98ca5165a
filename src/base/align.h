// Rounding up to a multiple.
#pragma once
#include <cstddef>

namespace quire {

// The smallest multiple of `to` that is not below n; n + to must not overflow.
constexpr size_t align_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

}  // namespace quire
