// A weight and two matrices as a kernel's arguments.
#pragma once
#include "backends/cpu/kernels.h"
#include "weights/weight.h"

namespace quire::cpu {

inline int32_t panels_of(int32_t out) { return (out + kPanel - 1) / kPanel; }

struct RowBlock {  // rows that a tile takes together; of a product at most kRowBlock
  int32_t first, count;
};
struct PackedRows {  // of a Mat, as a kernel's pack_row leaves them
  const uint32_t* words;
  int32_t chunk;
  int64_t row_words;
};

// y = x w^T with matrix `matrix` of w, which is packed. `turn`: see Product.
inline Product product_of(const Weight& w, int32_t matrix, Mat y, const PackedRows& x, int32_t turn) {
  QUIRE_CHECK(w.layout.elem == Elem::kBF16 && w.layout.order == Order::kPairs64 && w.perm == nullptr);
  QUIRE_CHECK(y.dtype == DType::kF32);
  QUIRE_CHECK(matrix >= 0 && matrix < w.count);
  Product p;
  p.words = reinterpret_cast<const uint32_t*>(static_cast<const char*>(w.data) + matrix * w.stride);
  p.bias = w.bias == nullptr ? nullptr : w.bias + static_cast<int64_t>(matrix) * w.out;
  p.out = w.out;
  p.in = w.in;
  p.x = x.words;
  p.chunk = x.chunk;
  p.row_words = x.row_words;
  p.y = static_cast<float*>(y.data);
  p.y_stride = y.stride;
  p.turn = turn;
  return p;
}

}  // namespace quire::cpu
