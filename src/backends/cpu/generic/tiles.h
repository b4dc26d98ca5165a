// A block of rows as tiles of nearly one size, whose sums stay in registers.
#pragma once
#include "backends/cpu/generic/vec.h"
#include "backends/cpu/kernels.h"

namespace quire::cpu::QUIRE_LEVEL {

static_assert(kPanel % (kTileVectors * kWidth) == 0 && kPanel % (kOneRowVectors * kWidth) == 0);

struct Tiles {
  int32_t rows, tiles;
  explicit Tiles(int32_t n) : rows(n), tiles((n + kTileRows - 1) / kTileRows) {}
  int32_t first(int32_t tile) const { return rows * tile / tiles; }
};

// sums[kRows][64], columns of kVectors vectors, into registers and back.
template <int kRows, int kVectors>
QUIRE_INLINE void take_sums(F (&a)[kRows][kVectors], const float* sums) {
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) a[m][v] = load<F>(sums + m * kPanel + v * kWidth);
}
template <int kRows, int kVectors>
QUIRE_INLINE void put_sums(const F (&a)[kRows][kVectors], float* sums) {
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) store(sums + m * kPanel + v * kWidth, a[m][v]);
}

}  // namespace quire::cpu::QUIRE_LEVEL
