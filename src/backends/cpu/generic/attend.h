// Attention of one token's query heads that share a kv head, over its pages. Each piece of kAttentionPiece
// keys, counted from position 0, gives a maximum, a sum and weighted values of its own; pieces merge in order
// (Milakov, Gimelshein: "Online normalizer calculation for softmax", 2018). A lane is a key while scores are
// computed and a feature while values are summed, so no key's arithmetic depends on its neighbours, on the
// block size or on other tokens; a page is read once for all heads.
#pragma once
#include "backends/cpu/generic/activation.h"
#include "backends/cpu/generic/vec.h"
#include "backends/cpu/kernels.h"

namespace quire::cpu::QUIRE_LEVEL {

inline constexpr int kHeads = 4;                       // at a time
inline constexpr int kVectors = kWidth == 16 ? 4 : 2;  // of keys or of features at a time
inline constexpr int kPieceVectors = kAttentionPiece / kWidth;
inline constexpr float kNoScore = -__builtin_inff();

// Where the keys and values of a piece lie.
struct Piece {
  int32_t from = 0, to = 0;                      // the keys that count, within the piece
  int64_t key_stride = 0;                        // words from one pair of features to the next
  const uint32_t* keys[kPieceVectors] = {};      // of each vector that has keys that count
  const uint32_t* values[kAttentionPiece] = {};  // of each block that has
  int32_t per_block = 0;                         // positions of a block within the piece
};

static int64_t attend_scratch(const Attend& a) {
  const int64_t small_blocks = a.cache.block_size < kWidth ? (a.cache.dim + 1) / 2 * kAttentionPiece : 0;
  return kHeads * kAttentionPiece + (kHeads + a.heads) * a.cache.value_width + 2 * a.heads + small_blocks;
}

// Blocks that hold fewer keys than a vector has lanes are copied side by side.
static void find_piece(Piece& piece, const Attend& a, const AttendToken& t, int32_t begin, uint32_t* copy) {
  const int32_t size = a.cache.block_size;
  const int32_t first = t.first > begin ? t.first : begin;
  const int32_t end = t.end < begin + kAttentionPiece ? t.end : begin + kAttentionPiece;
  piece.from = first - begin, piece.to = end - begin;
  piece.per_block = size < kAttentionPiece ? size : kAttentionPiece;
  piece.key_stride = size < kWidth ? kAttentionPiece : size;
  for (int32_t b = piece.from / piece.per_block; b * piece.per_block < piece.to; ++b) {
    const int32_t position = begin + b * piece.per_block;
    const uint32_t* block = reinterpret_cast<const uint32_t*>(
        a.data + static_cast<int64_t>(t.blocks[position / size]) * a.block_stride);
    const int32_t within = position % size;  // not 0 where a block holds several pieces
    const uint32_t* keys = block + t.kv_head * a.cache.key_words + within;
    piece.values[b] = block + a.cache.kv_heads * a.cache.key_words + t.kv_head * a.cache.value_words +
                      static_cast<int64_t>(within / 2) * a.cache.value_width;
    if (size >= kWidth) {
      for (int32_t v = 0; v < piece.per_block / kWidth; ++v)
        piece.keys[b * piece.per_block / kWidth + v] = keys + v * kWidth;
      continue;
    }
    for (int32_t d = 0; d < (a.cache.dim + 1) / 2; ++d)
      for (int32_t i = 0; i < size; ++i)
        copy[d * kAttentionPiece + b * size + i] = keys[static_cast<int64_t>(d) * size + i];
  }
  if (size < kWidth)
    for (int v = 0; v < kPieceVectors; ++v) piece.keys[v] = copy + v * kWidth;
}

// scores[kCount heads][256]: vectors [first, first + kKeys) of q k^T.
template <int kCount, int kKeys>
QUIRE_TILE void dots(const Piece& piece, int32_t first, const float* q, int32_t dim, float* scores) {
  F a[kCount][kKeys];
  const uint32_t *at[kKeys], *next[kKeys];  // pages lie anywhere: no hardware foresees the next one
  const bool more = kKeys > 1 && (first + 2 * kKeys) * kWidth <= piece.to;
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

struct Weights {  // of one head in one piece
  float top, sum;
};

// Scores become e^(score - largest); keys that do not count become 0.
static Weights weigh(float* scores, const Piece& piece, const Attend& a) {
  const int32_t first = piece.from / kWidth, end = (piece.to + kWidth - 1) / kWidth;
  F top = splat(kNoScore);
  for (int32_t v = first; v < end; ++v) {
    F s = load<F>(scores + v * kWidth) * a.scale;
    if (a.softcap > 0) s = tanh(s / a.softcap) * a.softcap;
    const I key = lanes() + v * kWidth;
    s = ((key >= piece.from) & (key < piece.to)) ? s : splat(kNoScore);
    store(scores + v * kWidth, s);
    top = max(s, top);
  }
  const float largest = max_of(top);
  F sum = zero();
  for (int32_t v = first; v < end; ++v) {
    const F w = exp(load<F>(scores + v * kWidth) - largest);
    store(scores + v * kWidth, w);
    sum += w;
  }
  return {largest, sum_of(sum)};
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
  for (int32_t b = piece.from / piece.per_block; b * piece.per_block < piece.to; ++b) {
    const int32_t start = b * piece.per_block;
    const int32_t from = piece.from > start ? piece.from - start : 0;
    const int32_t to = piece.to - start < piece.per_block ? piece.to - start : piece.per_block;
    const uint32_t* values = piece.values[b] + column;
    const int64_t next = start + piece.per_block < piece.to ? piece.values[b + 1] - piece.values[b] : 0;
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
static void piece_of(int count, const Piece& piece, const Attend& a, const float* q, float* scores, float* out,
                     Weights* weights) {
  with_count<kHeads>(count, [&]<int kCount>() {
    const int32_t end = (piece.to + kWidth - 1) / kWidth, width = a.cache.value_width;
    int32_t v = piece.from / kWidth;
    for (; v + kVectors <= end; v += kVectors) dots<kCount, kVectors>(piece, v, q, a.cache.dim, scores);
    for (; v < end; ++v) dots<kCount, 1>(piece, v, q, a.cache.dim, scores);
    for (int h = 0; h < kCount; ++h) weights[h] = weigh(scores + h * kAttentionPiece, piece, a);
    int32_t c = 0;
    for (; c + kVectors * kWidth <= width; c += kVectors * kWidth)
      sum_values<kCount, kVectors>(piece, scores, width, c, out);
    for (; c < width; c += kWidth) sum_values<kCount, 1>(piece, scores, width, c, out);
  });
}

static void attend(const Attend& a, const AttendToken& t, float* scratch) {
  const int32_t dim = a.cache.dim, width = a.cache.value_width;
  float *scores = scratch, *part = scores + kHeads * kAttentionPiece, *whole = part + kHeads * width;
  float *tops = whole + a.heads * width, *sums = tops + a.heads;
  uint32_t* copy = reinterpret_cast<uint32_t*>(sums + a.heads);
  bool begun = false;
  for (int32_t begin = t.first - t.first % kAttentionPiece; begin < t.end; begin += kAttentionPiece) {
    Piece piece;
    find_piece(piece, a, t, begin, copy);
    for (int32_t first = 0; first < a.heads; first += kHeads) {
      const int32_t count = a.heads - first < kHeads ? a.heads - first : kHeads;
      Weights weights[kHeads];
      piece_of(count, piece, a, t.q + first * dim, scores, part, weights);
      for (int32_t h = 0; h < count; ++h) {
        float *to = whole + (first + h) * width, *top = tops + first + h, *sum = sums + first + h;
        if (!begun) {
          for (int32_t c = 0; c < width; c += kWidth) store(to + c, load<F>(part + h * width + c));
          *top = weights[h].top, *sum = weights[h].sum;
          continue;
        }
        const float new_top = *top > weights[h].top ? *top : weights[h].top;
        const F old = exp(splat(*top - new_top)), now = exp(splat(weights[h].top - new_top));
        for (int32_t c = 0; c < width; c += kWidth)
          store(to + c, fma(load<F>(part + h * width + c), now, load<F>(to + c) * old));
        *sum = *sum * old[0] + weights[h].sum * now[0];
        *top = new_top;
      }
    }
    begun = true;
  }
  for (int32_t h = 0; h < a.heads; ++h) {
    const float sum = sums[h];
    int32_t c = 0;
    for (; c + kWidth <= dim; c += kWidth) store(t.out + h * dim + c, load<F>(whole + h * width + c) / sum);
    for (; c < dim; ++c) t.out[h * dim + c] = whole[h * width + c] / sum;
  }
}

}  // namespace quire::cpu::QUIRE_LEVEL
