// One token's head norms, rotary embedding, and its k and v into the cache.
//
// Rotary: features i and i + dim / 2 of a head are turned by position * inv_freq[i], an f32 product whose
// sine and cosine are then exact to f32: at large positions the product's rounding is larger than all others.
#pragma once
#include "backends/cpu/generic/norm.h"
#include "backends/cpu/generic/vec.h"
#include "backends/cpu/kernels.h"

namespace quire::cpu::QUIRE_LEVEL {

struct Turn {
  float cosine, sine;
};

// In double: pi / 2 in two parts of which the first has 33 bits, so that its multiples are exact, then
// Taylor's series for |r| <= pi / 4, the first terms left out below 2^-45.
QUIRE_INLINE Turn turn_of(float angle, float scale) {
  const double a = static_cast<double>(angle);
  const double magic = 0x1.8p52, q = (a * 0.63661977236758134 + magic) - magic;
  const double r = (a - q * 0x1.921fb544p0) - q * 0x1.0b4611a626331p-34, z = r * r;
  double s = -1.0 / 39916800;
  s = s * z + 1.0 / 362880;
  s = s * z - 1.0 / 5040;
  s = s * z + 1.0 / 120;
  s = s * z - 1.0 / 6;
  s = s * z * r + r;
  double c = 1.0 / 479001600;
  c = c * z - 1.0 / 3628800;
  c = c * z + 1.0 / 40320;
  c = c * z - 1.0 / 720;
  c = c * z + 1.0 / 24;
  c = c * z - 0.5;
  c = c * z + 1.0;
  const int64_t quarter = static_cast<int64_t>(q) & 3;
  const double sine = quarter % 2 == 0 ? s : c, cosine = quarter % 2 == 0 ? c : s;
  return {static_cast<float>(quarter == 1 || quarter == 2 ? -cosine : cosine) * scale,
          static_cast<float>(quarter >= 2 ? -sine : sine) * scale};
}

static void rotate(float* x, const float* cosine, const float* sine, int32_t half) {
  int32_t i = 0;
  for (; i + kWidth <= half; i += kWidth) {
    const F a = load<F>(x + i), b = load<F>(x + half + i), c = load<F>(cosine + i), s = load<F>(sine + i);
    store(x + i, a * c - b * s);
    store(x + half + i, b * c + a * s);
  }
  for (; i < half; ++i) {
    const float a = x[i], b = x[half + i];
    x[i] = a * cosine[i] - b * sine[i];
    x[half + i] = b * cosine[i] + a * sine[i];
  }
}

// bits[count], padded to whole vectors.
static void bf16_bits(const float* x, int32_t count, uint32_t* bits) {
  for (int32_t i = 0; i < count; i += kWidth)
    store(bits + i, to_bf16(count - i >= kWidth ? load<F>(x + i) : load_part(x + i, count - i, 0.0f)));
}

static void place(const Place& p, const PlaceToken& t) {
  const int32_t dim = p.cache.dim, half = p.rope_dim / 2;
  float cosine[kMaxRopeDim / 2], sine[kMaxRopeDim / 2];
  for (int32_t i = 0; i < half; ++i) {
    const Turn turn = turn_of(static_cast<float>(t.position) * p.inv_freq[i], p.rope_scale);
    cosine[i] = turn.cosine, sine[i] = turn.sine;
  }
  for (int32_t h = 0; h < p.heads + p.cache.kv_heads; ++h) {
    float* x = t.qkv + h * dim;
    const bool query = h < p.heads;
    const float* weight = query ? p.q_weight : p.k_weight;
    if (weight != nullptr)
      scale_row(x, x, weight, dim, query ? p.q_eps : p.k_eps, query ? p.q_plus_one : p.k_plus_one);
    rotate(x, cosine, sine, half);
  }
  const float* k = t.qkv + p.heads * dim;
  const float* v = k + p.cache.kv_heads * dim;
  uint32_t bits[kMaxHeadDim + kWidth];
  for (int32_t h = 0; h < p.cache.kv_heads; ++h, k += dim, v += dim) {
    uint32_t* keys = t.block + h * p.cache.head_words;
    bf16_bits(k, dim, bits);
    for (int32_t d = 0; d < dim; d += 2)
      keys[static_cast<int64_t>(d / 2) * p.cache.block_size + t.in_block] = bits[d] | bits[d + 1] << 16;
    // A word of values is shared with the next position: only its own half is written.
    char* values = reinterpret_cast<char*>(keys + p.cache.key_words +
                                           static_cast<int64_t>(t.in_block / 2) * p.cache.value_width) +
                   t.in_block % 2 * 2;
    bf16_bits(v, dim, bits);
    for (int32_t d = 0; d < dim; ++d) {
      const auto half = static_cast<uint16_t>(bits[d]);
      __builtin_memcpy(values + 4 * d, &half, sizeof half);
    }
  }
}

}  // namespace quire::cpu::QUIRE_LEVEL
