// Products of matrices: first the rows are packed, then come tiles of one panel of 64 outputs and a block of
// rows, which any thread takes. Tiles of one panel follow each other, so that its weights are read from
// memory once.
#include <algorithm>

#include "backends/cpu/cpu_backend.h"
#include "backends/cpu/product_of.h"

namespace quire::cpu {

namespace {

struct RowBlocks {  // of nearly one size, at most kRowBlock
  int32_t rows, blocks;
  explicit RowBlocks(int32_t n) : rows(n), blocks((n + kRowBlock - 1) / kRowBlock) {}
  RowBlock operator()(int32_t block) const {
    const auto first = [&](int64_t b) { return static_cast<int32_t>(rows * b / blocks); };
    return {first(block), first(block + 1) - first(block)};
  }
};

}  // namespace

PackedRows CpuBackend::pack_rows(Mat x, int32_t blocks, function_ref<RowBlock(int32_t)> block,
                                 const int32_t* row) {
  QUIRE_CHECK(x.dtype == DType::kF32);
  const int32_t words = (x.cols + k_.inputs_per_word - 1) / k_.inputs_per_word;
  const int64_t row_words = int64_t{(words + kChunk - 1) / kChunk} * kChunk;
  int64_t rows = 0;
  for (int32_t b = 0; b < blocks; ++b) rows = std::max<int64_t>(rows, block(b).first + block(b).count);
  if (static_cast<int64_t>(packed_.size()) < rows * row_words)
    packed_.resize(static_cast<size_t>(rows * row_words));
  constexpr int32_t kRows = 8, kPieces = kRowBlock / kRows;
  share(blocks * kPieces, rows * x.cols, [&](int32_t tile, int32_t) {
    const RowBlock b = block(tile / kPieces);
    const int32_t begin = tile % kPieces * kRows, end = std::min(b.count, begin + kRows);
    for (int32_t i = begin; i < end; ++i)
      k_.pack_row(x.f32(row == nullptr ? b.first + i : row[b.first + i]), x.cols,
                  packed_.data() + b.first * row_words + i * kChunk, int64_t{b.count} * kChunk);
  });
  return {packed_.data(), row_words};
}

void CpuBackend::linear(Mat out, Mat x, const Weight& w) {
  QUIRE_CHECK(out.cols == w.out && out.rows == x.rows && x.cols == w.in && w.count == 1);
  const RowBlocks rows(x.rows);
  const Product p = product_of(w, 0, out, pack_rows(x, rows.blocks, rows), turn(rows.blocks));
  share(panels_of(w.out) * rows.blocks, int64_t{x.rows} * w.in * w.out, [&](int32_t tile, int32_t worker) {
    const RowBlock block = rows(tile % rows.blocks);
    k_.linear(p, tile / rows.blocks, block.first, block.count, scratch(worker));
  });
}

void CpuBackend::mlp_in(Mat out, Mat x, const Weight& gate_up, const Mlp& m) {
  QUIRE_CHECK(out.cols == m.width && out.rows == x.rows && x.cols == gate_up.in);
  QUIRE_CHECK(gate_up.out == 2 * m.width && gate_up.count == 1);
  const RowBlocks rows(x.rows);
  Product p = product_of(gate_up, 0, out, pack_rows(x, rows.blocks, rows), turn(rows.blocks));
  p.width = m.width;
  p.act = m.act;
  share(panels_of(m.width) * rows.blocks, int64_t{x.rows} * gate_up.in * gate_up.out,
        [&](int32_t tile, int32_t worker) {
          const RowBlock block = rows(tile % rows.blocks);
          k_.gated(p, tile / rows.blocks, block.first, block.count, scratch(worker));
        });
}

}  // namespace quire::cpu
