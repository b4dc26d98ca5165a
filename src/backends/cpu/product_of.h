// A weight and two matrices as a kernel's arguments.
#pragma once
#include "backends/cpu/kernels.h"
#include "weights/weight.h"

namespace quire::cpu {

inline int32_t panels_of(int32_t out) { return (out + kPanel - 1) / kPanel; }

// y = x w^T with matrix `matrix` of w, which is packed.
inline Product product_of(const Weight& w, int32_t matrix, Mat y, Mat x) {
  QUIRE_CHECK(w.layout.elem == Elem::kBF16 && w.layout.order == Order::kPairs64 && w.perm == nullptr);
  QUIRE_CHECK(y.dtype == DType::kF32 && x.dtype == DType::kF32 && x.cols == w.in);
  QUIRE_CHECK(matrix >= 0 && matrix < w.count);
  Product p;
  p.words = reinterpret_cast<const uint32_t*>(static_cast<const char*>(w.data) + matrix * w.stride);
  p.bias = w.bias == nullptr ? nullptr : w.bias + static_cast<int64_t>(matrix) * w.out;
  p.out = w.out;
  p.in = w.in;
  p.x = static_cast<const float*>(x.data);
  p.x_stride = x.stride;
  p.y = static_cast<float*>(y.data);
  p.y_stride = y.stride;
  return p;
}

}  // namespace quire::cpu
