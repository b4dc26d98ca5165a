// Products of rows and packed weights, by panels of 64 outputs and blocks of rows: sums, then what is done
// with them. Every output is summed over its inputs upwards, whatever the number of rows.
#pragma once
#include "backends/cpu/generic/activation.h"
#include "backends/cpu/generic/vec.h"
#include "backends/cpu/kernels.h"
#if QUIRE_DOTS
#include "backends/cpu/generic/dot_sums.h"
#else
#include "backends/cpu/generic/float_sums.h"
#endif

namespace quire::cpu::QUIRE_LEVEL {

QUIRE_INLINE const uint32_t* panel_of(const Product& p, int32_t panel) {
  return p.words + static_cast<int64_t>(panel) * ((p.in + 1) / 2) * kPanel;
}
// sums[count][64] = packed rows [first, first + count) of x times panel `panel`. Of panel `after`, if there
// is one, the first chunk is fetched at the end.
static void panel_sums(const Product& p, int32_t panel, int32_t after, int32_t first, int32_t count,
                       float* sums, float* scratch) {
  for (int32_t i = 0; i < count * kPanel; i += kWidth) store(sums + i, zero());
  const bool more = after < (p.out + kPanel - 1) / kPanel;
  block_sums(panel_of(p, panel), more ? panel_of(p, after) : nullptr, p.in, p.x + first * p.row_words, count,
             sums, scratch);
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
  panel_sums(p, panel, panel + p.turn, first, count, scratch, scratch + 3 * kRowBlock * kPanel);
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
  panel_sums(p, panel, panel + p.turn, first, count, scratch, scratch + 3 * kRowBlock * kPanel);
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
  const bool two = shift + columns > kPanel;
  panel_sums(p, panel, up / kPanel, first, count, gates, floats);
  panel_sums(p, up / kPanel, two ? up / kPanel + 1 : panel + p.turn, first, count, ups, floats);
  if (two) panel_sums(p, up / kPanel + 1, panel + p.turn, first, count, more, floats);
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
