// out = x w^T + bias, each output one dot product along the input, whatever the number of rows.
#include <vector>

#include "backends/ref/ref_backend.h"
#include "backends/ref/rows.h"

namespace quire::ref {

void RefBackend::linear(Mat out, Mat x, const Weight& w) {
  QUIRE_CHECK(out.dtype == DType::kF32 && x.dtype == DType::kF32);
  QUIRE_CHECK(out.rows == x.rows && out.cols == w.out && x.cols == w.in && w.count == 1);
  std::vector<float> row(static_cast<size_t>(w.in));
  for (int32_t o = 0; o < w.out; ++o) {
    read_row(w, 0, o, row.data());
    for (int32_t i = 0; i < x.rows; ++i)
      out.f32(i)[o] = static_cast<float>(dot(x.f32(i), row.data(), w.in) + bias_of(w, 0, o));
  }
}

}  // namespace quire::ref
