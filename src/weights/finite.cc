#include "weights/finite.h"

#include <algorithm>
#include <cstring>

#include "base/status.h"

namespace quire {
namespace {

// A float of any of these formats is not finite when all bits of its exponent are set.
template <class Bits>
std::optional<int64_t> find(std::span<const std::byte> values, Bits exponent) {
  constexpr size_t kBlock = 4096;  // elements; one has no branch inside, so that it becomes vector code
  const size_t n = values.size() / sizeof(Bits);
  const auto bits = [&](size_t i) {
    Bits b;
    std::memcpy(&b, values.data() + i * sizeof(Bits), sizeof(Bits));
    return static_cast<Bits>(b & exponent);
  };
  for (size_t begin = 0; begin < n; begin += kBlock) {
    const size_t end = std::min(begin + kBlock, n);
    Bits any = 0;
    for (size_t i = begin; i < end; ++i) any = static_cast<Bits>(any | (bits(i) == exponent ? 1 : 0));
    if (!any) continue;
    for (size_t i = begin; i < end; ++i)
      if (bits(i) == exponent) return static_cast<int64_t>(i);
  }
  return std::nullopt;
}

}  // namespace

std::optional<int64_t> find_non_finite(Elem elem, std::span<const std::byte> values) {
  QUIRE_CHECK(elem == Elem::kF32 || elem == Elem::kF16 || elem == Elem::kBF16);
  if (elem == Elem::kF32) return find<uint32_t>(values, 0x7f800000);
  return find<uint16_t>(values, elem == Elem::kF16 ? 0x7c00 : 0x7f80);
}

}  // namespace quire
