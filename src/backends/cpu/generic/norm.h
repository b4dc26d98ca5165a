// Root mean square norm with the sum before it, of one row: residual += x; out = residual / sqrt(mean of
// squares + eps) * weight.
#pragma once
#include "backends/cpu/generic/vec.h"

namespace quire::cpu::QUIRE_LEVEL {

// The sum of squares: four vectors of partial sums, met by halves; the rest of a row as a vector filled with
// 0.
static float sum_of_squares(const float* x, int32_t count) {
  F part[4] = {zero(), zero(), zero(), zero()};
  int32_t i = 0;
  for (; i + 4 * kWidth <= count; i += 4 * kWidth)
    for (int j = 0; j < 4; ++j) {
      const F v = load<F>(x + i + j * kWidth);
      part[j] = fma(v, v, part[j]);
    }
  for (int j = 0; i < count; i += kWidth, ++j) {
    const F v = i + kWidth <= count ? load<F>(x + i) : load_part(x + i, count - i, 0.0f);
    part[j] = fma(v, v, part[j]);
  }
  return sum_of((part[0] + part[1]) + (part[2] + part[3]));
}

// x / sqrt(mean of squares + eps) * weight, in place or not.
static void scale_row(float* to, const float* x, const float* weight, int32_t count, float eps,
                      bool plus_one) {
  const float mean = sum_of_squares(x, count) / static_cast<float>(count);
  const F inverse = splat(1.0f / __builtin_sqrtf(mean + eps)), one = splat(plus_one ? 1.0f : 0.0f);
  int32_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    const F w = plus_one ? load<F>(weight + i) + one : load<F>(weight + i);
    store(to + i, load<F>(x + i) * inverse * w);
  }
  for (; i < count; ++i) to[i] = x[i] * inverse[0] * (plus_one ? weight[i] + 1.0f : weight[i]);
}

static void norm(float* out, float* residual, const float* x, const float* weight, int32_t cols, float eps,
                 bool plus_one) {
  if (x != nullptr) {
    int32_t i = 0;
    for (; i + kWidth <= cols; i += kWidth) store(residual + i, load<F>(residual + i) + load<F>(x + i));
    for (; i < cols; ++i) residual[i] += x[i];
  }
  if (out == nullptr) return;
  if (weight != nullptr) {
    scale_row(out, residual, weight, cols, eps, plus_one);
  } else if (out != residual) {
    for (int32_t i = 0; i < cols; ++i) out[i] = residual[i];
  }
}

}  // namespace quire::cpu::QUIRE_LEVEL
