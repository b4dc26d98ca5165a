// What moves or changes rows one by one: embedding, norm, picking, the cap of logits.
#include <algorithm>
#include <cstring>

#include "backends/cpu/cpu_backend.h"

namespace quire::cpu {

namespace {

// Rows of a tile, so that a tile is worth handing out.
int32_t rows_per_tile(int32_t cols) { return std::max(1, (1 << 14) / std::max(1, cols)); }

int32_t tiles_of(int32_t rows, int32_t per_tile) { return (rows + per_tile - 1) / per_tile; }

}  // namespace

void CpuBackend::embed(Mat out, const Weight& table, IntSpan tokens, const StepTables& t, IntSpan last_token,
                       float scale) {
  QUIRE_CHECK(out.dtype == DType::kF32 && out.cols == table.in && out.rows == tokens.size);
  QUIRE_CHECK(table.layout == prefer(table.layout, table.out, table.in));
  const int32_t step = std::max(1, rows_per_tile(out.cols) / 4);
  share(tiles_of(out.rows, step), int64_t{32} * out.rows * out.cols, [&](int32_t tile, int32_t) {
    for (int32_t i = tile * step; i < std::min(out.rows, (tile + 1) * step); ++i) {
      int32_t token = tokens.data[i];
      if (token == -1) token = last_token.data[t.slot.data[t.row_of.data[i]]];
      QUIRE_CHECK(token >= 0 && token < table.out);
      k_.gather(static_cast<const uint32_t*>(table.data), table.in, token, scale, out.f32(i));
    }
  });
}

void CpuBackend::norm(Mat out, Mat residual, Mat x, const Weight& w, const Norm& n) {
  const int32_t cols = residual.cols;
  QUIRE_CHECK(residual.dtype == DType::kF32 && (!out || out.dtype == DType::kF32));
  QUIRE_CHECK((!out || out.cols == cols) && (!x || x.cols == cols));
  const bool weighted = out && n;
  QUIRE_CHECK(!weighted || (w.in == cols && w.layout.elem == Elem::kF32 && w.layout.order == Order::kRows));
  const auto* weight = weighted ? static_cast<const float*>(w.data) : nullptr;
  const int32_t step = rows_per_tile(cols);
  share(tiles_of(residual.rows, step), int64_t{8} * residual.rows * cols, [&](int32_t tile, int32_t) {
    for (int32_t i = tile * step; i < std::min(residual.rows, (tile + 1) * step); ++i)
      k_.norm(out ? out.f32(i) : nullptr, residual.f32(i), x ? x.f32(i) : nullptr, weight, cols, n.eps,
              n.plus_one);
  });
}

void CpuBackend::pick_rows(Mat out, Mat x, IntSpan rows) {
  QUIRE_CHECK(out.dtype == DType::kF32 && x.dtype == DType::kF32 && out.cols == x.cols &&
              out.rows == rows.size);
  for (int32_t i = 0; i < rows.size; ++i)
    std::memcpy(out.f32(i), x.f32(rows.data[i]), static_cast<size_t>(x.cols) * sizeof(float));
}

void CpuBackend::softcap(Mat logits, float cap) {
  QUIRE_CHECK(logits.dtype == DType::kF32);
  constexpr int32_t kPart = 1 << 13;
  const int32_t parts = tiles_of(logits.cols, kPart);
  share(logits.rows * parts, int64_t{32} * logits.rows * logits.cols, [&](int32_t tile, int32_t) {
    const int32_t begin = tile % parts * kPart;
    k_.softcap(logits.f32(tile / parts) + begin, std::min(kPart, logits.cols - begin), cap);
  });
}

}  // namespace quire::cpu
