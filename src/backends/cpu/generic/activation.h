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

template <Act kAct>
QUIRE_INLINE F activate(F x) {
  if constexpr (kAct == Act::kSilu) return silu(x);
  if constexpr (kAct == Act::kGelu) return gelu(x);
  if constexpr (kAct == Act::kGeluTanh) return gelu_tanh(x);
  if constexpr (kAct == Act::kRelu2) return relu2(x);
}
// Calls work.operator()<act>(), so that a loop is compiled for each.
template <class Work>
QUIRE_INLINE void with_act(Act act, Work work) {
  switch (act) {
    case Act::kSilu:
      return work.template operator()<Act::kSilu>();
    case Act::kGelu:
      return work.template operator()<Act::kGelu>();
    case Act::kGeluTanh:
      return work.template operator()<Act::kGeluTanh>();
    case Act::kRelu2:
      return work.template operator()<Act::kRelu2>();
  }
}

static void softcap(float* x, int64_t count, float cap) {
  int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) store(x + i, tanh(load<F>(x + i) / cap) * cap);
  const int rest = static_cast<int>(count - i);
  if (rest > 0) store_part(x + i, tanh(load_part(x + i, rest, 0.0f) / cap) * cap, rest);
}

}  // namespace quire::cpu::QUIRE_LEVEL
