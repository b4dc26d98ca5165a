// Products of rows and packed weights: y[row][o] = sum over k of x[row][k] w[o][k], k upwards, one sum per
// output, whatever the number of rows. Few rows unpack the weights in registers, many rows unpack a chunk of
// a panel to floats once; both do the same additions in the same order.
#pragma once
#include "backends/cpu/generic/activation.h"
#include "backends/cpu/generic/vec.h"
#include "backends/cpu/kernels.h"

namespace quire::cpu::QUIRE_LEVEL {

// Pairs of inputs that stay in the first cache while several tiles of rows or of columns use them.
inline constexpr int32_t kDirectPairs = 64;

static_assert(kPanel % (kTileVectors * kWidth) == 0 && kPanel % (kOneRowVectors * kWidth) == 0);

// sums[kRows][64] (columns of kVectors vectors from `column` on) += x[kRows][2 first, 2 end) w, and the even
// half of the pair `end` if `odd`. kFetch: the words come from memory.
template <int kRows, int kVectors, bool kFetch>
QUIRE_TILE void add_pairs(const uint32_t* words, const float* const* x, int32_t first, int32_t end, bool odd,
                          float* sums) {
  F a[kRows][kVectors];
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) a[m][v] = load<F>(sums + m * kPanel + v * kWidth);
  for (int32_t p = first; p < end; ++p) {
    const uint32_t* at = words + static_cast<int64_t>(p) * kPanel;
    if (kFetch)
      for (int line = 0; line < kVectors * kWidth; line += 16) __builtin_prefetch(at + kPanel * 24 + line);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const U w = load<U>(at + v * kWidth);
      const F even = low_of(w), odds = high_of(w);
#pragma GCC unroll 8
      for (int m = 0; m < kRows; ++m) {
        a[m][v] = fma(splat(x[m][2 * p]), even, a[m][v]);
        a[m][v] = fma(splat(x[m][2 * p + 1]), odds, a[m][v]);
      }
    }
  }
  if (odd) {
    const uint32_t* at = words + static_cast<int64_t>(end) * kPanel;
    for (int v = 0; v < kVectors; ++v)
      for (int m = 0; m < kRows; ++m)
        a[m][v] = fma(splat(x[m][2 * end]), low_of(load<U>(at + v * kWidth)), a[m][v]);
  }
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) store(sums + m * kPanel + v * kWidth, a[m][v]);
}

// The same from unpacked weights [count][64].
template <int kRows, int kVectors>
QUIRE_TILE void add_floats(const float* w, const float* const* x, int32_t count, float* sums) {
  F a[kRows][kVectors];
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) a[m][v] = load<F>(sums + m * kPanel + v * kWidth);
  for (int32_t k = 0; k < count; ++k) {
    const float* at = w + k * kPanel;
    F b[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) b[v] = load<F>(at + v * kWidth);
#pragma GCC unroll 8
    for (int m = 0; m < kRows; ++m) {
      const F value = splat(x[m][k]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) a[m][v] = fma(value, b[v], a[m][v]);
    }
  }
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) store(sums + m * kPanel + v * kWidth, a[m][v]);
}

// `rows` is turned from a number into a template argument.
template <int kRows>
static void from_words(int rows, bool fetch, const uint32_t* words, const float* const* x, int32_t first,
                       int32_t end, bool odd, float* sums) {
  if constexpr (kRows > 0) {
    if (rows != kRows) return from_words<kRows - 1>(rows, fetch, words, x, first, end, odd, sums);
    constexpr int kVectors = kRows == 1 ? kOneRowVectors : kTileVectors;
    for (int c = 0; c < kPanel; c += kVectors * kWidth)
      if (fetch) add_pairs<kRows, kVectors, true>(words + c, x, first, end, odd, sums + c);
      else add_pairs<kRows, kVectors, false>(words + c, x, first, end, odd, sums + c);
  }
}

template <int kRows>
static void from_floats(int rows, const float* w, const float* const* x, int32_t count, float* sums) {
  if constexpr (kRows > 0) {
    if (rows != kRows) return from_floats<kRows - 1>(rows, w, x, count, sums);
    constexpr int kColumns = kTileVectors * kWidth;
    for (int c = 0; c < kPanel; c += kColumns) add_floats<kRows, kTileVectors>(w + c, x, count, sums + c);
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

// sums[count][64] = rows [first, first + count) of x times panel `panel`.
static void panel_sums(const Product& p, int32_t panel, int32_t first, int32_t count, float* sums,
                       float* floats) {
  const float* x[kRowBlock];
  for (int32_t i = 0; i < count; ++i) {
    const int32_t row = p.x_row != nullptr ? p.x_row[first + i] : first + i;
    x[i] = p.x + row * p.x_stride;
  }
  for (int32_t i = 0; i < count * kPanel; i += kWidth) store(sums + i, zero());
  const uint32_t* words = p.words + static_cast<int64_t>(panel) * ((p.in + 1) / 2) * kPanel;
  const int32_t tiles = (count + kTileRows - 1) / kTileRows;
  const auto rows_of = [&](int32_t tile, int32_t before) {  // as even as can be
    return (count - before + tiles - tile - 1) / (tiles - tile);
  };
  if (count <= kDirectRows) {
    const int32_t pairs = p.in / 2;
    for (int32_t k = 0; k < (p.in + 1) / 2; k += kDirectPairs) {
      const int32_t end = k + kDirectPairs < pairs ? k + kDirectPairs : pairs;
      const bool odd = p.in % 2 != 0 && k + kDirectPairs > pairs;
      for (int32_t t = 0, row = 0; t < tiles; ++t) {
        const int32_t rows = rows_of(t, row);
        from_words<kTileRows>(rows, t == 0, words, x + row, k, end, odd, sums + row * kPanel);
        row += rows;
      }
    }
    return;
  }
  for (int32_t k = 0; k < p.in; k += kChunk) {
    const int32_t inputs = p.in - k < kChunk ? p.in - k : kChunk;
    unpack(words + static_cast<int64_t>(k / 2) * kPanel, (inputs + 1) / 2, floats);
    for (int32_t t = 0, row = 0; t < tiles; ++t) {
      const int32_t rows = rows_of(t, row);
      from_floats<kTileRows>(rows, floats, x + row, inputs, sums + row * kPanel);
      row += rows;
      for (int32_t i = row - rows; i < row; ++i) x[i] += inputs;
    }
  }
}

// The panel's columns of row `i` of the tile, of `count` valid ones.
QUIRE_INLINE float* y_at(const Product& p, int32_t row, int32_t column) {
  return p.y + (p.y_row != nullptr ? p.y_row[row] : row) * p.y_stride + column;
}
QUIRE_INLINE void put(float* to, const float* from, int32_t count) {
  if (count >= kPanel) {
    for (int c = 0; c < kPanel; c += kWidth) store(to + c, load<F>(from + c));
  } else {
    for (int32_t c = 0; c < count; ++c) to[c] = from[c];
  }
}
QUIRE_INLINE int32_t columns_of(int32_t out, int32_t panel) {
  const int32_t left = out - panel * kPanel;
  return left < kPanel ? left : kPanel;
}
// The biases of 64 outputs from `first` on, 0 beyond the last.
QUIRE_INLINE void biases(const Product& p, int32_t first, float* to) {
  for (int32_t c = 0; c < kPanel; ++c)
    to[c] = p.bias != nullptr && first + c < p.out ? p.bias[first + c] : 0.0f;
}

static void linear(const Product& p, int32_t panel, int32_t first, int32_t count, float* scratch) {
  panel_sums(p, panel, first, count, scratch, scratch + 3 * kRowBlock * kPanel);
  float bias[kPanel];
  if (p.bias != nullptr) biases(p, panel * kPanel, bias);
  const int32_t columns = columns_of(p.out, panel);
  for (int32_t i = 0; i < count; ++i) {
    float* s = scratch + i * kPanel;
    if (p.bias != nullptr)
      for (int c = 0; c < kPanel; c += kWidth) store(s + c, load<F>(s + c) + load<F>(bias + c));
    put(y_at(p, first + i, panel * kPanel), s, columns);
  }
}

static void add(const Product& p, int32_t panel, int32_t first, int32_t count, float* scratch) {
  panel_sums(p, panel, first, count, scratch, scratch + 3 * kRowBlock * kPanel);
  float bias[kPanel];
  biases(p, panel * kPanel, bias);
  const int32_t columns = columns_of(p.out, panel);
  for (int32_t i = 0; i < count; ++i) {
    float* y = y_at(p, first + i, panel * kPanel);
    const F weight = splat(p.weight[first + i]);
    float s[kPanel];
    for (int32_t c = 0; c < columns; ++c) s[c] = y[c];
    for (int32_t c = columns; c < kPanel; ++c) s[c] = 0.0f;
    for (int c = 0; c < kPanel; c += kWidth)
      store(s + c, fma(weight, load<F>(scratch + i * kPanel + c) + load<F>(bias + c), load<F>(s + c)));
    put(y, s, columns);
  }
}

// Gates are outputs [0, width), ups [width, 2 width). Where width is no multiple of 64, the ups that belong
// to a panel of gates lie in two panels.
static void gated(const Product& p, int32_t panel, int32_t first, int32_t count, float* scratch) {
  float *gates = scratch, *ups = gates + kRowBlock * kPanel, *more = ups + kRowBlock * kPanel;
  float* floats = more + kRowBlock * kPanel;
  const int32_t up = p.width + panel * kPanel, shift = up % kPanel, columns = columns_of(p.width, panel);
  panel_sums(p, panel, first, count, gates, floats);
  panel_sums(p, up / kPanel, first, count, ups, floats);
  if (shift + columns > kPanel) panel_sums(p, up / kPanel + 1, first, count, more, floats);
  float gate_bias[kPanel], up_bias[kPanel];
  if (p.bias != nullptr) biases(p, panel * kPanel, gate_bias), biases(p, up, up_bias);
  for (int32_t i = 0; i < count; ++i) {
    float* g = gates + i * kPanel;
    float shifted[kPanel];
    const float* u = ups + i * kPanel;
    if (shift != 0) {
      for (int32_t c = 0; c < kPanel; ++c)
        shifted[c] = c >= columns         ? 0.0f
                     : c + shift < kPanel ? u[c + shift]
                                          : more[i * kPanel + c + shift - kPanel];
      u = shifted;
    }
    for (int c = 0; c < kPanel; c += kWidth) {
      F gate = load<F>(g + c), value = load<F>(u + c);
      if (p.bias != nullptr) gate += load<F>(gate_bias + c), value += load<F>(up_bias + c);
      store(g + c, activate(p.act, gate) * value);
    }
    put(y_at(p, first + i, panel * kPanel), g, columns);
  }
}

// A row of a packed matrix, as an embedding.
static void gather(const uint32_t* words, int32_t in, int32_t row, float scale, float* to) {
  const uint32_t* at = words + static_cast<int64_t>(row / kPanel) * ((in + 1) / 2) * kPanel + row % kPanel;
  for (int32_t k = 0; k < in; ++k) {
    const uint32_t word = at[static_cast<int64_t>(k / 2) * kPanel];
    const uint32_t bits = k % 2 == 0 ? word << 16 : word & 0xffff0000u;
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    to[k] = value * scale;
  }
}

}  // namespace quire::cpu::QUIRE_LEVEL
