// Attention of several tokens of a prompt that follow each other, for the query heads that share a kv head: a
// row is a head of a token. Keys and values are unpacked once for all rows, a slice at a time, and then
// multiplied as weights of a product are. Each row's sums have the terms and the order that attend_one gives
// them, so that a prompt may be cut anywhere.
#pragma once
#include "backends/cpu/generic/attend_one.h"

namespace quire::cpu::QUIRE_LEVEL {

inline constexpr int32_t kSlice = kPanel;                       // keys of scores, or features of values
inline constexpr int32_t kValueKeys = kSlice * kInputsPerWord;  // of a slice of values: kSlice words of a row

// out[kRows] = or, unless kFresh, += x[kRows][words] w[words][64], columns of kColumns vectors. Strides in
// words and floats.
template <bool kFresh, int kRows, int kColumns>
QUIRE_TILE void multiply(const uint32_t* w, const uint32_t* x, int64_t x_stride, int32_t words, float* out,
                         int64_t out_stride) {
  F a[kRows][kColumns];
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m)
#pragma GCC unroll 8
    for (int v = 0; v < kColumns; ++v) a[m][v] = kFresh ? zero() : load<F>(out + m * out_stride + v * kWidth);
  for (int32_t k = 0; k < words; ++k) add_word(a, w + k * kSlice, x + k, x_stride);
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m)
#pragma GCC unroll 8
    for (int v = 0; v < kColumns; ++v) store(out + m * out_stride + v * kWidth, a[m][v]);
}

// Any number of rows, `columns` (whole vectors) of the slice.
template <bool kFresh>
static void multiply_rows(int32_t rows, int32_t columns, const uint32_t* w, const uint32_t* x,
                          int64_t x_stride, int32_t words, float* out, int64_t out_stride) {
  if (words <= 0 || rows <= 0) return;
  const Tiles tiles(rows);
  for (int32_t t = 0; t < tiles.tiles; ++t) {
    const int32_t row = tiles.first(t);
    with_count<kTileRows>(tiles.first(t + 1) - row, [=]<int kRows>() {
      const uint32_t* from = x + row * x_stride;
      float* to = out + row * out_stride;
      int32_t c = 0;
      for (; c + kTileVectors * kWidth <= columns; c += kTileVectors * kWidth)
        multiply<kFresh, kRows, kTileVectors>(w + c, from, x_stride, words, to + c, out_stride);
      for (; c < columns; c += kWidth)
        multiply<kFresh, kRows, 1>(w + c, from, x_stride, words, to + c, out_stride);
    });
  }
}

// slice[pairs of features][64] = `vectors` vectors of keys, from vector `first` of the piece on.
static void unpack_keys(const Piece& piece, int32_t first, int32_t vectors, int32_t pairs, uint32_t* slice) {
  for (int32_t v = 0; v < vectors; ++v)
    for (int32_t d = 0; d < pairs; ++d)
      unpack_pair(load<U>(piece.keys[first + v] + d * piece.key_stride),
                  slice + d * kPairWords * kSlice + v * kWidth);
}

// slice[pairs of keys][64] = the features [column, column + columns) of the piece's keys from `first` on, the
// pairs with one that counts.
static void unpack_values(const Piece& piece, int32_t first, int32_t width, int32_t column, int32_t columns,
                          uint32_t* slice) {
  const Keys keys = piece.keys_that_count.within(first, kValueKeys);
  for (int32_t i = keys.from / 2 * 2; i < keys.to; i += 2) {
    const int32_t key = first + i;
    const uint32_t* at = piece.values[key / kWidth] + key % kWidth / 2 * width + column;
    for (int32_t c = 0; c < columns; c += kWidth)
      unpack_pair(load<U>(at + c), slice + i / 2 * kPairWords * kSlice + c);
  }
}

struct ManyScratch {
  uint32_t* q;                   // [rows][words_of(dim)]
  float *scores, *part, *whole;  // [rows][kAttentionPiece], [rows][value_width] twice
  uint32_t* slice;               // [slice_words]
  Weights* weights;              // [rows]
  uint32_t* copy;
};
QUIRE_INLINE int64_t slice_words(const CacheShape& c) {
  const int32_t rows = pairs_of(c) * kPairWords;  // of keys; of values kSlice
  return int64_t{rows > kSlice ? rows : kSlice} * kSlice;
}
static int64_t many_tokens_floats(const Attend& a) {
  const int64_t rows = int64_t{a.tokens} * a.heads;
  return rows * (words_of(a.cache.dim) + kAttentionPiece + 2 * a.cache.value_width + 2) +
         slice_words(a.cache) + copy_words(a.cache);
}
static ManyScratch many_scratch(const Attend& a, int32_t rows, float* at) {
  ManyScratch s;
  s.q = reinterpret_cast<uint32_t*>(at);
  s.scores = at + rows * words_of(a.cache.dim);
  s.part = s.scores + rows * kAttentionPiece;
  s.whole = s.part + rows * a.cache.value_width;
  s.slice = reinterpret_cast<uint32_t*>(s.whole + rows * a.cache.value_width);
  s.copy = s.slice + slice_words(a.cache);
  s.weights = reinterpret_cast<Weights*>(s.copy + copy_words(a.cache));
  return s;
}

// Scores of all rows with the keys of a piece that begins at `begin`. A slice's tokens begin with the first
// that sees any key of it.
static void scores_of(const Piece& piece, const Attend& a, const AttendTokens& t, int32_t begin,
                      const ManyScratch& s) {
  const Keys keys = piece.keys_that_count;
  const int32_t end = (keys.to + kWidth - 1) / kWidth, pairs = pairs_of(a.cache),
                q_words = words_of(a.cache.dim);
  constexpr int32_t kVectorsOfSlice = kSlice / kWidth;
  for (int32_t v = keys.from / kWidth; v < end; v += kVectorsOfSlice) {
    const int32_t vectors = end - v < kVectorsOfSlice ? end - v : kVectorsOfSlice;
    unpack_keys(piece, v, vectors, pairs, s.slice);
    const int32_t before = begin + v * kWidth - t.position, token = before > 0 ? before : 0;
    const int32_t row = token * a.heads, rows = t.count * a.heads - row;
    float* to = s.scores + row * kAttentionPiece + v * kWidth;
    multiply_rows<true>(rows, vectors * kWidth, s.slice, s.q + row * q_words, q_words, pairs * kPairWords, to,
                        kAttentionPiece);
  }
}

// Adds what keys [from, to) of a slice give to some rows. `x`: the rows' weights of the slice.
static void add_values(Keys keys, int32_t rows, int32_t columns, const uint32_t* slice, const uint32_t* x,
                       float* out, int32_t width) {
  if (keys.none()) return;
  const auto words = [&](int32_t from, int32_t to) {
    multiply_rows<false>(rows, columns, slice + from * kSlice, x + from, kAttentionPiece, to - from, out,
                         width);
  };
  if constexpr (kInputsPerWord == 1) return words(keys.from, keys.to);
  // A pair of which one key does not count: it may hold anything, and 0 x NaN is NaN.
  const auto half = [&](int32_t pair, uint32_t mask) {
    uint32_t one[kSlice];
    for (int32_t c = 0; c < columns; c += kWidth)
      store(one + c, load<U>(slice + pair * kSlice + c) & splat_bits(mask));
    multiply_rows<false>(rows, columns, one, x + pair, kAttentionPiece, 1, out, width);
  };
  if (keys.from % 2 != 0) half(keys.from / 2, kLaterHalf);
  words((keys.from + 1) / 2, keys.to / 2);
  if (keys.to % 2 != 0) half(keys.to / 2, kEarlierHalf);
}

// part[rows][width] = the weighted values of the piece. Of a slice of keys, the pairs that all tokens see are
// summed together, those before and after token by token.
static void values_of(const Piece& piece, const Attend& a, const AttendTokens& t, int32_t begin,
                      const ManyScratch& s) {
  const int32_t width = a.cache.value_width, heads = a.heads;
  for (int32_t i = 0; i < t.count * heads * width; i += kWidth) store(s.part + i, zero());
  const Keys keys = piece.keys_that_count;
  for (int32_t first = keys.from / kValueKeys * kValueKeys; first < keys.to; first += kValueKeys) {
    const auto seen = [&](int32_t token) { return seen_by(t, token).within(begin + first, kValueKeys); };
    Keys all = {(seen(t.count - 1).from + 1) / 2 * 2, seen(0).to / 2 * 2};
    if (all.none()) all = {kValueKeys, kValueKeys};
    for (int32_t c = 0; c < width; c += kSlice) {
      const int32_t columns = width - c < kSlice ? width - c : kSlice;
      unpack_values(piece, first, width, c, columns, s.slice);
      const auto add = [&](int32_t token, int32_t tokens, Keys some) {
        const auto* weights = reinterpret_cast<const uint32_t*>(s.scores + token * heads * kAttentionPiece);
        add_values(some, tokens * heads, columns, s.slice, weights + first / 2 * kPairWords,
                   s.part + token * heads * width + c, width);
      };
      for (int32_t i = 0; i < t.count; ++i) {
        const Keys own = seen(i);
        add(i, 1, {own.from, own.to < all.from ? own.to : all.from});
      }
      add(0, t.count, all);
      for (int32_t i = 0; i < t.count; ++i) add(i, 1, {all.to, seen(i).to});
    }
  }
}

static void attend_many(const Attend& a, const AttendTokens& t, float* scratch) {
  const int32_t dim = a.cache.dim, width = a.cache.value_width, heads = a.heads;
  const ManyScratch s = many_scratch(a, t.count * heads, scratch);
  const auto merged = [&](int32_t row) { return Merged{s.whole + row * width, s.weights + row}; };
  pack_queries(a, t, s.q);
  const Keys keys = seen_by_all(t);
  for (int32_t begin = piece_begin(keys.from); begin < keys.to; begin += kAttentionPiece) {
    Piece piece;
    find_piece(piece, a, t, begin, s.copy);
    scores_of(piece, a, t, begin, s);
    Weights w[kAttendRows];
    const auto each_row = [&](auto f) {  // that sees keys of the piece
      for (int32_t row = 0; row < t.count * heads; ++row) {
        const Keys all = seen_by(t, row / heads), own = all.within(begin, kAttentionPiece);
        if (!own.none()) f(row, own, begin <= all.from);
      }
    };
    each_row([&](int32_t row, Keys own, bool) { w[row] = weigh(s.scores + row * kAttentionPiece, own, a); });
    values_of(piece, a, t, begin, s);
    each_row([&](int32_t row, Keys, bool first) {
      merge(merged(row), first, s.part + row * width, w[row], width);
    });
  }
  for (int32_t row = 0; row < t.count * heads; ++row)
    finish(merged(row), dim, t.out + row / heads * t.out_stride + row % heads * dim);
}

static int64_t attend_scratch(const Attend& a) {
  const int64_t one = one_token_floats(a), many = a.tokens > 1 ? many_tokens_floats(a) : 0;
  return one > many ? one : many;
}
static void attend(const Attend& a, const AttendTokens& t, const AttendTokens* next, float* scratch) {
  if (t.count == 1) attend_one(a, t, next, scratch);
  else attend_many(a, t, scratch);
}

}  // namespace quire::cpu::QUIRE_LEVEL
