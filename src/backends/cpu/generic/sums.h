// Sums of products of packed rows and a chunk of a panel. Few rows take the weights as they lie; many rows of
// floats unpack a chunk once. Both do the same additions in the same order.
#pragma once
#include "backends/cpu/generic/tiles.h"
#include "backends/cpu/generic/words.h"

namespace quire::cpu::QUIRE_LEVEL {

template <int kRows, int kVectors>
QUIRE_INLINE void add_packed(F (&a)[kRows][kVectors], const uint32_t* words, const uint32_t* x) {
  U w[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) w[v] = load<U>(words + v * kWidth);
  add_pair(a, w, x, kChunk);
}

// sums[kRows][64] (columns of kVectors vectors) += x[kRows][chunk] w for `pairs` pairs of the chunk.
template <int kRows, int kVectors, class Pace>
QUIRE_TILE void add_pairs(const uint32_t* words, const uint32_t* x, int32_t pairs, float* sums, Ahead ahead) {
  F a[kRows][kVectors];
  take_sums(a, sums);
  int32_t p = 0;
  for (const int32_t end = rounds(ahead, Pace::kStep, pairs); p < end; ++p) {
    fetch<Pace::kLines>(ahead, p * Pace::kStep);
    add_packed(a, words + p * kPanel, x + p * kPairWords);
  }
  for (; p < pairs; ++p) add_packed(a, words + p * kPanel, x + p * kPairWords);
  put_sums(a, sums);
}

// The same from unpacked pairs, so many words of a row.
template <int kRows, int kVectors>
QUIRE_TILE void add_words(const uint32_t* w, const uint32_t* x, int32_t words, float* sums, Ahead ahead) {
  F a[kRows][kVectors];
  take_sums(a, sums);
  int32_t k = 0;
  for (const int32_t end = rounds(ahead, 1, words); k < end; ++k) {
    fetch<1>(ahead, k);
    add_word(a, w + k * kPanel, x + k, kChunk);
  }
  for (; k < words; ++k) add_word(a, w + k * kPanel, x + k, kChunk);
  put_sums(a, sums);
}

// All 64 columns of a tile of `rows` rows.
template <bool kAlone>
static void from_pairs(int rows, const uint32_t* words, const uint32_t* x, int32_t pairs, float* sums,
                       Ahead ahead) {
  with_count<kTileRows>(rows, [=]<int kRows>() {
    constexpr int kVectors = kRows == 1 ? kOneRowVectors : kTileVectors, kColumns = kVectors * kWidth;
    for (int c = 0; c < kPanel; c += kColumns)
      add_pairs<kRows, kVectors, Pace<kColumns, kAlone>>(words + c, x, pairs, sums + c,
                                                         ahead.part(c / kColumns, kPanel / kColumns));
  });
}
static void from_words(int rows, const uint32_t* w, const uint32_t* x, int32_t words, float* sums,
                       Ahead ahead) {
  with_count<kTileRows>(rows, [=]<int kRows>() {
    constexpr int kColumns = kTileVectors * kWidth;
    for (int c = 0; c < kPanel; c += kColumns)
      add_words<kRows, kTileVectors>(w + c, x, words, sums + c, ahead.part(c / kColumns, kPanel / kColumns));
  });
}

// sums[count][64] += a chunk of `pairs` pairs of inputs of packed rows times a chunk of a panel, while `next`
// is fetched. `unpacked`: [kChunk][64].
static void add_chunk(const uint32_t* words, const uint32_t* x, int32_t pairs, int32_t count, float* sums,
                      uint32_t* unpacked, Ahead next) {
  const bool direct = kInputsPerWord == 2 || count <= kDirectRows;
  if (!direct)
    for (int32_t p = 0; p < pairs; ++p)
#pragma GCC unroll 16
      for (int c = 0; c < kPanel; c += kWidth)
        unpack_pair(load<U>(words + p * kPanel + c), unpacked + p * kPairWords * kPanel + c);
  const Tiles tiles(count);
  for (int32_t t = 0; t < tiles.tiles; ++t) {
    const int32_t row = tiles.first(t), rows = tiles.first(t + 1) - row;
    const uint32_t* at = x + row * kChunk;
    float* to = sums + row * kPanel;
    const Ahead ahead = next.part(t, tiles.tiles);
    if (!direct) from_words(rows, unpacked, at, pairs * kPairWords, to, ahead);
    else if (tiles.tiles > 1) from_pairs<false>(rows, words, at, pairs, to, ahead);
    else from_pairs<true>(rows, words, at, pairs, to, ahead);
  }
}

}  // namespace quire::cpu::QUIRE_LEVEL
