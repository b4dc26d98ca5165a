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

// Words that come after those at hand and are fetched while these are multiplied, at an even pace: each loop
// over a part of the work asks for its part of the lines. Into the second cache: the first has no room.
inline constexpr int kLineWords = 16, kPairLines = kPanel / kLineWords;
struct Ahead {
  const uint32_t* at;
  int32_t lines;
  Ahead part(int32_t i, int32_t parts) const {
    const int32_t first = lines * i / parts;
    return {at + first * kLineWords, lines * (i + 1) / parts - first};
  }
};
// How many of a loop's rounds fetch, `step` lines each.
QUIRE_INLINE int32_t rounds(const Ahead& ahead, int32_t step, int32_t most) {
  const int32_t all = (ahead.lines + step - 1) / step;
  return all < most ? all : most;
}
// Lines [first, first + kCount).
template <int kCount>
QUIRE_INLINE void fetch(const Ahead& ahead, int32_t first) {
#pragma GCC unroll 4
  for (int32_t i = first; i < first + kCount; ++i) __builtin_prefetch(ahead.at + i * kLineWords, 0, 2);
}
// A loop over a chunk's pairs fetches kLines at a time and goes on by kStep of them. A tile that is not alone
// asks for lines twice: 8 rows take 15 % less time so.
template <int kColumns, bool kAlone>
struct Pace {
  static constexpr int kLines = kColumns > kLineWords ? kColumns / kLineWords : 1;
  static constexpr int kStep = kAlone || kLines == 1 ? kLines : kLines / 2;
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
