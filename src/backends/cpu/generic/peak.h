// What the level's units do at best: sums that depend on nothing but themselves and never leave the
// registers. Each returns the operations that it did, a product and a sum being two.
#pragma once
#include "backends/cpu/generic/words.h"

namespace quire::cpu::QUIRE_LEVEL {

// At least latency times units, and they all have a register: dots take six cycles on Zen 5.
inline constexpr int32_t kPeakSums = kWidth == 16 ? 24 : 12;

template <class V>
QUIRE_INLINE void keep(V& v) {
  asm volatile("" : "+v"(v));
}

static int64_t peak_fma(int32_t rounds) {
  F a[kPeakSums];
  for (F& v : a) v = splat(1.0f);
  F b = splat(0.5f), c = splat(0.5f);  // 1 stays 1
  keep(b), keep(c);
  for (int32_t r = 0; r < rounds; ++r)
#pragma GCC unroll 24
    for (F& v : a) v = fma(v, b, c);
#pragma GCC unroll 24
  for (F& v : a) keep(v);
  return int64_t{rounds} * kPeakSums * kWidth * 2;
}

#if QUIRE_DOTS
static int64_t peak_bf16(int32_t rounds) {
  F a[kPeakSums];
  for (F& v : a) v = zero();
  U words = {};
  keep(words);
  const uint32_t pair = 0;
  for (int32_t r = 0; r < rounds; ++r)
#pragma GCC unroll 24
    for (F& v : a) dot(v, words, splat_bits(pair));
#pragma GCC unroll 24
  for (F& v : a) keep(v);
  return int64_t{rounds} * kPeakSums * kWidth * 4;
}
inline constexpr int64_t (*kPeakBf16)(int32_t) = peak_bf16;
#else
inline constexpr int64_t (*kPeakBf16)(int32_t) = nullptr;
#endif

#if QUIRE_WIDTH == 16
// Needs AVX512_VNNI, which the level does not ask for: the caller does.
static int64_t peak_int8(int32_t rounds) {
  U a[kPeakSums] = {};
  U words = {};
  keep(words);
  for (int32_t r = 0; r < rounds; ++r)
#pragma GCC unroll 24
    for (U& v : a) asm("vpdpbusd %1, %1, %0" : "+v"(v) : "v"(words));
#pragma GCC unroll 24
  for (U& v : a) keep(v);
  return int64_t{rounds} * kPeakSums * kWidth * 8;
}
inline constexpr int64_t (*kPeakInt8)(int32_t) = peak_int8;
#else
inline constexpr int64_t (*kPeakInt8)(int32_t) = nullptr;
#endif

}  // namespace quire::cpu::QUIRE_LEVEL
