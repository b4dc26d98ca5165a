// Attention of several tokens of a prompt that follow each other, for the query heads that share a kv head: a
// row is a head of a token. Keys and values are unpacked to floats once for all rows, a slice of 64 at a
// time, and then multiplied as weights of a product are. Each row's sums have the terms and the order that
// attend_one gives them, so that a prompt may be cut anywhere.
#pragma once
#include "backends/cpu/generic/attend_one.h"
#include "backends/cpu/generic/tiles.h"

namespace quire::cpu::QUIRE_LEVEL {

inline constexpr int32_t kSlice = 64;  // keys of scores, or features of values

// out[kRows] += x[kRows][count] w[count][64], columns of kColumns vectors. Strides in floats.
template <int kRows, int kColumns>
QUIRE_TILE void multiply(const float* w, const float* x, int64_t x_stride, int32_t count, float* out,
                         int64_t out_stride) {
  F a[kRows][kColumns];
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m)
#pragma GCC unroll 8
    for (int v = 0; v < kColumns; ++v) a[m][v] = load<F>(out + m * out_stride + v * kWidth);
  for (int32_t k = 0; k < count; ++k) {
    F b[kColumns];
#pragma GCC unroll 8
    for (int v = 0; v < kColumns; ++v) b[v] = load<F>(w + k * kSlice + v * kWidth);
#pragma GCC unroll 8
    for (int m = 0; m < kRows; ++m) {
      const F value = splat(x[m * x_stride + k]);
#pragma GCC unroll 8
      for (int v = 0; v < kColumns; ++v) a[m][v] = fma(value, b[v], a[m][v]);
    }
  }
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m)
#pragma GCC unroll 8
    for (int v = 0; v < kColumns; ++v) store(out + m * out_stride + v * kWidth, a[m][v]);
}

// Any number of rows, `columns` (whole vectors) of the slice.
static void multiply_rows(int32_t rows, int32_t columns, const float* w, const float* x, int64_t x_stride,
                          int32_t count, float* out, int64_t out_stride) {
  if (count <= 0 || rows <= 0) return;
  const Tiles tiles(rows);
  for (int32_t t = 0; t < tiles.tiles; ++t) {
    const int32_t row = tiles.first(t);
    with_count<kTileRows>(tiles.first(t + 1) - row, [=]<int kRows>() {
      const float* from = x + row * x_stride;
      float* to = out + row * out_stride;
      int32_t c = 0;
      for (; c + kTileVectors * kWidth <= columns; c += kTileVectors * kWidth)
        multiply<kRows, kTileVectors>(w + c, from, x_stride, count, to + c, out_stride);
      for (; c < columns; c += kWidth) multiply<kRows, 1>(w + c, from, x_stride, count, to + c, out_stride);
    });
  }
}

// to[dim][64] = the features of `vectors` vectors of keys, from vector `first` of the piece on.
static void unpack_keys(const Piece& piece, int32_t first, int32_t vectors, int32_t dim, float* to) {
  for (int32_t v = 0; v < vectors; ++v) {
    const uint32_t* at = piece.keys[first + v];
    float* column = to + v * kWidth;
    for (int32_t d = 0; d < dim; d += 2, at += piece.key_stride) {
      const U words = load<U>(at);
      store(column + d * kSlice, low_of(words));
      if (d + 1 < dim) store(column + (d + 1) * kSlice, high_of(words));
    }
  }
}

// to[64][64] = the features [column, column + columns) of the piece's keys [first, first + 64) that count.
static void unpack_values(const Piece& piece, int32_t first, int32_t width, int32_t column, int32_t columns,
                          float* to) {
  const Keys keys = piece.keys_that_count.within(first, kSlice);
  for (int32_t i = keys.from; i < keys.to; ++i) {
    const int32_t key = first + i, in_block = key % piece.per_block;
    const uint32_t* at = piece.values[key / piece.per_block] + in_block / 2 * width + column;
    for (int32_t c = 0; c < columns; c += kWidth) {
      const U words = load<U>(at + c);
      store(to + i * kSlice + c, in_block % 2 == 0 ? low_of(words) : high_of(words));
    }
  }
}

struct ManyScratch {
  float *q, *scores, *part, *whole;  // [rows][dim], [rows][kAttentionPiece], [rows][value_width] twice
  float* slice;                      // [max(dim, 64)][64]
  Weights* weights;                  // [rows]
  uint32_t* copy;
};
static int64_t many_tokens_floats(const Attend& a) {
  const int64_t rows = int64_t{a.tokens} * a.heads, dim = a.cache.dim > kSlice ? a.cache.dim : kSlice;
  return rows * (a.cache.dim + kAttentionPiece + 2 * a.cache.value_width + 2) + dim * kSlice +
         copy_words(a.cache);
}
static ManyScratch many_scratch(const Attend& a, int32_t rows, float* at) {
  ManyScratch s;
  s.q = at;
  s.scores = s.q + rows * a.cache.dim;
  s.part = s.scores + rows * kAttentionPiece;
  s.whole = s.part + rows * a.cache.value_width;
  s.slice = s.whole + rows * a.cache.value_width;
  s.weights = reinterpret_cast<Weights*>(s.slice + (a.cache.dim > kSlice ? a.cache.dim : kSlice) * kSlice);
  s.copy = reinterpret_cast<uint32_t*>(s.weights + rows);
  return s;
}

// Scores of all rows with the keys of a piece that begins at `begin`. A slice's tokens begin with the first
// that sees any key of it.
static void scores_of(const Piece& piece, const Attend& a, const AttendTokens& t, int32_t begin,
                      const ManyScratch& s) {
  const Keys keys = piece.keys_that_count;
  const int32_t end = (keys.to + kWidth - 1) / kWidth, dim = a.cache.dim;
  constexpr int32_t kVectorsOfSlice = kSlice / kWidth;
  for (int32_t v = keys.from / kWidth; v < end; v += kVectorsOfSlice) {
    const int32_t vectors = end - v < kVectorsOfSlice ? end - v : kVectorsOfSlice;
    unpack_keys(piece, v, vectors, dim, s.slice);
    const int32_t before = begin + v * kWidth - t.position, token = before > 0 ? before : 0;
    const int32_t row = token * a.heads, rows = t.count * a.heads - row;
    float* to = s.scores + row * kAttentionPiece + v * kWidth;
    for (int32_t r = 0; r < rows; ++r)
      for (int32_t c = 0; c < vectors; ++c) store(to + r * kAttentionPiece + c * kWidth, zero());
    multiply_rows(rows, vectors * kWidth, s.slice, s.q + row * dim, dim, dim, to, kAttentionPiece);
  }
}

// part[rows][width] = the weighted values of the piece. Of a slice of keys, those that all tokens see are
// summed together, those before and after token by token.
static void values_of(const Piece& piece, const Attend& a, const AttendTokens& t, int32_t begin,
                      const ManyScratch& s) {
  const int32_t width = a.cache.value_width, heads = a.heads;
  for (int32_t i = 0; i < t.count * heads * width; i += kWidth) store(s.part + i, zero());
  const Keys keys = piece.keys_that_count;
  for (int32_t first = keys.from - keys.from % kSlice; first < keys.to; first += kSlice) {
    const auto seen = [&](int32_t token) { return seen_by(t, token).within(begin + first, kSlice); };
    Keys all = {seen(t.count - 1).from, seen(0).to};
    if (all.none()) all = {kSlice, kSlice};
    for (int32_t c = 0; c < width; c += kSlice) {
      const int32_t columns = width - c < kSlice ? width - c : kSlice;
      unpack_values(piece, first, width, c, columns, s.slice);
      const auto add = [&](int32_t token, int32_t tokens, int32_t from, int32_t to) {
        multiply_rows(tokens * heads, columns, s.slice + from * kSlice,
                      s.scores + token * heads * kAttentionPiece + first + from, kAttentionPiece, to - from,
                      s.part + token * heads * width + c, width);
      };
      for (int32_t i = 0; i < t.count; ++i) {
        const Keys own = seen(i);
        add(i, 1, own.from, own.to < all.from ? own.to : all.from);
      }
      add(0, t.count, all.from, all.to);
      for (int32_t i = 0; i < t.count; ++i) add(i, 1, all.to, seen(i).to);
    }
  }
}

static void attend_many(const Attend& a, const AttendTokens& t, float* scratch) {
  const int32_t dim = a.cache.dim, width = a.cache.value_width, heads = a.heads;
  const ManyScratch s = many_scratch(a, t.count * heads, scratch);
  const auto merged = [&](int32_t row) { return Merged{s.whole + row * width, s.weights + row}; };
  for (int32_t i = 0; i < t.count; ++i)
    __builtin_memcpy(s.q + i * heads * dim, t.q + i * t.q_stride,
                     sizeof(float) * static_cast<unsigned>(heads * dim));
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
static void attend(const Attend& a, const AttendTokens& t, float* scratch) {
  if (t.count == 1) attend_one(a, t, scratch);
  else attend_many(a, t, scratch);
}

}  // namespace quire::cpu::QUIRE_LEVEL
