// How weights lie: row after row, in the element type of the file, or in bf16 when rounding as cpu does.
#include <cstring>
#include <limits>

#include "backends/ref/ref_backend.h"
#include "base/checked.h"

namespace quire::ref {
namespace {

size_t elem_size(Elem e) {
  QUIRE_CHECK(e == Elem::kF32 || e == Elem::kF16 || e == Elem::kBF16);
  return e == Elem::kF32 ? 4 : 2;
}

// The largest number if it does not fit: no allocation of that succeeds.
size_t or_too_large(Checked n) { return n.value().value_or(std::numeric_limits<size_t>::max()); }

}  // namespace

WeightLayout RefBackend::prefer(const WeightLayout& stored, int32_t, int32_t) const {
  WeightLayout l;
  const bool plain = stored.elem == Elem::kF32 || stored.elem == Elem::kF16 || stored.elem == Elem::kBF16;
  l.elem = round_ ? Elem::kBF16 : plain ? stored.elem : Elem::kF32;
  return l;
}

int64_t RefBackend::weight_stride(const Weight& w) const {
  const auto bytes = (Checked(w.out) * w.in * elem_size(w.layout.elem)).at_most(int64_t{1} << 62);
  return static_cast<int64_t>(bytes.value_or(int64_t{1} << 62));
}

size_t RefBackend::weight_bytes(const Weight& w) const {
  return or_too_large(Checked(w.out) * w.in * elem_size(w.layout.elem) * w.count);
}

void RefBackend::load(const Weight& to, int32_t matrix, int32_t first, const Weight& rows) {
  QUIRE_CHECK(rows.layout.order == Order::kRows && rows.layout.elem == to.layout.elem && rows.in == to.in);
  QUIRE_CHECK(matrix >= 0 && matrix < to.count && first >= 0 && rows.out <= to.out - first);
  const size_t row = static_cast<size_t>(to.in) * elem_size(to.layout.elem);
  char* at = static_cast<char*>(const_cast<void*>(to.data)) + matrix * to.stride;
  if (rows.out > 0 && to.in > 0)
    std::memcpy(at + static_cast<size_t>(first) * row, rows.data, static_cast<size_t>(rows.out) * row);
}

}  // namespace quire::ref
