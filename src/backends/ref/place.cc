// Head norms, rotary embedding, and k and v into the cache; q stays where it is.
//
// Rotary: features i and i + dim / 2 of a head are turned by position * inv_freq[i]. The angle is an f32
// product, as transformers computes it: at large positions its rounding is larger than all others.
#include <cmath>
#include <vector>

#include "backends/ref/cache.h"
#include "backends/ref/ref_backend.h"
#include "backends/ref/rows.h"

namespace quire::ref {
namespace {

void norm_head(float* x, int32_t dim, const Norm& n, const std::vector<float>& weight) {
  const double inv = 1.0 / std::sqrt(dot(x, x, dim) / dim + static_cast<double>(n.eps));
  for (int32_t c = 0; c < dim; ++c) {
    const double w = static_cast<double>(weight[static_cast<size_t>(c)]) + (n.plus_one ? 1.0 : 0.0);
    x[c] = static_cast<float>(static_cast<double>(x[c]) * inv * w);
  }
}

void rotate(float* x, const Rope& rope, const std::vector<float>& cosine, const std::vector<float>& sine) {
  const int32_t half = rope.dim / 2;
  for (int32_t i = 0; i < half; ++i) {
    const double a = static_cast<double>(x[i]), b = static_cast<double>(x[i + half]);
    const double c = static_cast<double>(cosine[static_cast<size_t>(i)]);
    const double s = static_cast<double>(sine[static_cast<size_t>(i)]);
    x[i] = static_cast<float>(a * c - b * s);
    x[i + half] = static_cast<float>(b * c + a * s);
  }
}

std::vector<float> norm_weight(const Weight& w, const Norm& n, int32_t dim) {
  std::vector<float> row(static_cast<size_t>(dim));
  if (n) {
    QUIRE_CHECK(w.in == dim);
    read_row(w, 0, 0, row.data());
  }
  return row;
}

}  // namespace

void RefBackend::place_qkv(Mat qkv, const KvView& kv, const StepTables& t, const Attention& a,
                           const Weight& q_norm, const Weight& k_norm) {
  const int32_t dim = a.head_dim, half = a.rope.dim / 2;
  QUIRE_CHECK(qkv.dtype == DType::kF32 && qkv.cols == (a.heads + 2 * a.kv_heads) * dim);
  QUIRE_CHECK(kv.spec == (KvSpec{a.kv_heads, dim, dim}) && a.rope.dim <= dim);
  const std::vector<float> q_weight = norm_weight(q_norm, a.q_norm, dim);
  const std::vector<float> k_weight = norm_weight(k_norm, a.k_norm, dim);
  std::vector<float> cosine(static_cast<size_t>(half)), sine(static_cast<size_t>(half));
  for (int32_t i = 0; i < qkv.rows; ++i) {
    const int32_t position = position_of(t, i), slot = t.slot.data[t.row_of.data[i]];
    for (int32_t f = 0; f < half; ++f) {
      const float angle = static_cast<float>(position) * a.rope.inv_freq[static_cast<size_t>(f)];
      cosine[static_cast<size_t>(f)] =
          static_cast<float>(std::cos(static_cast<double>(angle))) * a.rope.scale;
      sine[static_cast<size_t>(f)] = static_cast<float>(std::sin(static_cast<double>(angle))) * a.rope.scale;
    }
    for (int32_t h = 0; h < a.heads + a.kv_heads; ++h) {
      float* x = qkv.f32(i) + h * dim;
      const Norm& n = h < a.heads ? a.q_norm : a.k_norm;
      if (n) norm_head(x, dim, n, h < a.heads ? q_weight : k_weight);
      rotate(x, a.rope, cosine, sine);
    }
    const float* k = qkv.f32(i) + a.heads * dim;
    for (int32_t h = 0; h < a.kv_heads; ++h) {
      cache_write(cache_at(kv, t, slot, position, h, false), kv.dtype, k + h * dim, dim);
      cache_write(cache_at(kv, t, slot, position, h, true), kv.dtype, k + (a.kv_heads + h) * dim, dim);
    }
  }
}

}  // namespace quire::ref
