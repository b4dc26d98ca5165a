// out = x w^T + bias, each output one dot product along the input, whatever the number of rows.
#include <vector>

#include "backends/ref/ref_backend.h"
#include "backends/ref/rows.h"
#include "tensor/half.h"

namespace quire::ref {

Mat RefBackend::inputs(Mat x, std::vector<float>& room) const {
  if (!round_inputs_) return x;
  room.resize(static_cast<size_t>(x.rows) * static_cast<size_t>(x.cols));
  for (int32_t i = 0; i < x.rows; ++i)
    for (int32_t k = 0; k < x.cols; ++k)
      room[static_cast<size_t>(i) * static_cast<size_t>(x.cols) + static_cast<size_t>(k)] =
          rounded_to_bf16(x.f32(i)[k]);
  return {room.data(), DType::kF32, x.rows, x.cols, x.cols};
}

void RefBackend::linear(Mat out, Mat x, const Weight& w) {
  QUIRE_CHECK(out.dtype == DType::kF32 && x.dtype == DType::kF32);
  QUIRE_CHECK(out.rows == x.rows && out.cols == w.out && x.cols == w.in && w.count == 1);
  std::vector<float> row(static_cast<size_t>(w.in)), room;
  x = inputs(x, room);
  for (int32_t o = 0; o < w.out; ++o) {
    read_row(w, 0, o, row.data());
    for (int32_t i = 0; i < x.rows; ++i)
      out.f32(i)[o] = static_cast<float>(dot(x.f32(i), row.data(), w.in) + bias_of(w, 0, o));
  }
}

}  // namespace quire::ref
