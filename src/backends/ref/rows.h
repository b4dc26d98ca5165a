// A row of a weight as floats, and the dot product of two rows: what products of matrices are made of here.
#pragma once
#include <cstdint>
#include <vector>

#include "tensor/mat.h"
#include "weights/weight.h"

namespace quire::ref {

// Row `row` of matrix `matrix` of `w` (f32, f16 or bf16 in order kRows): w.in floats.
void read_row(const Weight& w, int32_t matrix, int32_t row, float* to);

// Eight partial sums, so that a compiler may keep them in vectors; one order for every call.
inline double dot(const float* a, const float* b, int32_t n) {
  double part[8] = {};
  int32_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int32_t j = 0; j < 8; ++j) part[j] += static_cast<double>(a[i + j]) * static_cast<double>(b[i + j]);
  double sum = 0;
  for (; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  for (double p : part) sum += p;
  return sum;
}

// The bias of output `row` of matrix `matrix`, 0 if there is none.
inline double bias_of(const Weight& w, int32_t matrix, int32_t row) {
  return w.bias == nullptr ? 0.0 : static_cast<double>(w.bias[static_cast<int64_t>(matrix) * w.out + row]);
}

}  // namespace quire::ref
