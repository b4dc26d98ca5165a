// How a level multiplies: rows are packed into words, of one f32 or, where the level has dots of bf16 pairs,
// of two bf16, the earlier input low. Weights, keys and values lie as words of two bf16: pairs of inputs.
//
// A dot (vdpbf16ps: Intel's instruction set reference, AVX512_BF16) adds the later product first, and takes
// denormal inputs and results for zero.
#pragma once
#include "backends/cpu/generic/vec.h"
#include "backends/cpu/kernels.h"

namespace quire::cpu::QUIRE_LEVEL {

inline constexpr int32_t kInputsPerWord = QUIRE_DOTS ? 2 : 1;
inline constexpr int32_t kPairWords = 2 / kInputsPerWord;  // of a row, for a pair of inputs
inline constexpr uint32_t kEarlierHalf = 0x0000ffff, kLaterHalf = 0xffff0000;  // of a pair of bf16

// Words of a row of `in` inputs whose chunks stand together: whole vectors, as pack_row writes them.
QUIRE_INLINE int32_t words_of(int32_t in) {
  return (in + kInputsPerWord * kWidth - 1) / (kInputsPerWord * kWidth) * kWidth;
}

#if QUIRE_DOTS
QUIRE_INLINE U pack(F earlier, F later) {
  return reinterpret_cast<U>(
      _mm512_cvtne2ps_pbh(reinterpret_cast<__m512>(later), reinterpret_cast<__m512>(earlier)));
}
#else
QUIRE_INLINE U pack(F input, F) { return as_bits(input); }
#endif

// See Kernels. Row and words may be the same memory if step is chunk: no word lies behind its inputs.
static void pack_row(const float* row, int32_t in, int32_t chunk, uint32_t* to, int64_t step) {
  constexpr int32_t kAtOnce = kInputsPerWord * kWidth;
  const int32_t all = kInputsPerWord * chunk;
  for (int32_t k = 0; k < in; k += all, to += step) {
    const int32_t inputs = in - k < all ? in - k : all;
    for (int32_t i = 0; i < inputs; i += kAtOnce) {
      const auto part = [&](int32_t first) {
        const int32_t left = inputs - i - first;
        return left >= kWidth ? load<F>(row + k + i + first) : load_part(row + k + i + first, left, 0.0f);
      };
      store(to + i / kInputsPerWord, pack(part(0), kInputsPerWord == 2 ? part(kWidth) : zero()));
    }
  }
}

#if QUIRE_DOTS

// An instruction of its own: gcc 12 moves sums about between intrinsics. The pair is in a register: with one
// broadcast from memory for each dot, loads and not dots would set the pace.
QUIRE_INLINE void dot(F& sum, U words, U pair) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(words), "v"(pair));
}

// a[kRows][kVectors] += x w for a pair of inputs; the next row of x is `stride` words further.
template <int kRows, int kVectors>
QUIRE_INLINE void add_pair(F (&a)[kRows][kVectors], const U (&w)[kVectors], const uint32_t* x,
                           int64_t stride) {
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m) {
    const U pair = splat_bits(x[m * stride]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) dot(a[m][v], w[v], pair);
  }
}

// The same for a word of x and what unpack_pair made of w.
template <int kRows, int kVectors>
QUIRE_INLINE void add_word(F (&a)[kRows][kVectors], const uint32_t* w, const uint32_t* x, int64_t stride) {
  U words[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) words[v] = load<U>(w + v * kWidth);
  add_pair(a, words, x, stride);
}

// to[kPairWords][kPanel], a vector of each: pairs as add_word takes them.
QUIRE_INLINE void unpack_pair(U words, uint32_t* to) { store(to, words); }

#else

// The float that a word of packed rows is.
QUIRE_INLINE F input(const uint32_t& word) { return as_float(splat_bits(word)); }

template <int kRows, int kVectors>
QUIRE_INLINE void add_pair(F (&a)[kRows][kVectors], const U (&w)[kVectors], const uint32_t* x,
                           int64_t stride) {
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    const F even = low_of(w[v]), odd = high_of(w[v]);
#pragma GCC unroll 8
    for (int m = 0; m < kRows; ++m) {
      a[m][v] = fma(input(x[m * stride]), even, a[m][v]);
      a[m][v] = fma(input(x[m * stride + 1]), odd, a[m][v]);
    }
  }
}

template <int kRows, int kVectors>
QUIRE_INLINE void add_word(F (&a)[kRows][kVectors], const uint32_t* w, const uint32_t* x, int64_t stride) {
  F b[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) b[v] = load<F>(w + v * kWidth);
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m) {
    const F value = input(x[m * stride]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) a[m][v] = fma(value, b[v], a[m][v]);
  }
}

QUIRE_INLINE void unpack_pair(U words, uint32_t* to) {
  store(to, low_of(words)), store(to + kPanel, high_of(words));
}

#endif

}  // namespace quire::cpu::QUIRE_LEVEL
