// Root mean square norm, with the sum that comes before it: residual += x; out = residual / sqrt(mean of
// squares
// + eps) * w, or * (1 + w).
#include <cmath>
#include <vector>

#include "backends/ref/ref_backend.h"
#include "backends/ref/rows.h"

namespace quire::ref {

void RefBackend::norm(Mat out, Mat residual, Mat x, const Weight& w, const Norm& n) {
  const int32_t cols = residual.cols;
  QUIRE_CHECK(residual.dtype == DType::kF32 && (!out || out.dtype == DType::kF32));
  std::vector<float> weight(static_cast<size_t>(cols));
  if (out && n) {
    QUIRE_CHECK(w.in == cols);
    read_row(w, 0, 0, weight.data());
  }
  for (int32_t i = 0; i < residual.rows; ++i) {
    float* r = residual.f32(i);
    if (x)
      for (int32_t c = 0; c < cols; ++c) r[c] += x.f32(i)[c];
    if (!out) continue;
    float* to = out.f32(i);
    if (!n) {
      for (int32_t c = 0; c < cols; ++c) to[c] = r[c];
      continue;
    }
    const double inv = 1.0 / std::sqrt(dot(r, r, cols) / cols + static_cast<double>(n.eps));
    for (int32_t c = 0; c < cols; ++c) {
      const double v = static_cast<double>(weight[static_cast<size_t>(c)]) + (n.plus_one ? 1.0 : 0.0);
      to[c] = static_cast<float>(static_cast<double>(r[c]) * inv * v);
    }
  }
}

}  // namespace quire::ref
