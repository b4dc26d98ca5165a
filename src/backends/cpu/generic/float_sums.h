// Sums of products of floats. Few rows unpack the weights in registers, many rows unpack a chunk of a panel
// to floats once; both do the same additions in the same order.
#pragma once
#include "backends/cpu/generic/tiles.h"

namespace quire::cpu::QUIRE_LEVEL {

inline constexpr int32_t kInputsPerWord = 1;

static void pack_row(const float* row, int32_t in, uint32_t* to, int64_t step) {
  for (int32_t k = 0; k < in; k += kChunk, to += step) {
    const int32_t inputs = in - k < kChunk ? in - k : kChunk;
    for (int32_t i = 0; i < inputs; i += kWidth)
      store(to + i, inputs - i >= kWidth ? load<F>(row + k + i) : load_part(row + k + i, inputs - i, 0.0f));
  }
}

// The float that a word of packed rows is.
QUIRE_INLINE F input(const uint32_t& word) { return as_float(splat_bits(word)); }

// a[kRows][kVectors] += x[kRows][2] w, one pair of inputs.
template <int kRows, int kVectors>
QUIRE_INLINE void add_pair(F (&a)[kRows][kVectors], const uint32_t* words, const uint32_t* x) {
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    const U w = load<U>(words + v * kWidth);
    const F even = low_of(w), odd = high_of(w);
#pragma GCC unroll 8
    for (int m = 0; m < kRows; ++m) {
      a[m][v] = fma(input(x[m * kChunk]), even, a[m][v]);
      a[m][v] = fma(input(x[m * kChunk + 1]), odd, a[m][v]);
    }
  }
}
// a[kRows][kVectors] += x[kRows] w, one input.
template <int kRows, int kVectors>
QUIRE_INLINE void add_float(F (&a)[kRows][kVectors], const float* w, const uint32_t* x) {
  F b[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) b[v] = load<F>(w + v * kWidth);
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m) {
    const F value = input(x[m * kChunk]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) a[m][v] = fma(value, b[v], a[m][v]);
  }
}

// sums[kRows][64] (columns of kVectors vectors) += x[kRows][chunk] w for `inputs` inputs of the chunk.
template <int kRows, int kVectors, class Pace>
QUIRE_TILE void add_pairs(const uint32_t* words, const uint32_t* x, int32_t inputs, float* sums,
                          Ahead ahead) {
  F a[kRows][kVectors];
  take_sums(a, sums);
  int32_t p = 0;
  for (const int32_t end = rounds(ahead, Pace::kStep, inputs / 2); p < end; ++p) {
    fetch<Pace::kLines>(ahead, p * Pace::kStep);
    add_pair(a, words + p * kPanel, x + 2 * p);
  }
  for (; p < inputs / 2; ++p) add_pair(a, words + p * kPanel, x + 2 * p);
  if (inputs % 2 != 0)
    for (int v = 0; v < kVectors; ++v)
      for (int m = 0; m < kRows; ++m)
        a[m][v] =
            fma(input(x[m * kChunk + inputs - 1]), low_of(load<U>(words + p * kPanel + v * kWidth)), a[m][v]);
  put_sums(a, sums);
}

// The same from unpacked weights [inputs][64].
template <int kRows, int kVectors>
QUIRE_TILE void add_floats(const float* w, const uint32_t* x, int32_t inputs, float* sums, Ahead ahead) {
  F a[kRows][kVectors];
  take_sums(a, sums);
  int32_t k = 0;
  for (const int32_t end = rounds(ahead, 1, inputs); k < end; ++k) {
    fetch<1>(ahead, k);
    add_float(a, w + k * kPanel, x + k);
  }
  for (; k < inputs; ++k) add_float(a, w + k * kPanel, x + k);
  put_sums(a, sums);
}

// All 64 columns of a tile of `rows` rows.
template <bool kAlone>
static void from_words(int rows, const uint32_t* words, const uint32_t* x, int32_t inputs, float* sums,
                       Ahead ahead) {
  with_count<kTileRows>(rows, [=]<int kRows>() {
    constexpr int kVectors = kRows == 1 ? kOneRowVectors : kTileVectors, kColumns = kVectors * kWidth;
    for (int c = 0; c < kPanel; c += kColumns)
      add_pairs<kRows, kVectors, Pace<kColumns, kAlone>>(words + c, x, inputs, sums + c,
                                                         ahead.part(c / kColumns, kPanel / kColumns));
  });
}
static void from_floats(int rows, const float* w, const uint32_t* x, int32_t inputs, float* sums,
                        Ahead ahead) {
  with_count<kTileRows>(rows, [=]<int kRows>() {
    constexpr int kColumns = kTileVectors * kWidth;
    for (int c = 0; c < kPanel; c += kColumns)
      add_floats<kRows, kTileVectors>(w + c, x, inputs, sums + c,
                                      ahead.part(c / kColumns, kPanel / kColumns));
  });
}

static void unpack(const uint32_t* words, int32_t pairs, float* to) {
  for (int32_t p = 0; p < pairs; ++p) {
    const uint32_t* at = words + p * kPanel;
#pragma GCC unroll 16
    for (int c = 0; c < kPanel; c += kWidth) {
      const U w = load<U>(at + c);
      store(to + 2 * p * kPanel + c, low_of(w));
      store(to + (2 * p + 1) * kPanel + c, high_of(w));
    }
  }
}

// sums[count][64] += a chunk of `inputs` of packed rows times a chunk of a panel, while `next` is fetched.
// `floats`: [kChunk][64].
static void add_chunk(const uint32_t* words, const uint32_t* x, int32_t inputs, int32_t count, float* sums,
                      float* floats, Ahead next) {
  if (count > kDirectRows) unpack(words, (inputs + 1) / 2, floats);
  const Tiles tiles(count);
  for (int32_t t = 0; t < tiles.tiles; ++t) {
    const int32_t row = tiles.first(t), rows = tiles.first(t + 1) - row;
    const uint32_t* at = x + row * kChunk;
    float* to = sums + row * kPanel;
    const Ahead ahead = next.part(t, tiles.tiles);
    if (count > kDirectRows) from_floats(rows, floats, at, inputs, to, ahead);
    else if (tiles.tiles > 1) from_words<false>(rows, words, at, inputs, to, ahead);
    else from_words<true>(rows, words, at, inputs, to, ahead);
  }
}

}  // namespace quire::cpu::QUIRE_LEVEL
