// Vectors as wide as the level's registers, and the few operations that the compiler's vector extension does
// not spell. The driver file defines QUIRE_LEVEL (a namespace), QUIRE_WIDTH (floats of a vector) and
// QUIRE_FMA and QUIRE_DOTS (1: the level has them).
//
// All code of a level is in its namespace and static: nothing of it can be linked into another level.
#pragma once
#include <cstdint>

#if QUIRE_FMA
#include <immintrin.h>
#endif

#define QUIRE_INLINE static inline __attribute__((always_inline))
// A loop whose sums fill the registers, a function of its own so that the compiler has all of them to give.
#define QUIRE_TILE static __attribute__((noinline))

namespace quire::cpu::QUIRE_LEVEL {

inline constexpr int kWidth = QUIRE_WIDTH;

typedef float F __attribute__((vector_size(4 * QUIRE_WIDTH)));
typedef int32_t I __attribute__((vector_size(4 * QUIRE_WIDTH)));
typedef uint32_t U __attribute__((vector_size(4 * QUIRE_WIDTH)));
typedef uint64_t L __attribute__((vector_size(4 * QUIRE_WIDTH)));

template <class V, class T>
QUIRE_INLINE V load(const T* from) {
  static_assert(sizeof(V) % sizeof(T) == 0);
  V v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}
template <class V, class T>
QUIRE_INLINE void store(T* to, V v) {
  __builtin_memcpy(to, &v, sizeof v);
}

// The same bits seen as another type.
QUIRE_INLINE F as_float(U v) { return reinterpret_cast<F>(v); }
QUIRE_INLINE F as_float(I v) { return reinterpret_cast<F>(v); }
QUIRE_INLINE U as_bits(F v) { return reinterpret_cast<U>(v); }
QUIRE_INLINE I as_int(F v) { return reinterpret_cast<I>(v); }

#if QUIRE_WIDTH == 16
QUIRE_INLINE F splat(float x) { return reinterpret_cast<F>(_mm512_set1_ps(x)); }
QUIRE_INLINE U splat_bits(uint32_t x) { return reinterpret_cast<U>(_mm512_set1_epi32(static_cast<int>(x))); }
QUIRE_INLINE F fma(F a, F b, F c) { return reinterpret_cast<F>(_mm512_fmadd_ps(a, b, c)); }
// a0 b0 a1 b1 ...: the first half of it, and the second.
QUIRE_INLINE U zip_low(U a, U b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
QUIRE_INLINE U zip_high(U a, U b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
// Products: kTileRows x kTileVectors sums stay in registers, or kOneRowVectors of one row; up to kDirectRows
// rows unpack weights in registers. Measured.
inline constexpr int kTileRows = 6, kTileVectors = 4, kOneRowVectors = 4, kDirectRows = 16;
#elif QUIRE_WIDTH == 8
QUIRE_INLINE F splat(float x) { return reinterpret_cast<F>(_mm256_set1_ps(x)); }
QUIRE_INLINE U splat_bits(uint32_t x) { return reinterpret_cast<U>(_mm256_set1_epi32(static_cast<int>(x))); }
QUIRE_INLINE F fma(F a, F b, F c) { return reinterpret_cast<F>(_mm256_fmadd_ps(a, b, c)); }
QUIRE_INLINE U zip_low(U a, U b) { return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
QUIRE_INLINE U zip_high(U a, U b) { return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
inline constexpr int kTileRows = 6, kTileVectors = 2, kOneRowVectors = 8, kDirectRows = 4;
#else
QUIRE_INLINE F splat(float x) { return F{x, x, x, x}; }
QUIRE_INLINE U splat_bits(uint32_t x) { return U{x, x, x, x}; }
QUIRE_INLINE F fma(F a, F b, F c) { return a * b + c; }  // two roundings, everywhere in this level
QUIRE_INLINE U zip_low(U a, U b) { return __builtin_shufflevector(a, b, 0, 4, 1, 5); }
QUIRE_INLINE U zip_high(U a, U b) { return __builtin_shufflevector(a, b, 2, 6, 3, 7); }
inline constexpr int kTileRows = 4, kTileVectors = 2, kOneRowVectors = 8, kDirectRows = 8;
#endif
QUIRE_INLINE F zero() { return splat(0.0f); }
// b where one is NaN. Instructions of their own, which compilers do not find in a > b ? a : b.
#if QUIRE_WIDTH == 16
QUIRE_INLINE F max(F a, F b) { return reinterpret_cast<F>(_mm512_maskz_max_ps(0xffff, a, b)); }
QUIRE_INLINE F min(F a, F b) { return reinterpret_cast<F>(_mm512_maskz_min_ps(0xffff, a, b)); }
#elif QUIRE_WIDTH == 8
QUIRE_INLINE F max(F a, F b) { return reinterpret_cast<F>(_mm256_max_ps(a, b)); }
QUIRE_INLINE F min(F a, F b) { return reinterpret_cast<F>(_mm256_min_ps(a, b)); }
#else
QUIRE_INLINE F max(F a, F b) { return a > b ? a : b; }
QUIRE_INLINE F min(F a, F b) { return a < b ? a : b; }
#endif

// The lower half of each lane times b. An instruction of its own, which compilers do not find in 64-bit
// products.
#if QUIRE_WIDTH == 16
QUIRE_INLINE L product_of_low(L a, uint32_t b) {
  return reinterpret_cast<L>(
      _mm512_maskz_mul_epu32(0xff, reinterpret_cast<__m512i>(a), _mm512_set1_epi64(b)));
}
#elif QUIRE_WIDTH == 8
QUIRE_INLINE L product_of_low(L a, uint32_t b) {
  return reinterpret_cast<L>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), _mm256_set1_epi64x(b)));
}
#else
QUIRE_INLINE L product_of_low(L a, uint32_t b) { return (a & 0xffffffffu) * b; }
#endif

// 0, 1, 2, ...
QUIRE_INLINE I lanes() {
  I v = {};
  for (int i = 0; i < kWidth; ++i) v[i] = i;
  return v;
}

// Sums and maxima of a vector by halves: lane i meets lane i + half.
template <int... kLanes>
struct LaneList {
  template <int kHalf, class V>
  static V crossed(V v) {  // lane i and lane i ^ kHalf change places
    return __builtin_shufflevector(v, v, (kLanes ^ kHalf)...);
  }
};
#if QUIRE_WIDTH == 16
using Lanes = LaneList<0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15>;
#elif QUIRE_WIDTH == 8
using Lanes = LaneList<0, 1, 2, 3, 4, 5, 6, 7>;
#else
using Lanes = LaneList<0, 1, 2, 3>;
#endif
template <int kHalf = kWidth / 2, class V, class Meet>
QUIRE_INLINE auto fold(V v, Meet meet) {
  if constexpr (kHalf == 0) return v[0];
  else return fold<kHalf / 2>(meet(v, Lanes::crossed<kHalf>(v)), meet);
}
QUIRE_INLINE float sum_of(F v) {
  return fold(v, [](F a, F b) { return a + b; });
}
QUIRE_INLINE float max_of(F v) {
  return fold(v, [](F a, F b) { return max(a, b); });
}
QUIRE_INLINE bool any(I mask) {  // lanes are 0 or -1
#if QUIRE_WIDTH == 16
  return _mm512_movepi32_mask(reinterpret_cast<__m512i>(mask)) != 0;
#elif QUIRE_WIDTH == 8
  return _mm256_movemask_ps(reinterpret_cast<__m256>(mask)) != 0;
#else
  return fold(mask, [](I a, I b) { return a | b; }) != 0;
#endif
}

// bf16: the upper half of a float. A word holds two.
QUIRE_INLINE F low_of(U words) { return as_float(words << 16); }
QUIRE_INLINE F high_of(U words) { return as_float(words & splat_bits(0xffff0000)); }
// Round to nearest even; NaN stays NaN.
QUIRE_INLINE U to_bf16(F v) {
  const U u = as_bits(v);
  const U rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
  return reinterpret_cast<I>((u & 0x7fffffff) > 0x7f800000) ? (u >> 16 | 0x40) : rounded;
}

// The first `count` floats, at most kWidth, the rest `fill`; and back.
#if QUIRE_WIDTH == 16
QUIRE_INLINE __mmask16 first_lanes(int count) { return static_cast<__mmask16>((1u << count) - 1); }
QUIRE_INLINE F load_part(const float* from, int count, float fill) {
  if (count <= 0) return splat(fill);
  return reinterpret_cast<F>(_mm512_mask_loadu_ps(splat(fill), first_lanes(count), from));
}
QUIRE_INLINE void store_part(float* to, F v, int count) { _mm512_mask_storeu_ps(to, first_lanes(count), v); }
#else
QUIRE_INLINE F load_part(const float* from, int count, float fill) {
  float a[kWidth];
  for (int i = 0; i < kWidth; ++i) a[i] = i < count ? from[i] : fill;
  return load<F>(a);
}
QUIRE_INLINE void store_part(float* to, F v, int count) {
  float a[kWidth];
  store(a, v);
  for (int i = 0; i < count; ++i) to[i] = a[i];
}
#endif

// Calls work.operator()<count>(): a number in [1, kMost] is turned into a template argument.
template <int kMost, class Work>
QUIRE_INLINE void with_count(int count, Work work) {
  if (kMost == 1 || count == kMost) work.template operator()<kMost>();
  else if constexpr (kMost > 1) with_count<kMost - 1>(count, work);
}

}  // namespace quire::cpu::QUIRE_LEVEL
