// Attention over pages: out = softmax(scale * q k^T, capped, cut by the window) v for each token and head.
//
// Keys are walked in pieces of kAttentionPiece positions counted from 0. A piece has its own maximum, sum and
// weighted values, and pieces merge in order (Milakov, Gimelshein: "Online normalizer calculation for
// softmax", 2018). A piece without a visible key is skipped. Keys at or beyond a row's context are never
// read.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "backends/ref/cache.h"
#include "backends/ref/ref_backend.h"
#include "backends/ref/rows.h"
#include "tensor/half.h"

namespace quire::ref {
namespace {

// Keys and values of one head of one slot at positions [first, end), as floats.
struct Context {
  int32_t first = 0, dim = 0;
  std::vector<float> k, v;
  const float* key(int32_t p) const { return k.data() + static_cast<int64_t>(p - first) * dim; }
  const float* value(int32_t p) const { return v.data() + static_cast<int64_t>(p - first) * dim; }
};

void read_context(Context& c, const KvView& kv, const StepTables& t, int32_t slot, int32_t head,
                  int32_t first, int32_t end) {
  c.first = first;
  c.dim = kv.spec.k_dim;
  const size_t size = static_cast<size_t>(end - first) * static_cast<size_t>(c.dim);
  c.k.resize(size);
  c.v.resize(size);
  for (int32_t p = first; p < end; ++p) {
    const int64_t at = static_cast<int64_t>(p - first) * c.dim;
    cache_read(c.k.data() + at, kv.dtype, cache_at(kv, t, slot, p, head, false), c.dim);
    cache_read(c.v.data() + at, kv.dtype, cache_at(kv, t, slot, p, head, true), c.dim);
  }
}

// One head of one token, which sees the positions [first, end). `round`: what is multiplied is rounded to
// bf16.
void attend_one(float* out, const float* q, const Context& c, int32_t first, int32_t end, const Attention& a,
                bool round) {
  const auto cap = static_cast<double>(a.softcap), scale = static_cast<double>(a.scale);
  double top = -std::numeric_limits<double>::infinity(), sum = 0;
  std::vector<double> scores(kAttentionPiece), result(static_cast<size_t>(c.dim));
  for (int32_t piece = first - first % kAttentionPiece; piece < end; piece += kAttentionPiece) {
    const int32_t from = std::max(piece, first), to = std::min(piece + kAttentionPiece, end);
    double piece_top = -std::numeric_limits<double>::infinity();
    for (int32_t p = from; p < to; ++p) {
      double s = scale * dot(q, c.key(p), c.dim);
      if (cap > 0) s = cap * std::tanh(s / cap);
      scores[static_cast<size_t>(p - from)] = s;
      piece_top = std::max(piece_top, s);
    }
    const double new_top = std::max(top, piece_top);
    const double shrink = std::exp(top - new_top), grow = std::exp(piece_top - new_top);
    for (double& r : result) r *= shrink;
    sum *= shrink;
    top = new_top;
    for (int32_t p = from; p < to; ++p) {
      const double weight = std::exp(scores[static_cast<size_t>(p - from)] - piece_top);
      const double factor =
          grow * (round ? static_cast<double>(rounded_to_bf16(static_cast<float>(weight))) : weight);
      const float* v = c.value(p);
      for (int32_t d = 0; d < c.dim; ++d)
        result[static_cast<size_t>(d)] += factor * static_cast<double>(v[d]);
      sum += grow * weight;
    }
  }
  for (int32_t d = 0; d < c.dim; ++d) out[d] = static_cast<float>(result[static_cast<size_t>(d)] / sum);
}

}  // namespace

void RefBackend::attend(Mat out, Mat q, const KvView& kv, const StepTables& t, const Attention& a) {
  QUIRE_CHECK(out.dtype == DType::kF32 && q.dtype == DType::kF32);
  QUIRE_CHECK(q.cols == a.heads * a.head_dim && out.cols == q.cols && out.rows == q.rows);
  QUIRE_CHECK(kv.spec == (KvSpec{a.kv_heads, a.head_dim, a.head_dim}));
  const int32_t shared = a.heads / a.kv_heads;  // query heads of one kv head
  const auto first_seen = [&](int32_t position) {
    return a.window > 0 ? std::max(0, position - a.window + 1) : 0;
  };
  Context context;
  std::vector<float> room;
  q = inputs(q, room);
  for (int32_t row = 0; row < t.slot.size; ++row) {
    const int32_t begin = t.row_begin.data[row], end = t.row_begin.data[row + 1];
    if (begin == end) continue;
    const int32_t first = first_seen(position_of(t, begin)), last = position_of(t, end - 1);
    for (int32_t h = 0; h < a.kv_heads; ++h) {
      read_context(context, kv, t, t.slot.data[row], h, first, last + 1);
      for (int32_t i = begin; i < end; ++i) {
        const int32_t position = position_of(t, i);
        for (int32_t head = h * shared; head < (h + 1) * shared; ++head)
          attend_one(out.f32(i) + head * a.head_dim, q.f32(i) + head * a.head_dim, context,
                     first_seen(position), position + 1, a, round_inputs_);
      }
    }
  }
}

}  // namespace quire::ref
