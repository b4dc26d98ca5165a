// Sums of products of bf16 pairs (vdpbf16ps: Intel's instruction set reference, AVX512_BF16): weights are
// used as they lie, and rows are rounded to bf16 when they are packed. Denormal inputs count as zero.
#pragma once
#include "backends/cpu/generic/tiles.h"

namespace quire::cpu::QUIRE_LEVEL {

inline constexpr int32_t kInputsPerWord = 2;

static void pack_row(const float* row, int32_t in, uint32_t* to, int64_t step) {
  for (int32_t k = 0; k < in; k += 2 * kChunk, to += step) {
    const int32_t inputs = in - k < 2 * kChunk ? in - k : 2 * kChunk;
    for (int32_t i = 0; i < inputs; i += 2 * kWidth) {
      const int32_t left = inputs - i;
      const F a = left >= kWidth ? load<F>(row + k + i) : load_part(row + k + i, left, 0.0f);
      const F b = left >= 2 * kWidth ? load<F>(row + k + i + kWidth)
                                     : load_part(row + k + i + kWidth, left - kWidth, 0.0f);
      store(to + i / 2, _mm512_cvtne2ps_pbh(reinterpret_cast<__m512>(b), reinterpret_cast<__m512>(a)));
    }
  }
}

// An instruction of its own: gcc 12 moves sums about between intrinsics.
QUIRE_INLINE void dot(F& sum, U words, U pair) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(words), "v"(pair));
}

// a[kRows][kVectors] += x[kRows] w, one word of pairs.
template <int kRows, int kVectors>
QUIRE_INLINE void add_dot(F (&a)[kRows][kVectors], const uint32_t* words, const uint32_t* x) {
  U w[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) w[v] = load<U>(words + v * kWidth);
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m) {
    const U pair = splat_bits(x[m * kChunk]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) dot(a[m][v], w[v], pair);
  }
}

// sums[kRows][64] (columns of kVectors vectors) += x[kRows][chunk] w for `pairs` pairs of the chunk.
template <int kRows, int kVectors, class Pace>
QUIRE_TILE void add_dots(const uint32_t* words, const uint32_t* x, int32_t pairs, float* sums, Ahead ahead) {
  F a[kRows][kVectors];
  take_sums(a, sums);
  int32_t p = 0;
  for (const int32_t end = rounds(ahead, Pace::kStep, pairs); p < end; ++p) {
    fetch<Pace::kLines>(ahead, p * Pace::kStep);
    add_dot(a, words + p * kPanel, x + p);
  }
  for (; p < pairs; ++p) add_dot(a, words + p * kPanel, x + p);
  put_sums(a, sums);
}

// All 64 columns of a tile of `rows` rows.
template <bool kAlone>
static void add_rows(int rows, const uint32_t* words, const uint32_t* x, int32_t pairs, float* sums,
                     Ahead ahead) {
  with_count<kTileRows>(rows, [=]<int kRows>() {
    constexpr int kVectors = kRows == 1 ? kOneRowVectors : kTileVectors, kColumns = kVectors * kWidth;
    for (int c = 0; c < kPanel; c += kColumns)
      add_dots<kRows, kVectors, Pace<kColumns, kAlone>>(words + c, x, pairs, sums + c,
                                                        ahead.part(c / kColumns, kPanel / kColumns));
  });
}

// sums[count][64] += a chunk of `inputs` of packed rows times a chunk of a panel, while `next` is fetched.
static void add_chunk(const uint32_t* words, const uint32_t* x, int32_t inputs, int32_t count, float* sums,
                      float*, Ahead next) {
  const Tiles tiles(count);
  for (int32_t t = 0; t < tiles.tiles; ++t) {
    const int32_t row = tiles.first(t), rows = tiles.first(t + 1) - row;
    const uint32_t* at = x + row * kChunk;
    float* to = sums + row * kPanel;
    const Ahead ahead = next.part(t, tiles.tiles);
    if (tiles.tiles > 1) add_rows<false>(rows, words, at, (inputs + 1) / 2, to, ahead);
    else add_rows<true>(rows, words, at, (inputs + 1) / 2, to, ahead);
  }
}

}  // namespace quire::cpu::QUIRE_LEVEL
