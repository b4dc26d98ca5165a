// Products of rows and packed weights, by panels of 64 outputs and blocks of rows: sums, then what is done
// with them. Every output is summed over its inputs upwards, whatever the number of rows.
#pragma once
#include "backends/cpu/generic/activation.h"
#include "backends/cpu/generic/sums.h"

namespace quire::cpu::QUIRE_LEVEL {

// sums[tile.count][kRowBlock][64] = packed rows [first, first + count) of x times the tile's panels, a chunk
// of inputs for all panels after the other. Of panel `after`, if there is one, the first chunk is fetched at
// the end.
static void chunk_by_chunk(const Product& p, Panels tile, int32_t after, int32_t first, int32_t count,
                           float* sums, uint32_t* unpacked) {
  for (int32_t j = 0; j < tile.count; ++j)
    for (int32_t i = 0; i < count * kPanel; i += kWidth) store(sums + j * kPanelSums + i, zero());
  const int32_t most = p.chunk * kInputsPerWord;
  const int64_t panel_words = static_cast<int64_t>((p.in + 1) / 2) * kPanel;
  const uint32_t* words = p.words + tile.first * panel_words;
  const uint32_t* last = after < (p.out + kPanel - 1) / kPanel ? p.words + after * panel_words : nullptr;
  const uint32_t* x = p.x + first * p.row_words;
  for (int32_t k = 0; k < p.in; k += most, x += count * kChunk, words += most / 2 * kPanel) {
    const int32_t inputs = p.in - k < most ? p.in - k : most, pairs = (inputs + 1) / 2;
    for (int32_t j = 0; j < tile.count; ++j) {
      const uint32_t* at = words + j * panel_words;
      const uint32_t* next = j + 1 < tile.count ? at + panel_words
                             : k + most < p.in  ? words + most / 2 * kPanel
                                                : last;
      add_chunk(at, x, pairs, count, sums + j * kPanelSums, unpacked,
                {next, next != nullptr ? pairs * kPairLines : 0});
    }
  }
}

// Many rows are read from afar once for all panels; few rows stay near, and weights come in the order in
// which they lie.
static void panel_sums(const Product& p, Panels tile, int32_t after, int32_t first, int32_t count,
                       float* sums, uint32_t* unpacked) {
  if (count >= kManyRows) return chunk_by_chunk(p, tile, after, first, count, sums, unpacked);
  for (int32_t j = 0; j < tile.count; ++j) {
    const int32_t panel = tile.first + j;
    chunk_by_chunk(p, {panel, 1}, j + 1 < tile.count ? panel + 1 : after, first, count, sums + j * kPanelSums,
                   unpacked);
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

// The chunk's place in a product's scratch.
QUIRE_INLINE uint32_t* unpacked_of(float* scratch) {
  return reinterpret_cast<uint32_t*>(scratch + kMostSums);
}

static void linear(const Product& p, Panels tile, int32_t first, int32_t count, float* scratch) {
  panel_sums(p, tile, tile.first + p.turn, first, count, scratch, unpacked_of(scratch));
  for (int32_t j = 0; j < tile.count; ++j) {
    const int32_t panel = tile.first + j, columns = columns_of(p.out, panel);
    float bias[kPanel];
    if (p.bias != nullptr) biases(p, panel * kPanel, bias);
    for (int32_t i = 0; i < count; ++i) {
      float* s = scratch + j * kPanelSums + i * kPanel;
      if (p.bias != nullptr)
        for (int c = 0; c < kPanel; c += kWidth) store(s + c, load<F>(s + c) + load<F>(bias + c));
      put(y_at(p, first + i, panel * kPanel), s, columns);
    }
  }
}

static void add(const Product& p, int32_t panel, int32_t first, int32_t count, float* scratch) {
  panel_sums(p, {panel, 1}, panel + p.turn, first, count, scratch, unpacked_of(scratch));
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

// The columns of gate panel `panel`, whose ups begin at column `shift` of `ups` and may go on in the next
// panel's.
template <Act kAct>
static void gate(const Product& p, int32_t panel, int32_t shift, int32_t first, int32_t count, float* gates,
                 const float* ups) {
  const int32_t columns = columns_of(p.width, panel);
  float gate_bias[kPanel], up_bias[kPanel];
  if (p.bias != nullptr) biases(p, panel * kPanel, gate_bias), biases(p, p.width + panel * kPanel, up_bias);
  for (int32_t i = 0; i < count; ++i) {
    float* g = gates + i * kPanel;
    float shifted[kPanel];
    const float* u = ups + i * kPanel;
    if (shift != 0) {
      for (int32_t c = 0; c < kPanel; ++c)
        shifted[c] = c >= columns         ? 0.0f
                     : c + shift < kPanel ? u[c + shift]
                                          : u[kPanelSums + c + shift - kPanel];
      u = shifted;
    }
    for (int c = 0; c < kPanel; c += kWidth) {
      F gate = load<F>(g + c), value = load<F>(u + c);
      if (p.bias != nullptr) gate += load<F>(gate_bias + c), value += load<F>(up_bias + c);
      store(g + c, activate<kAct>(gate) * value);
    }
    put(y_at(p, first + i, panel * kPanel), g, columns);
  }
}

// Gates are outputs [0, width), ups [width, 2 width). Where width is no multiple of 64, the ups that belong
// to panels of gates lie in one panel more.
static void gated(const Product& p, Panels tile, int32_t first, int32_t count, float* scratch) {
  float *all_gates = scratch, *all_ups = all_gates + kMostPanels * kPanelSums;
  uint32_t* unpacked = unpacked_of(scratch);
  const int32_t first_up = p.width + tile.first * kPanel, shift = first_up % kPanel;
  const int32_t end =
      p.width < (tile.first + tile.count) * kPanel ? p.width : (tile.first + tile.count) * kPanel;
  const Panels up = {first_up / kPanel, (p.width + end - 1) / kPanel - first_up / kPanel + 1};
  panel_sums(p, tile, up.first, first, count, all_gates, unpacked);
  panel_sums(p, up, tile.first + p.turn, first, count, all_ups, unpacked);
  with_act(p.act, [&]<Act kAct>() {
    for (int32_t j = 0; j < tile.count; ++j)
      gate<kAct>(p, tile.first + j, shift, first, count, all_gates + j * kPanelSums,
                 all_ups + j * kPanelSums);
  });
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
