#include "weights/floats.h"

#include <cstdint>
#include <cstring>

#include "base/status.h"
#include "tensor/half.h"

namespace quire {

std::optional<Elem> float_elem(std::string_view type) {
  if (type == "F32") return Elem::kF32;
  if (type == "F16") return Elem::kF16;
  if (type == "BF16") return Elem::kBF16;
  return std::nullopt;
}

size_t float_bytes(Elem elem) { return elem == Elem::kF32 ? 4 : 2; }

void floats_from(Elem elem, const std::byte* from, std::span<float> to) {
  QUIRE_CHECK(elem == Elem::kF32 || elem == Elem::kF16 || elem == Elem::kBF16);
  if (to.empty()) return;
  if (elem == Elem::kF32) {
    std::memcpy(to.data(), from, to.size_bytes());
    return;
  }
  for (size_t i = 0; i < to.size(); ++i) {
    uint16_t bits;
    std::memcpy(&bits, from + 2 * i, 2);
    to[i] = elem == Elem::kF16 ? half_to_float(bits) : bf16_to_float(bits);
  }
}

}  // namespace quire
