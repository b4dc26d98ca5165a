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

typedef uint32_t Words __attribute__((vector_size(16)));

Words words_at(const uint16_t* from) {
  Words w;
  std::memcpy(&w, from, sizeof w);
  return w;
}

// Four pairs of inputs of four rows, `in` apart, become four words each of four pairs, a panel's row apart.
void transpose(uint32_t* to, const uint16_t* from, int64_t in) {
  const Words a = words_at(from), b = words_at(from + in), c = words_at(from + 2 * in),
              d = words_at(from + 3 * in);
  const Words ab = __builtin_shufflevector(a, b, 0, 4, 1, 5),
              more_ab = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Words cd = __builtin_shufflevector(c, d, 0, 4, 1, 5),
              more_cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const Words out[4] = {__builtin_shufflevector(ab, cd, 0, 1, 4, 5),
                        __builtin_shufflevector(ab, cd, 2, 3, 6, 7),
                        __builtin_shufflevector(more_ab, more_cd, 0, 1, 4, 5),
                        __builtin_shufflevector(more_ab, more_cd, 2, 3, 6, 7)};
  for (int i = 0; i < 4; ++i) std::memcpy(to + i * kPanel, &out[i], sizeof out[i]);
}

// `count` rows of `rows`, `in` apart, inputs [k, k_end) with k even, become words at `to`, which is the first
// row's in pair k / 2.
void pack(uint32_t* to, const uint16_t* rows, int32_t count, int64_t in, int32_t k, int32_t k_end) {
  constexpr int32_t kInputs = 64;  // the words of so many are in the first cache until they are full
  for (; k < k_end; k += kInputs) {
    const int32_t end = std::min(k_end, k + kInputs), fours = (end - k) / 8 * 8;
    for (int32_t row = 0; row < count; ++row) {
      const uint16_t* from = rows + row * in;
      int32_t i = k;
      if (row % 4 == 0 && row + 4 <= count)
        for (; i < k + fours; i += 8) transpose(to + (i - k) / 2 * kPanel + row, from + i, in);
      else if (row / 4 * 4 + 4 <= count) i = k + fours;  // done with the row that begins the four
      for (; i < end; i += 2)
        to[(i - k) / 2 * kPanel + row] =
            from[i] | (i + 1 < end ? static_cast<uint32_t>(from[i + 1]) << 16 : 0);
    }
    to += kInputs / 2 * kPanel;
  }
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
  share(panels * pieces, int64_t{4} * rows.out * to.in, [&](int32_t tile, int32_t) {
    const int32_t p = panel + tile / pieces, k = tile % pieces * kPackInputs;
    const int32_t begin = std::max(first, p * kPanel), stop = std::min(end, (p + 1) * kPanel);
    pack(words + (static_cast<int64_t>(p) * ((to.in + 1) / 2) + k / 2) * kPanel + begin - p * kPanel,
         from + static_cast<int64_t>(begin - first) * to.in, stop - begin, to.in, k,
         std::min(to.in, k + kPackInputs));
  });
}

}  // namespace quire::cpu
