// Attention of one token's query heads that share a kv head, over its pages. A lane is a key while scores are
// computed and a feature while values are summed, so no key's arithmetic depends on its neighbours, on the
// block size or on other tokens; a page is read once for all heads.
#pragma once
#include "backends/cpu/generic/attention_piece.h"

namespace quire::cpu::QUIRE_LEVEL {

inline constexpr int kHeads = 4;                       // at a time
inline constexpr int kVectors = kWidth == 16 ? 4 : 2;  // of keys or of features at a time

// scores[kCount heads][256]: vectors [first, first + kKeys) of q k^T.
template <int kCount, int kKeys>
QUIRE_TILE void dots(const Piece& piece, int32_t first, const float* q, int32_t dim, float* scores) {
  F a[kCount][kKeys];
  const uint32_t *at[kKeys], *next[kKeys];  // pages lie anywhere: no hardware foresees the next one
  const bool more = kKeys > 1 && (first + 2 * kKeys) * kWidth <= piece.keys_that_count.to;
#pragma GCC unroll 8
  for (int v = 0; v < kKeys; ++v) {
    at[v] = piece.keys[first + v];
    next[v] = more ? piece.keys[first + kKeys + v] : at[v];
  }
#pragma GCC unroll 8
  for (int h = 0; h < kCount; ++h)
#pragma GCC unroll 8
    for (int v = 0; v < kKeys; ++v) a[h][v] = zero();
  int32_t d = 0;
  for (; d + 2 <= dim; d += 2)
#pragma GCC unroll 8
    for (int v = 0; v < kKeys; ++v) {
      const U words = load<U>(at[v] + d / 2 * piece.key_stride);
      if (kKeys > 1) __builtin_prefetch(next[v] + d / 2 * piece.key_stride);
      const F even = low_of(words), odd = high_of(words);
#pragma GCC unroll 8
      for (int h = 0; h < kCount; ++h) {
        a[h][v] = fma(splat(q[h * dim + d]), even, a[h][v]);
        a[h][v] = fma(splat(q[h * dim + d + 1]), odd, a[h][v]);
      }
    }
  if (d < dim)
    for (int v = 0; v < kKeys; ++v)
      for (int h = 0; h < kCount; ++h)
        a[h][v] = fma(splat(q[h * dim + d]), low_of(load<U>(at[v] + d / 2 * piece.key_stride)), a[h][v]);
#pragma GCC unroll 8
  for (int h = 0; h < kCount; ++h)
#pragma GCC unroll 8
    for (int v = 0; v < kKeys; ++v) store(scores + h * kAttentionPiece + (first + v) * kWidth, a[h][v]);
}

// out[kCount heads][value_width], kFeatures vectors from `column` on = sum over the piece's keys, upwards, of
// weight * value.
template <int kCount, int kFeatures>
QUIRE_TILE void sum_values(const Piece& piece, const float* weights, int32_t width, int32_t column,
                           float* out) {
  F a[kCount][kFeatures];
#pragma GCC unroll 8
  for (int h = 0; h < kCount; ++h)
#pragma GCC unroll 8
    for (int v = 0; v < kFeatures; ++v) a[h][v] = zero();
  const Keys keys = piece.keys_that_count;
  for (int32_t b = keys.from / piece.per_block; b * piece.per_block < keys.to; ++b) {
    const int32_t start = b * piece.per_block;
    const auto [from, to] = keys.within(start, piece.per_block);
    const uint32_t* values = piece.values[b] + column;
    const int64_t next = start + piece.per_block < keys.to ? piece.values[b + 1] - piece.values[b] : 0;
    const float* w = weights + start;
    if (from % 2 != 0)  // the later half of a word
      for (int v = 0; v < kFeatures; ++v) {
        const F value = high_of(load<U>(values + from / 2 * width + v * kWidth));
        for (int h = 0; h < kCount; ++h) a[h][v] = fma(splat(w[h * kAttentionPiece + from]), value, a[h][v]);
      }
    int32_t i = from + from % 2;
    for (; i + 2 <= to; i += 2)
#pragma GCC unroll 8
      for (int v = 0; v < kFeatures; ++v) {
        const U words = load<U>(values + i / 2 * width + v * kWidth);
        if (kFeatures > 1) __builtin_prefetch(values + i / 2 * width + v * kWidth + next);
        const F even = low_of(words), odd = high_of(words);
#pragma GCC unroll 8
        for (int h = 0; h < kCount; ++h) {
          a[h][v] = fma(splat(w[h * kAttentionPiece + i]), even, a[h][v]);
          a[h][v] = fma(splat(w[h * kAttentionPiece + i + 1]), odd, a[h][v]);
        }
      }
    if (i < to)  // the earlier half of the last word: the other key does not count
      for (int v = 0; v < kFeatures; ++v) {
        const F value = low_of(load<U>(values + i / 2 * width + v * kWidth));
        for (int h = 0; h < kCount; ++h) a[h][v] = fma(splat(w[h * kAttentionPiece + i]), value, a[h][v]);
      }
  }
#pragma GCC unroll 8
  for (int h = 0; h < kCount; ++h)
#pragma GCC unroll 8
    for (int v = 0; v < kFeatures; ++v) store(out + h * width + column + v * kWidth, a[h][v]);
}

// One piece for `count` heads: out and weights of each.
static void piece_of(int count, const Piece& piece, const Attend& a, const float* q, float* scores,
                     float* out, Weights* weights) {
  with_count<kHeads>(count, [&]<int kCount>() {
    const Keys keys = piece.keys_that_count;
    const int32_t end = (keys.to + kWidth - 1) / kWidth, width = a.cache.value_width;
    int32_t v = keys.from / kWidth;
    for (; v + kVectors <= end; v += kVectors) dots<kCount, kVectors>(piece, v, q, a.cache.dim, scores);
    for (; v < end; ++v) dots<kCount, 1>(piece, v, q, a.cache.dim, scores);
    for (int h = 0; h < kCount; ++h) weights[h] = weigh(scores + h * kAttentionPiece, keys, a);
    int32_t c = 0;
    for (; c + kVectors * kWidth <= width; c += kVectors * kWidth)
      sum_values<kCount, kVectors>(piece, scores, width, c, out);
    for (; c < width; c += kWidth) sum_values<kCount, 1>(piece, scores, width, c, out);
  });
}

static int64_t one_token_floats(const Attend& a) {
  return kHeads * (kAttentionPiece + a.cache.value_width) + a.heads * (a.cache.value_width + 2) +
         copy_words(a.cache);
}
static void attend_one(const Attend& a, const AttendTokens& t, float* scratch) {
  const int32_t dim = a.cache.dim, width = a.cache.value_width;
  float *scores = scratch, *part = scores + kHeads * kAttentionPiece, *whole = part + kHeads * width;
  auto* weights = reinterpret_cast<Weights*>(whole + a.heads * width);
  auto* copy = reinterpret_cast<uint32_t*>(weights + a.heads);
  const auto merged = [&](int32_t head) { return Merged{whole + head * width, weights + head}; };
  const Keys keys = seen_by(t, 0);
  const int32_t first_piece = piece_begin(keys.from);
  for (int32_t begin = first_piece; begin < keys.to; begin += kAttentionPiece) {
    Piece piece;
    find_piece(piece, a, t, begin, copy);
    for (int32_t first = 0; first < a.heads; first += kHeads) {
      const int32_t count = a.heads - first < kHeads ? a.heads - first : kHeads;
      Weights w[kHeads];
      piece_of(count, piece, a, t.q + first * dim, scores, part, w);
      for (int32_t h = 0; h < count; ++h)
        merge(merged(first + h), begin == first_piece, part + h * width, w[h], width);
    }
  }
  for (int32_t h = 0; h < a.heads; ++h) finish(merged(h), dim, t.out + h * dim);
}

}  // namespace quire::cpu::QUIRE_LEVEL
