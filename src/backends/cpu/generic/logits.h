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
  const L x = reinterpret_cast<L>(a);
  const L even = product_of_low(x, b), odd = product_of_low(x >> 32, b);
  return {reinterpret_cast<U>((even >> 32) | (odd & 0xffffffff00000000u)),
          reinterpret_cast<U>((even & 0xffffffffu) | (odd << 32))};
}

// The four words of each counter: of tokens 4 c, 4 c + 1, 4 c + 2, 4 c + 3.
struct Words {
  U of[4];
};
QUIRE_INLINE Words noise_words(U counter, uint64_t seed, int32_t position) {
  U c0 = counter, c1 = splat_bits(static_cast<uint32_t>(position)), c2 = {}, c3 = {};  // purpose 0: a sample
  uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const Product64 a = multiply(c0, 0xD2511F53), b = multiply(c2, 0xCD9E8D57);
    c0 = b.high ^ c1 ^ key0, c1 = b.low;
    c2 = a.high ^ c3 ^ key1, c3 = a.low;
    key0 += 0x9E3779B9, key1 += 0xBB67AE85;
  }
  return {{c0, c1, c2, c3}};
}
QUIRE_INLINE U noise(U token, uint64_t seed, int32_t position) {
  const Words w = noise_words(token / 4, seed, position);
  const U word = token % 4;
  return reinterpret_cast<I>(word < 2) ? (reinterpret_cast<I>(word == 0) ? w.of[0] : w.of[1])
                                       : (reinterpret_cast<I>(word == 2) ? w.of[2] : w.of[3]);
}

// The noise of four vectors of tokens that follow each other from `first`, a multiple of 4.
QUIRE_INLINE Words noise_of_run(int32_t first, uint64_t seed, int32_t position) {
  const U counter = reinterpret_cast<U>(lanes()) + static_cast<uint32_t>(first / 4);
  const Words w = noise_words(counter, seed, position);
  const U even_low = zip_low(w.of[0], w.of[2]), odd_low = zip_low(w.of[1], w.of[3]);
  const U even_high = zip_high(w.of[0], w.of[2]), odd_high = zip_high(w.of[1], w.of[3]);
  return {{zip_low(even_low, odd_low), zip_high(even_low, odd_low), zip_low(even_high, odd_high),
           zip_high(even_high, odd_high)}};
}

// -log(-log(u)) of u strictly between 0 and 1, at most 16.7.
QUIRE_INLINE F gumbel(U bits) {
  const F u = (__builtin_convertvector(reinterpret_cast<I>(bits >> 9), F) + 0.5f) * 0x1p-23f;
  return -log(-log(u));
}

QUIRE_INLINE void take_better(Draw& best, F sum, const int32_t* token, int32_t count) {
  float a[kWidth];
  store(a, sum);
  for (int32_t j = 0; j < count; ++j)
    if (best.token < 0 || a[j] > best.value || (a[j] == best.value && token[j] < best.token))
      best.value = a[j], best.token = token[j];
}

// The least noise bits (of 23) that can lift a value to `best`: -log(-log(u)) >= d is u >= e^-e^-d, which is
// more than 1 - e^-d. The slack is more than the rounding of all this.
QUIRE_INLINE uint32_t least_bits(float value, float best) {
  const float part = exp(splat(value - best + 0.01f))[0] * 0x1p23f;
  return part < 0x1p22f ? (1u << 23) - 2 - static_cast<uint32_t>(part) : 0;
}

// Where tokens follow each other, a Philox counter serves four of them, and most need no logarithm.
static int32_t draw_runs(Draw& best, int32_t first, const float* values, int32_t count, float temperature,
                         uint64_t seed, int32_t position) {
  int32_t i = 0;
  for (; i + 4 * kWidth <= count; i += 4 * kWidth) {
    F v[4];
    for (int j = 0; j < 4; ++j) {
      v[j] = load<F>(values + i + j * kWidth);
      if (temperature != 1.0f) v[j] /= temperature;  // by far the slowest operation
    }
    const float top = max_of(max(max(v[0], v[1]), max(v[2], v[3])));
    if (top + kMostNoise < best.value) continue;  // none can win
    const Words run = noise_of_run(first + i, seed, position);
    const uint32_t least = least_bits(top, best.value);
    for (int j = 0; j < 4; ++j) {
      if (!any(reinterpret_cast<I>((run.of[j] >> 9) >= least))) continue;
      int32_t token[kWidth];
      store(token, lanes() + (first + i + j * kWidth));
      take_better(best, v[j] + gumbel(run.of[j]), token, kWidth);
    }
  }
  return i;
}

static Draw draw(Draw best, const int32_t* ids, int32_t first, const float* values, int32_t count,
                 float temperature, uint64_t seed, int32_t position) {
  int32_t i = 0;
  if (ids == nullptr && best.token >= 0 && first % 4 == 0)
    i = draw_runs(best, first, values, count, temperature, seed, position);
  for (; i < count; i += kWidth) {
    const int32_t n = count - i < kWidth ? count - i : kWidth;
    const F v =
        (n == kWidth ? load<F>(values + i) : load_part(values + i, n, -__builtin_inff())) / temperature;
    if (best.token >= 0 && !any(v + kMostNoise >= best.value)) continue;  // none can win
    int32_t token[kWidth] = {};
    for (int32_t j = 0; j < n; ++j) token[j] = ids != nullptr ? ids[i + j] : first + i + j;
    take_better(best, v + gumbel(noise(load<U>(token), seed, position)), token, n);
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
