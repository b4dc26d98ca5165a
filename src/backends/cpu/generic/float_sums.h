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

// sums[kRows][64] (columns of kVectors vectors) += x[kRows][chunk] w for `inputs` inputs of the chunk.
// kFetch: the words come from memory.
template <int kRows, int kVectors, bool kFetch>
QUIRE_TILE void add_pairs(const uint32_t* words, const uint32_t* x, int32_t inputs, float* sums) {
  F a[kRows][kVectors];
  take_sums(a, sums);
  for (int32_t p = 0; p < inputs / 2; ++p) {
    const uint32_t* at = words + p * kPanel;
    if (kFetch)
      for (int line = 0; line < kVectors * kWidth; line += 16) __builtin_prefetch(at + kPanel * 24 + line);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const U w = load<U>(at + v * kWidth);
      const F even = low_of(w), odds = high_of(w);
#pragma GCC unroll 8
      for (int m = 0; m < kRows; ++m) {
        a[m][v] = fma(input(x[m * kChunk + 2 * p]), even, a[m][v]);
        a[m][v] = fma(input(x[m * kChunk + 2 * p + 1]), odds, a[m][v]);
      }
    }
  }
  if (inputs % 2 != 0) {
    const uint32_t* at = words + inputs / 2 * kPanel;
    for (int v = 0; v < kVectors; ++v)
      for (int m = 0; m < kRows; ++m)
        a[m][v] = fma(input(x[m * kChunk + inputs - 1]), low_of(load<U>(at + v * kWidth)), a[m][v]);
  }
  put_sums(a, sums);
}

// The same from unpacked weights [inputs][64].
template <int kRows, int kVectors>
QUIRE_TILE void add_floats(const float* w, const uint32_t* x, int32_t inputs, float* sums) {
  F a[kRows][kVectors];
  take_sums(a, sums);
  for (int32_t k = 0; k < inputs; ++k) {
    const float* at = w + k * kPanel;
    F b[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) b[v] = load<F>(at + v * kWidth);
#pragma GCC unroll 8
    for (int m = 0; m < kRows; ++m) {
      const F value = input(x[m * kChunk + k]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) a[m][v] = fma(value, b[v], a[m][v]);
    }
  }
  put_sums(a, sums);
}

// `rows` is turned from a number into a template argument.
template <int kRows>
static void from_words(int rows, bool fetch, const uint32_t* words, const uint32_t* x, int32_t inputs,
                       float* sums) {
  if constexpr (kRows > 0) {
    if (rows != kRows) return from_words<kRows - 1>(rows, fetch, words, x, inputs, sums);
    constexpr int kVectors = kRows == 1 ? kOneRowVectors : kTileVectors;
    for (int c = 0; c < kPanel; c += kVectors * kWidth)
      if (fetch) add_pairs<kRows, kVectors, true>(words + c, x, inputs, sums + c);
      else add_pairs<kRows, kVectors, false>(words + c, x, inputs, sums + c);
  }
}

template <int kRows>
static void from_floats(int rows, const float* w, const uint32_t* x, int32_t inputs, float* sums) {
  if constexpr (kRows > 0) {
    if (rows != kRows) return from_floats<kRows - 1>(rows, w, x, inputs, sums);
    constexpr int kColumns = kTileVectors * kWidth;
    for (int c = 0; c < kPanel; c += kColumns) add_floats<kRows, kTileVectors>(w + c, x, inputs, sums + c);
  }
}

static void unpack(const uint32_t* words, int32_t pairs, float* to) {
  for (int32_t p = 0; p < pairs; ++p) {
    const uint32_t* at = words + p * kPanel;
    for (int line = 0; line < kPanel; line += 16) __builtin_prefetch(at + kPanel * 16 + line);
#pragma GCC unroll 16
    for (int c = 0; c < kPanel; c += kWidth) {
      const U w = load<U>(at + c);
      store(to + 2 * p * kPanel + c, low_of(w));
      store(to + (2 * p + 1) * kPanel + c, high_of(w));
    }
  }
}

// sums[count][64] += a block of packed rows times one panel. `floats`: [kChunk][64].
static void block_sums(const uint32_t* words, int32_t in, const uint32_t* x, int32_t count, float* sums,
                       float* floats) {
  const Tiles tiles(count);
  for (int32_t k = 0; k < in; k += kChunk, x += count * kChunk, words += kChunk / 2 * kPanel) {
    const int32_t inputs = in - k < kChunk ? in - k : kChunk;
    if (count > kDirectRows) unpack(words, (inputs + 1) / 2, floats);
    for (int32_t t = 0; t < tiles.tiles; ++t) {
      const int32_t row = tiles.first(t), rows = tiles.first(t + 1) - row;
      if (count > kDirectRows)
        from_floats<kTileRows>(rows, floats, x + row * kChunk, inputs, sums + row * kPanel);
      else from_words<kTileRows>(rows, t == 0, words, x + row * kChunk, inputs, sums + row * kPanel);
    }
  }
}

}  // namespace quire::cpu::QUIRE_LEVEL
