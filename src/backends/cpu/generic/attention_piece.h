// What attention does piece by piece: where the keys and values of kAttentionPiece positions lie, the weights
// of one head's scores, and how pieces come together. Each piece, counted from position 0, gives a maximum, a
// sum and weighted values of its own; pieces merge in order (Milakov, Gimelshein: "Online normalizer
// calculation for softmax", 2018).
#pragma once
#include "backends/cpu/generic/activation.h"
#include "backends/cpu/generic/words.h"

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

// Where the keys and values of a piece lie, a vector of keys at a time. Vectors without a key that counts
// stand where one with some does.
struct Piece {
  Keys keys_that_count;
  int64_t key_stride = 0;                      // words from one pair of features to the next
  const uint32_t* keys[kPieceVectors] = {};    // [pairs of features][kWidth]
  const uint32_t* values[kPieceVectors] = {};  // [kWidth / 2][value_width], two keys in a word
};

QUIRE_INLINE int32_t pairs_of(const CacheShape& c) { return (c.dim + 1) / 2; }

// Words of `copy` that find_piece needs: blocks that hold fewer keys than a vector has lanes are copied side
// by side.
QUIRE_INLINE bool needs_copy(const CacheShape& c) { return c.block_size < kWidth; }
QUIRE_INLINE int64_t copy_words(const CacheShape& c) {
  return needs_copy(c) ? int64_t{pairs_of(c) + c.value_width / 2} * kAttentionPiece : 0;
}

struct Block {  // of one kv head
  const uint32_t *keys, *values;
};
QUIRE_INLINE Block block_of(const Attend& a, const AttendTokens& t, int32_t position) {
  const auto* block = reinterpret_cast<const uint32_t*>(
      a.data + static_cast<int64_t>(t.blocks[position / a.cache.block_size]) * a.block_stride);
  const uint32_t* keys = block + t.kv_head * a.cache.head_words;
  return {keys, keys + a.cache.key_words};
}

static void copy_block(const Attend& a, const Block& from, int32_t first, uint32_t* keys, uint32_t* values) {
  const int32_t size = a.cache.block_size, width = a.cache.value_width;
  for (int32_t d = 0; d < pairs_of(a.cache); ++d)
    for (int32_t i = 0; i < size; ++i)
      keys[d * kAttentionPiece + first + i] = from.keys[static_cast<int64_t>(d) * size + i];
  const auto bytes = static_cast<unsigned>(width) * sizeof(uint32_t);
  for (int32_t i = 0; i + 2 <= size; i += 2)
    __builtin_memcpy(values + (first + i) / 2 * width, from.values + i / 2 * width, bytes);
  if (size == 1)  // its one value is the earlier half of a word
    for (int32_t c = 0; c < width; ++c) {
      uint32_t& word = values[first / 2 * width + c];
      word = first % 2 == 0 ? from.values[c] : (word & 0xffffu) | from.values[c] << 16;
    }
}

static void find_piece(Piece& piece, const Attend& a, const AttendTokens& t, int32_t begin, uint32_t* copy) {
  const int32_t size = a.cache.block_size, width = a.cache.value_width;
  const Keys keys = seen_by_all(t).within(begin, kAttentionPiece);
  const int32_t first = keys.from / kWidth, end = (keys.to + kWidth - 1) / kWidth;
  piece.keys_that_count = keys;
  piece.key_stride = size;
  if (needs_copy(a.cache)) {
    uint32_t* values = copy + pairs_of(a.cache) * kAttentionPiece;
    for (int32_t i = keys.from - keys.from % size; i < keys.to; i += size)
      copy_block(a, block_of(a, t, begin + i), i, copy, values);
    piece.key_stride = kAttentionPiece;
    for (int32_t v = first; v < end; ++v)
      piece.keys[v] = copy + v * kWidth, piece.values[v] = values + v * kWidth / 2 * width;
  } else {
    for (int32_t v = first; v < end; ++v) {
      const int32_t position = begin + v * kWidth, in_block = position % size;
      const Block b = block_of(a, t, position);
      piece.keys[v] = b.keys + in_block;
      piece.values[v] = b.values + static_cast<int64_t>(in_block / 2) * width;
    }
  }
  for (int32_t v = 0; v < first; ++v)
    piece.keys[v] = piece.keys[first], piece.values[v] = piece.values[first];
  for (int32_t v = end; v < kPieceVectors; ++v)
    piece.keys[v] = piece.keys[first], piece.values[v] = piece.values[first];
}

struct Weights {  // of one head in one piece
  float top, sum;
};

// Scores become e^(score - largest), packed as a row is; keys that do not count, of the vectors that have
// some that do, become 0.
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
  if constexpr (kInputsPerWord == 2) {
    const int32_t from = first / 2 * 2 * kWidth, to = (end + 1) / 2 * 2 * kWidth;
    pack_row(scores + from, to - from, kChunk, reinterpret_cast<uint32_t*>(scores) + from / 2, kChunk);
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
