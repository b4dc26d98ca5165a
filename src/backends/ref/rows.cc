// What moves or changes rows one by one: embedding, picking, the cap of logits.
#include "backends/ref/rows.h"

#include <cmath>
#include <cstring>

#include "backends/ref/ref_backend.h"
#include "tensor/half.h"

namespace quire::ref {

void read_row(const Weight& w, int32_t matrix, int32_t row, float* to) {
  QUIRE_CHECK(w.layout.order == Order::kRows && w.perm == nullptr);
  QUIRE_CHECK(matrix >= 0 && matrix < w.count && row >= 0 && row < w.out);
  const char* base = static_cast<const char*>(w.data) + matrix * w.stride;
  const int64_t first = static_cast<int64_t>(row) * w.in;
  const auto* f32 = reinterpret_cast<const float*>(base) + first;
  const auto* f16 = reinterpret_cast<const uint16_t*>(base) + first;
  switch (w.layout.elem) {
    case Elem::kF32:
      std::memcpy(to, f32, static_cast<size_t>(w.in) * sizeof(float));
      return;
    case Elem::kF16:
      for (int32_t i = 0; i < w.in; ++i) to[i] = half_to_float(f16[i]);
      return;
    case Elem::kBF16:
      for (int32_t i = 0; i < w.in; ++i) to[i] = bf16_to_float(f16[i]);
      return;
    default:
      QUIRE_CHECK(false && "prefer() promises f32, f16 or bf16");
  }
}

void RefBackend::embed(Mat out, const Weight& table, IntSpan tokens, const StepTables& t, IntSpan last_token,
                       float scale) {
  QUIRE_CHECK(out.dtype == DType::kF32 && out.cols == table.in && out.rows == tokens.size);
  for (int32_t i = 0; i < tokens.size; ++i) {
    int32_t token = tokens.data[i];
    if (token == -1) token = last_token.data[t.slot.data[t.row_of.data[i]]];
    read_row(table, 0, token, out.f32(i));
    for (int32_t c = 0; c < out.cols; ++c) out.f32(i)[c] *= scale;
  }
}

void RefBackend::pick_rows(Mat out, Mat x, IntSpan rows) {
  QUIRE_CHECK(out.dtype == x.dtype && out.cols == x.cols && out.rows == rows.size);
  for (int32_t i = 0; i < rows.size; ++i)
    std::memcpy(out.row_range(i, 1).data, x.row_range(rows.data[i], 1).data,
                static_cast<size_t>(x.cols) * dtype_size(x.dtype));
}

void RefBackend::softcap(Mat logits, float cap) {
  const auto c = static_cast<double>(cap);
  for (int32_t i = 0; i < logits.rows; ++i)
    for (int32_t j = 0; j < logits.cols; ++j)
      logits.f32(i)[j] = static_cast<float>(c * std::tanh(static_cast<double>(logits.f32(i)[j]) / c));
}

}  // namespace quire::ref
