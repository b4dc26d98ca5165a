// Attention of one token's query heads that share a kv head, over its pages. A lane is a key while scores are
// computed and a feature while values are summed, so no key's arithmetic depends on its neighbours, on the
// block size or on other tokens; a page is read once for all heads.
//
// Pages lie anywhere, so no hardware foresees the next one: while the scores of a piece are computed its
// values are fetched, and while those are summed the keys of the piece that comes next.
#pragma once
#include "backends/cpu/generic/attention_piece.h"
#include "backends/cpu/generic/tiles.h"

namespace quire::cpu::QUIRE_LEVEL {

QUIRE_INLINE void fetch(const uint32_t* at) { __builtin_prefetch(at); }

// scores[kCount heads][256]: vectors [first, first + kKeys) of q k^T. q: [kCount][q_words], packed.
template <int kCount, int kKeys>
QUIRE_TILE void dots(const Piece& piece, int32_t first, const uint32_t* q, int32_t q_words, int32_t pairs,
                     float* scores) {
  F a[kCount][kKeys];
  const uint32_t *at[kKeys], *next[kKeys];
#pragma GCC unroll 8
  for (int v = 0; v < kKeys; ++v) at[v] = piece.keys[first + v], next[v] = piece.values[first + v];
#pragma GCC unroll 8
  for (int h = 0; h < kCount; ++h)
#pragma GCC unroll 8
    for (int v = 0; v < kKeys; ++v) a[h][v] = zero();
  for (int32_t d = 0; d < pairs; ++d) {
    U words[kKeys];
#pragma GCC unroll 8
    for (int v = 0; v < kKeys; ++v) {
      words[v] = load<U>(at[v] + d * piece.key_stride);
      fetch(next[v] + d * kWidth);
    }
    add_pair(a, words, q + d * kPairWords, q_words);
  }
#pragma GCC unroll 8
  for (int h = 0; h < kCount; ++h)
#pragma GCC unroll 8
    for (int v = 0; v < kKeys; ++v) store(scores + h * kAttentionPiece + (first + v) * kWidth, a[h][v]);
}

// a += weight * value for one key: the other one of the pair does not count and may be NaN.
template <int kCount, int kFeatures>
QUIRE_INLINE void add_half(F (&a)[kCount][kFeatures], const uint32_t* values, uint32_t mask,
                           const uint32_t* weights) {
  U words[kFeatures];
#pragma GCC unroll 8
  for (int v = 0; v < kFeatures; ++v) words[v] = load<U>(values + v * kWidth) & splat_bits(mask);
  add_pair(a, words, weights, kAttentionPiece);
}

// out[kCount heads][value_width], kFeatures vectors from `column` on = sum over the piece's keys, upwards, of
// weight * value. `ahead` is the piece that comes next.
template <int kCount, int kFeatures>
QUIRE_TILE void sum_values(const Piece& piece, const Piece& ahead, const float* weights, int32_t width,
                           int32_t column, float* out) {
  F a[kCount][kFeatures];
#pragma GCC unroll 8
  for (int h = 0; h < kCount; ++h)
#pragma GCC unroll 8
    for (int v = 0; v < kFeatures; ++v) a[h][v] = zero();
  const Keys keys = piece.keys_that_count;
  for (int32_t vector = keys.from / kWidth; vector * kWidth < keys.to; ++vector) {
    const auto [from, to] = keys.within(vector * kWidth, kWidth);
    const uint32_t* values = piece.values[vector] + column;
    const auto* w = reinterpret_cast<const uint32_t*>(weights) + vector * kWidth / 2 * kPairWords;
    const uint32_t* near[kFeatures];
#pragma GCC unroll 8
    for (int v = 0; v < kFeatures; ++v)
      near[v] =
          ahead.keys[vector / kFeatures * kFeatures + v] + vector % kFeatures * kWidth / 2 * ahead.key_stride;
    int32_t i = from;
    if (i % 2 != 0) {
      add_half(a, values + i / 2 * width, kLaterHalf, w + i / 2 * kPairWords);
      ++i;
    }
    for (; i + 2 <= to; i += 2) {
      U words[kFeatures];
#pragma GCC unroll 8
      for (int v = 0; v < kFeatures; ++v) {
        words[v] = load<U>(values + i / 2 * width + v * kWidth);
        fetch(near[v] + (column / 2 + i / 2) * ahead.key_stride);
      }
      add_pair(a, words, w + i / 2 * kPairWords, kAttentionPiece);
    }
    if (i < to) add_half(a, values + i / 2 * width, kEarlierHalf, w + i / 2 * kPairWords);
  }
#pragma GCC unroll 8
  for (int h = 0; h < kCount; ++h)
#pragma GCC unroll 8
    for (int v = 0; v < kFeatures; ++v) store(out + h * width + column + v * kWidth, a[h][v]);
}

// What a token's heads have of some pieces.
struct Part {
  float* values;     // [heads][value_width]
  Weights* weights;  // [heads]
  Merged head(int32_t h, int32_t width) const { return {values + h * width, weights + h}; }
};
QUIRE_INLINE Part part_at(const Attend& a, float* at) {
  return {at, reinterpret_cast<Weights*>(at + a.heads * a.cache.value_width)};
}

static int64_t attend_part(const Attend& a) {  // whole cache lines
  return (int64_t{a.heads} * (a.cache.value_width + 2) + 15) / 16 * 16;
}

struct OneScratch {
  uint32_t* q;  // [heads][words_of(dim)]
  float* scores;
  float* parts;  // of this piece and of those before
  uint32_t* copies;
};
static int64_t one_token_floats(const Attend& a) {
  return a.heads * words_of(a.cache.dim) + kTileRows * kAttentionPiece + 2 * attend_part(a) +
         2 * copy_words(a.cache);
}
static OneScratch one_scratch(const Attend& a, float* at) {
  OneScratch s;
  s.q = reinterpret_cast<uint32_t*>(at);
  s.scores = at + a.heads * words_of(a.cache.dim);
  s.parts = s.scores + kTileRows * kAttentionPiece;
  s.copies = reinterpret_cast<uint32_t*>(s.parts + 2 * attend_part(a));
  return s;
}
static void pack_queries(const Attend& a, const AttendTokens& t, uint32_t* q) {
  for (int32_t i = 0; i < t.count; ++i)
    for (int32_t h = 0; h < a.heads; ++h, q += words_of(a.cache.dim))
      pack_row(t.q + i * t.q_stride + h * a.cache.dim, a.cache.dim, kChunk, q, kChunk);
}

static void part_of(const Attend& a, const Piece& piece, const Piece& ahead, const OneScratch& s,
                    const Part& to) {
  const Keys keys = piece.keys_that_count;
  const int32_t end = (keys.to + kWidth - 1) / kWidth, width = a.cache.value_width;
  const int32_t pairs = pairs_of(a.cache), q_words = words_of(a.cache.dim);
  const Tiles tiles(a.heads);
  for (int32_t t = 0; t < tiles.tiles; ++t) {
    const int32_t head = tiles.first(t);
    with_count<kTileRows>(tiles.first(t + 1) - head, [&]<int kCount>() {
      const uint32_t* q = s.q + head * q_words;
      int32_t v = keys.from / kWidth;
      for (; v + kTileVectors <= end; v += kTileVectors)
        dots<kCount, kTileVectors>(piece, v, q, q_words, pairs, s.scores);
      for (; v < end; ++v) dots<kCount, 1>(piece, v, q, q_words, pairs, s.scores);
      for (int h = 0; h < kCount; ++h) to.weights[head + h] = weigh(s.scores + h * kAttentionPiece, keys, a);
      float* out = to.values + head * width;
      int32_t c = 0;
      for (; c + kTileVectors * kWidth <= width; c += kTileVectors * kWidth)
        sum_values<kCount, kTileVectors>(piece, ahead, s.scores, width, c, out);
      for (; c < width; c += kWidth) sum_values<kCount, 1>(piece, ahead, s.scores, width, c, out);
    });
  }
}

static void merge_heads(const Attend& a, const Part& to, const Part& part) {
  const int32_t width = a.cache.value_width;
  for (int32_t h = 0; h < a.heads; ++h)
    merge(to.head(h, width), false, part.values + h * width, part.weights[h], width);
}
static void finish_heads(const Attend& a, const AttendTokens& t, const Part& whole) {
  for (int32_t h = 0; h < a.heads; ++h)
    finish(whole.head(h, a.cache.value_width), a.cache.dim, t.out + h * a.cache.dim);
}

static void attend_one(const Attend& a, const AttendTokens& t, const AttendTokens* next, float* scratch) {
  const OneScratch s = one_scratch(a, scratch);
  pack_queries(a, t, s.q);
  const Part whole = part_at(a, s.parts), part = part_at(a, s.parts + attend_part(a));
  const Keys keys = seen_by(t, 0);
  const int32_t first = piece_begin(keys.from);
  Piece pieces[2];
  find_piece(pieces[0], a, t, first, s.copies);
  for (int32_t begin = first, turn = 0; begin < keys.to; begin += kAttentionPiece, turn = 1 - turn) {
    Piece &piece = pieces[turn], &ahead = pieces[1 - turn];
    const int32_t after = begin + kAttentionPiece;
    if (after < keys.to) find_piece(ahead, a, t, after, s.copies + (1 - turn) * copy_words(a.cache));
    else if (next != nullptr && !needs_copy(a.cache))
      find_piece(ahead, a, *next, piece_begin(seen_by_all(*next).from), nullptr);
    else ahead = piece;
    part_of(a, piece, ahead, s, begin == first ? whole : part);
    if (begin != first) merge_heads(a, whole, part);
  }
  finish_heads(a, t, whole);
}

// The same by many threads: each piece by itself, then all together.
static void attend_piece(const Attend& a, const AttendTokens& t, int32_t begin, int32_t after, float* part,
                         float* scratch) {
  const OneScratch s = one_scratch(a, scratch);
  pack_queries(a, t, s.q);
  Piece piece, ahead;
  find_piece(piece, a, t, begin, s.copies);
  if (after < seen_by(t, 0).to && !needs_copy(a.cache)) find_piece(ahead, a, t, after, nullptr);
  else ahead = piece;
  part_of(a, piece, ahead, s, part_at(a, part));
}
static void attend_merge(const Attend& a, const AttendTokens& t, int32_t pieces, float* parts) {
  const Part whole = part_at(a, parts);
  for (int32_t i = 1; i < pieces; ++i) merge_heads(a, whole, part_at(a, parts + i * attend_part(a)));
  finish_heads(a, t, whole);
}

}  // namespace quire::cpu::QUIRE_LEVEL
