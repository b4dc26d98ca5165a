// The functions between the two halves of an mlp, and the loop that caps logits.
#pragma once
#include "backends/cpu/generic/math.h"
#include "backends/cpu/kernels.h"

namespace quire::cpu::QUIRE_LEVEL {

// 1 - erf(z) for z >= 0: e^(-z^2) t P(t), t = 1 / (1 + z / 2). P interpolates e^(z^2) erfc(z) / t at the
// Chebyshev points of z in [0, 10], within 5e-9 of it.
QUIRE_INLINE F erfc(F z) {
  z = z > 10.0f ? splat(10.0f) : z;
  const F t = splat(1.0f) / fma(z, splat(0.5f), splat(1.0f));
  F p = splat(0.03239865104205446f);
  p = fma(p, t, splat(-0.17162889509245693f));
  p = fma(p, t, splat(0.3325686453373923f));
  p = fma(p, t, splat(-0.21899326290974097f));
  p = fma(p, t, splat(-0.08664946141187568f));
  p = fma(p, t, splat(0.07456795870376674f));
  p = fma(p, t, splat(0.0390575134883724f));
  p = fma(p, t, splat(0.18979546992287571f));
  p = fma(p, t, splat(0.24447910928931527f));
  p = fma(p, t, splat(0.2823184277112894f));
  p = fma(p, t, splat(0.2820858459111544f));
  return exp(-(z * z)) * t * p;
}

QUIRE_INLINE F silu(F x) { return x / (exp(-x) + 1.0f); }

// x / 2 (1 + erf(x / sqrt 2)), as x / 2 erfc(-x / sqrt 2): small results keep their digits.
QUIRE_INLINE F gelu(F x) {
  const F z = x * 0.70710678118654752f;
  const F tail = erfc(as_float(as_bits(z) & 0x7fffffffu));
  return x * 0.5f * (x > 0.0f ? 2.0f - tail : tail);
}

QUIRE_INLINE F gelu_tanh(F x) {
  const F inner = fma(x * x * x, splat(0.044715f), x) * 0.79788456080286536f;
  return x * 0.5f * (tanh(inner) + 1.0f);
}

QUIRE_INLINE F relu2(F x) { return x < 0.0f ? zero() : x * x; }

QUIRE_INLINE F activate(Act act, F x) {
  switch (act) {
    case Act::kSilu:
      return silu(x);
    case Act::kGelu:
      return gelu(x);
    case Act::kGeluTanh:
      return gelu_tanh(x);
    case Act::kRelu2:
      return relu2(x);
  }
  return x;
}

static void softcap(float* x, int64_t count, float cap) {
  int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) store(x + i, tanh(load<F>(x + i) / cap) * cap);
  const int rest = static_cast<int>(count - i);
  if (rest > 0) store_part(x + i, tanh(load_part(x + i, rest, 0.0f) / cap) * cap, rest);
}

}  // namespace quire::cpu::QUIRE_LEVEL
