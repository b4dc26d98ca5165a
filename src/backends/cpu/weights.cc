// How weights lie: matrices as bf16 in panels of 64 outputs, pairs along the input (Order::kPairs64); vectors
// as rows of f32.
#include <algorithm>
#include <cstring>
#include <limits>

#include "backends/cpu/cpu_backend.h"
#include "base/checked.h"

namespace quire::cpu {

namespace {

constexpr int32_t kPackInputs = 1024;  // of one tile

bool packed(const WeightLayout& l) { return l.order == Order::kPairs64; }

Checked matrix_bytes(const Weight& w) {
  if (!packed(w.layout)) return Checked(w.out) * w.in * (w.layout.elem == Elem::kF32 ? 4 : 2);
  return Checked((static_cast<int64_t>(w.out) + kPanel - 1) / kPanel) *
         ((static_cast<int64_t>(w.in) + 1) / 2) * (kPanel * sizeof(uint32_t));
}

// Rows [first, end) of `rows`, inputs [k, k_end) with k even, which are rows [at, ...) of a panel.
void pack(uint32_t* panel, int32_t at, const uint16_t* rows, int32_t first, int32_t end, int32_t in,
          int32_t k, int32_t k_end) {
  constexpr int32_t kPairs = 16;  // a cache line of each row
  for (int32_t p = k / 2; p < k_end / 2; p += kPairs) {
    const int32_t n = std::min(kPairs, k_end / 2 - p);
    for (int32_t row = first; row < end; ++row) {
      uint32_t words[kPairs];
      std::memcpy(words, rows + static_cast<int64_t>(row) * in + 2 * p,
                  static_cast<size_t>(n) * sizeof(uint32_t));
      uint32_t* to = panel + static_cast<int64_t>(p) * kPanel + at + row - first;
      for (int32_t i = 0; i < n; ++i) to[i * kPanel] = words[i];
    }
  }
  if (k_end % 2 != 0)
    for (int32_t row = first; row < end; ++row)
      panel[static_cast<int64_t>(k_end / 2) * kPanel + at + row - first] =
          rows[static_cast<int64_t>(row) * in + k_end - 1];
}

}  // namespace

WeightLayout CpuBackend::prefer(const WeightLayout&, int32_t, int32_t) const {
  WeightLayout l;
  l.elem = Elem::kBF16;
  l.order = Order::kPairs64;
  return l;
}

int64_t CpuBackend::weight_stride(const Weight& w) const {
  return static_cast<int64_t>(matrix_bytes(w).at_most(int64_t{1} << 62).value_or(int64_t{1} << 62));
}

size_t CpuBackend::weight_bytes(const Weight& w) const {
  return (matrix_bytes(w) * w.count).value().value_or(std::numeric_limits<size_t>::max());
}

void CpuBackend::load(const Weight& to, int32_t matrix, int32_t first, const Weight& rows) {
  QUIRE_CHECK(rows.layout.order == Order::kRows && rows.layout.elem == to.layout.elem && rows.in == to.in);
  QUIRE_CHECK(matrix >= 0 && matrix < to.count && first >= 0 && rows.out <= to.out - first);
  if (rows.out == 0 || to.in == 0) return;
  char* at = static_cast<char*>(const_cast<void*>(to.data)) + matrix * to.stride;
  if (!packed(to.layout)) {
    QUIRE_CHECK(to.layout.elem == Elem::kF32);
    const size_t row = static_cast<size_t>(to.in) * sizeof(float);
    std::memcpy(at + static_cast<size_t>(first) * row, rows.data, static_cast<size_t>(rows.out) * row);
    return;
  }
  QUIRE_CHECK(to.layout.elem == Elem::kBF16);
  auto* words = reinterpret_cast<uint32_t*>(at);
  const auto* from = static_cast<const uint16_t*>(rows.data);
  const int32_t end = first + rows.out, panel = first / kPanel, panels = (end - 1) / kPanel + 1 - panel;
  const int32_t pieces = (to.in + kPackInputs - 1) / kPackInputs;
  pool_.run(panels * pieces, [&](int32_t tile, int32_t) {
    const int32_t p = panel + tile / pieces, k = tile % pieces * kPackInputs;
    const int32_t begin = std::max(first, p * kPanel), stop = std::min(end, (p + 1) * kPanel);
    pack(words + static_cast<int64_t>(p) * ((to.in + 1) / 2) * kPanel, begin - p * kPanel, from,
         begin - first, stop - first, to.in, k, std::min(to.in, k + kPackInputs));
  });
}

}  // namespace quire::cpu
