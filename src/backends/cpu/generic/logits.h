// What sampling and scoring need of a line of logits: the largest, sums of exponentials, the draw with Gumbel
// noise, a rank. Philox as in backend/noise.h, a token to a lane.
#pragma once
#include "backends/cpu/generic/math.h"
#include "backends/cpu/generic/vec.h"
#include "backends/cpu/kernels.h"

namespace quire::cpu::QUIRE_LEVEL {

static void exp_all(float* x, int32_t count) {
  int32_t i = 0;
  for (; i + kWidth <= count; i += kWidth) store(x + i, exp(load<F>(x + i)));
  if (i < count) store_part(x + i, exp(load_part(x + i, count - i, 0.0f)), count - i);
}

static Scan scan(const float* logits, int32_t count, float* maxima) {
  constexpr float kInfinity = __builtin_inff();
  I bad = {};
  Scan result = {-kInfinity, -1, false};
  int32_t best = -1;  // the first chunk that has the largest
  for (int32_t begin = 0, chunk = 0; begin < count; begin += kLogitChunk, ++chunk) {
    const int32_t end = count - begin < kLogitChunk ? count : begin + kLogitChunk;
    F top = splat(-kInfinity);
    int32_t i = begin;
    for (; i + kWidth <= end; i += kWidth) {
      const F v = load<F>(logits + i);
      bad |= ~(v < kInfinity);
      top = max(v, top);
    }
    if (i < end) {
      const F v = load_part(logits + i, end - i, -kInfinity);
      bad |= ~(v < kInfinity);
      top = max(v, top);
    }
    maxima[chunk] = max_of(top);
    if (maxima[chunk] > result.top) result.top = maxima[chunk], best = chunk;
  }
  result.finite = !any(bad);
  if (best >= 0)
    for (result.token = best * kLogitChunk; logits[result.token] != result.top;) ++result.token;
  return result;
}

static void exp_sums(const float* logits, int32_t count, float temperature, float top, float* sums) {
  for (int32_t begin = 0, chunk = 0; begin < count; begin += kLogitChunk, ++chunk) {
    const int32_t end = count - begin < kLogitChunk ? count : begin + kLogitChunk;
    F sum = zero();
    int32_t i = begin;
    for (; i + kWidth <= end; i += kWidth) sum += exp(load<F>(logits + i) / temperature - top);
    if (i < end) sum += exp(load_part(logits + i, end - i, -__builtin_inff()) / temperature - top);
    sums[chunk] = sum_of(sum);
  }
}

// Upper and lower half of a * b.
struct Product64 {
  U high, low;
};
QUIRE_INLINE Product64 multiply(U a, uint32_t b) {
  typedef uint64_t L __attribute__((vector_size(4 * QUIRE_WIDTH)));
  const L x = reinterpret_cast<L>(a);
  const L even = (x & 0xffffffffu) * b, odd = (x >> 32) * b;
  return {reinterpret_cast<U>((even >> 32) | (odd & 0xffffffff00000000u)),
          reinterpret_cast<U>((even & 0xffffffffu) | (odd << 32))};
}

QUIRE_INLINE U noise(U token, uint64_t seed, int32_t position) {
  U c0 = token / 4, c1 = splat_bits(static_cast<uint32_t>(position)), c2 = {},
    c3 = {};  // purpose 0: a sample
  uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const Product64 a = multiply(c0, 0xD2511F53), b = multiply(c2, 0xCD9E8D57);
    c0 = b.high ^ c1 ^ key0, c1 = b.low;
    c2 = a.high ^ c3 ^ key1, c3 = a.low;
    key0 += 0x9E3779B9, key1 += 0xBB67AE85;
  }
  const U word = token % 4;
  return reinterpret_cast<I>(word < 2) ? (reinterpret_cast<I>(word == 0) ? c0 : c1)
                                       : (reinterpret_cast<I>(word == 2) ? c2 : c3);
}

// -log(-log(u)) of u strictly between 0 and 1, at most 16.7.
QUIRE_INLINE F gumbel(U bits) {
  const F u = (__builtin_convertvector(reinterpret_cast<I>(bits >> 9), F) + 0.5f) * 0x1p-23f;
  return -log(-log(u));
}

static Draw draw(Draw best, const int32_t* ids, int32_t first, const float* values, int32_t count,
                 float temperature, uint64_t seed, int32_t position) {
  for (int32_t i = 0; i < count; i += kWidth) {
    const int32_t n = count - i < kWidth ? count - i : kWidth;
    const F v =
        (n == kWidth ? load<F>(values + i) : load_part(values + i, n, -__builtin_inff())) / temperature;
    if (best.token >= 0 && !any(v + kMostNoise >= best.value)) continue;  // most cannot win any more
    int32_t token[kWidth] = {};
    for (int32_t j = 0; j < n; ++j) token[j] = ids != nullptr ? ids[i + j] : first + i + j;
    float sum[kWidth];
    store(sum, v + gumbel(noise(load<U>(token), seed, position)));
    for (int32_t j = 0; j < n; ++j)
      if (best.token < 0 || sum[j] > best.value || (sum[j] == best.value && token[j] < best.token))
        best.value = sum[j], best.token = token[j];
  }
  return best;
}

static int32_t count_before(const float* logits, int32_t count, int32_t token) {
  const float own = logits[token];
  I before = {};
  int32_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    const F v = load<F>(logits + i);
    before -= (v > own) | ((v == own) & (lanes() + i < token));
  }
  int32_t a[kWidth], all = 0;
  store(a, before);
  for (int j = 0; j < kWidth; ++j) all += a[j];
  for (; i < count; ++i) all += logits[i] > own || (logits[i] == own && i < token) ? 1 : 0;
  return all;
}

}  // namespace quire::cpu::QUIRE_LEVEL
