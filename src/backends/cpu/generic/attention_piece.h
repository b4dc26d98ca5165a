// What attention does piece by piece: where the keys and values of kAttentionPiece positions lie, the weights
// of one head's scores, and how pieces come together. Each piece, counted from position 0, gives a maximum, a
// sum and weighted values of its own; pieces merge in order (Milakov, Gimelshein: "Online normalizer
// calculation for softmax", 2018).
#pragma once
#include "backends/cpu/generic/activation.h"
#include "backends/cpu/generic/vec.h"
#include "backends/cpu/kernels.h"

namespace quire::cpu::QUIRE_LEVEL {

inline constexpr int kPieceVectors = kAttentionPiece / kWidth;
inline constexpr float kNoScore = -__builtin_inff();

// Keys [from, to), within a piece or counted from position 0.
struct Keys {
  int32_t from = 0, to = 0;
  bool none() const { return from >= to; }
  // Of those, the ones in [begin, begin + count), counted from there.
  Keys within(int32_t begin, int32_t count) const {
    const int32_t a = from - begin, b = to - begin;
    return {a > 0 ? a : 0, b < count ? b : count};
  }
};
// What token `i` of the tile sees.
QUIRE_INLINE Keys seen_by(const AttendTokens& t, int32_t i) {
  const int32_t end = t.position + i + 1;
  return {t.window > 0 && end > t.window ? end - t.window : 0, end};
}
// What any token of the tile sees.
QUIRE_INLINE Keys seen_by_all(const AttendTokens& t) {
  return {seen_by(t, 0).from, seen_by(t, t.count - 1).to};
}
QUIRE_INLINE int32_t piece_begin(int32_t key) { return key - key % kAttentionPiece; }

// Where the keys and values of a piece lie.
struct Piece {
  Keys keys_that_count;
  int64_t key_stride = 0;                        // words from one pair of features to the next
  const uint32_t* keys[kPieceVectors] = {};      // of each vector that has keys that count
  const uint32_t* values[kAttentionPiece] = {};  // of each block that has
  int32_t per_block = 0;                         // positions of a block within the piece
};

// Words of `copy` that find_piece needs.
QUIRE_INLINE int64_t copy_words(const CacheShape& c) {
  return c.block_size < kWidth ? (c.dim + 1) / 2 * kAttentionPiece : 0;
}

// Blocks that hold fewer keys than a vector has lanes are copied side by side.
static void find_piece(Piece& piece, const Attend& a, const AttendTokens& t, int32_t begin, uint32_t* copy) {
  const int32_t size = a.cache.block_size;
  const Keys keys = seen_by_all(t).within(begin, kAttentionPiece);
  piece.keys_that_count = keys;
  piece.per_block = size < kAttentionPiece ? size : kAttentionPiece;
  piece.key_stride = size < kWidth ? kAttentionPiece : size;
  for (int32_t b = keys.from / piece.per_block; b * piece.per_block < keys.to; ++b) {
    const int32_t position = begin + b * piece.per_block;
    const uint32_t* block = reinterpret_cast<const uint32_t*>(
        a.data + static_cast<int64_t>(t.blocks[position / size]) * a.block_stride);
    const int32_t in_block = position % size;  // not 0 where a block holds several pieces
    const uint32_t* from = block + t.kv_head * a.cache.key_words + in_block;
    piece.values[b] = block + a.cache.kv_heads * a.cache.key_words + t.kv_head * a.cache.value_words +
                      static_cast<int64_t>(in_block / 2) * a.cache.value_width;
    if (size >= kWidth) {
      for (int32_t v = 0; v < piece.per_block / kWidth; ++v)
        piece.keys[b * piece.per_block / kWidth + v] = from + v * kWidth;
      continue;
    }
    for (int32_t d = 0; d < (a.cache.dim + 1) / 2; ++d)
      for (int32_t i = 0; i < size; ++i)
        copy[d * kAttentionPiece + b * size + i] = from[static_cast<int64_t>(d) * size + i];
  }
  if (size < kWidth)
    for (int v = 0; v < kPieceVectors; ++v) piece.keys[v] = copy + v * kWidth;
}

struct Weights {  // of one head in one piece
  float top, sum;
};

// Scores become e^(score - largest); keys that do not count, of the vectors that have some that do, become 0.
static Weights weigh(float* scores, Keys keys, const Attend& a) {
  const int32_t first = keys.from / kWidth, end = (keys.to + kWidth - 1) / kWidth;
  F top = splat(kNoScore);
  for (int32_t v = first; v < end; ++v) {
    F s = load<F>(scores + v * kWidth) * a.scale;
    if (a.softcap > 0) s = tanh(s / a.softcap) * a.softcap;
    if (v * kWidth < keys.from || (v + 1) * kWidth > keys.to) {
      const I key = lanes() + v * kWidth;
      s = ((key >= keys.from) & (key < keys.to)) ? s : splat(kNoScore);
    }
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

// What one head has of the pieces so far.
struct Merged {
  float* values;  // [value_width]
  Weights* weights;
};
static void merge(const Merged& to, bool first, const float* part, Weights w, int32_t width) {
  if (first) {
    for (int32_t c = 0; c < width; c += kWidth) store(to.values + c, load<F>(part + c));
    *to.weights = w;
    return;
  }
  const float top = to.weights->top > w.top ? to.weights->top : w.top;
  const F old = exp(splat(to.weights->top - top)), now = exp(splat(w.top - top));
  for (int32_t c = 0; c < width; c += kWidth)
    store(to.values + c, fma(load<F>(part + c), now, load<F>(to.values + c) * old));
  to.weights->sum = to.weights->sum * old[0] + w.sum * now[0];
  to.weights->top = top;
}
static void finish(const Merged& head, int32_t dim, float* out) {
  const float sum = head.weights->sum;
  int32_t c = 0;
  for (; c + kWidth <= dim; c += kWidth) store(out + c, load<F>(head.values + c) / sum);
  for (; c < dim; ++c) out[c] = head.values[c] / sum;
}

}  // namespace quire::cpu::QUIRE_LEVEL
