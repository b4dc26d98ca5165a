// Elementary functions in f32, of the level's own instructions only: the C library picks its variants by
// processor, and bits would follow. Each is one formula without branches, so that a value does not depend on
// its neighbours in the vector.
#pragma once
#include "backends/cpu/generic/vec.h"

namespace quire::cpu::QUIRE_LEVEL {

// n and r with x = n ln 2 + r, |r| <= ln 2 / 2, for |x| up to 2^20 or so.
struct Reduced {
  F n, r;
};
QUIRE_INLINE Reduced reduce_exp(F x) {
  const F magic = splat(0x1.8p23f);  // adding it rounds to an integer
  const F n = (fma(x, splat(0x1.715476p0f), magic))-magic;
  // ln 2 in two parts, of which the first has 9 bits: n times it is exact.
  F r = fma(n, splat(-0.693359375f), x);
  r = fma(n, splat(2.12194440e-4f), r);
  return {n, r};
}
// (e^r - 1 - r) / r^2 by Taylor's series; the first term left out is below 2^-27 of the sum.
QUIRE_INLINE F exp_tail(F r) {
  F p = splat(1.0f / 5040);
  p = fma(p, r, splat(1.0f / 720));
  p = fma(p, r, splat(1.0f / 120));
  p = fma(p, r, splat(1.0f / 24));
  p = fma(p, r, splat(1.0f / 6));
  return fma(p, r, splat(0.5f));
}
// 2^n for n in [-126, 127].
QUIRE_INLINE F power_of_2(I n) { return as_float((n + 127) << 23); }

// x 2^n for whole n in [-152, 129], rounded once where the result is below the normal range; NaN if x is.
#if QUIRE_WIDTH == 16
QUIRE_INLINE F times_power_of_2(F x, F n) {  // (without a mask, gcc 12 warns of the intrinsic's own variable)
  return reinterpret_cast<F>(_mm512_maskz_scalef_ps(0xffff, x, n));
}
#else
QUIRE_INLINE F times_power_of_2(F x, F n) {  // in two steps, of which only the second rounds
  const I all = __builtin_convertvector(x == x ? n : zero(), I), half = all >> 1;
  return x * power_of_2(half) * power_of_2(all - half);
}
#endif

// e^x, within 1.5 units in the last place. 0 gives 1, -infinity 0; NaN stays NaN.
QUIRE_INLINE F exp(F x) {
  const F clamped = min(splat(89.0f), max(splat(-105.0f), x));  // or NaN
  const Reduced e = reduce_exp(clamped);
  const F p = fma(e.r * e.r, exp_tail(e.r), e.r) + 1.0f;
  return times_power_of_2(p, e.n);
}

// Natural logarithm of positive normal x, within 1 unit in the last place.
QUIRE_INLINE F log(F x) {
  // x = 2^e m with m in [sqrt(1/2), sqrt(2)).
  const I shifted = as_int(x) - 0x3f3504f3;
  const F e = __builtin_convertvector(shifted >> 23, F);
  const F f = as_float((shifted & 0x7fffff) + 0x3f3504f3) - 1.0f;
  // log(1 + f) = 2 atanh(s), s = f / (2 + f); written so that the exact f carries the result.
  const F s = f / (f + 2.0f), z = s * s;
  F t = splat(2.0f / 11);
  t = fma(t, z, splat(2.0f / 9));
  t = fma(t, z, splat(2.0f / 7));
  t = fma(t, z, splat(2.0f / 5));
  t = fma(t, z, splat(2.0f / 3)) * z;
  const F tail = fma(e, splat(-2.12194440e-4f), s * (t - f));
  return fma(e, splat(0.693359375f), f + tail);
}

// tanh(|x|) = t / (t + 2), t = e^(2|x|) - 1 without cancellation.
QUIRE_INLINE F tanh(F x) {
  const F sign = as_float(as_bits(x) & 0x80000000u);
  const F a = as_float(as_bits(x) & 0x7fffffffu);
  const Reduced e = reduce_exp(min(splat(10.0f), a) * 2.0f);
  const F p = fma(e.r * e.r, exp_tail(e.r), e.r);
  const F power = power_of_2(__builtin_convertvector(a == a ? e.n : zero(), I));
  const F t = fma(power, p, power - 1.0f);
  return as_float(as_bits(t / (t + 2.0f)) | as_bits(sign));
}

}  // namespace quire::cpu::QUIRE_LEVEL
