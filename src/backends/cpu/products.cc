// Products of matrices: first the rows are packed, then come tiles of some panels of 64 outputs and a block
// of rows, which any thread takes. Tiles of a block follow each other, so that its rows stay in the second
// cache and weights, of which a tile needs far fewer in its time, come past them.
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

// Tiles of a product of some panels: blocks of rows, each by groups of panels, as long as every thread gets
// some tiles.
struct Tiling {
  RowBlocks rows;
  int32_t panels, group = 1;

  Tiling(int32_t row_count, int32_t panel_count, int32_t threads) : rows(row_count), panels(panel_count) {
    constexpr int32_t kTilesOfThread = 12;
    for (int32_t g = 2; g <= kMostPanels; g *= 2)
      if ((panels + g - 1) / g * rows.blocks >= kTilesOfThread * threads) group = g;
  }
  int32_t groups() const { return (panels + group - 1) / group; }
  int32_t tiles() const { return groups() * rows.blocks; }
  RowBlock block(int32_t tile) const { return rows(tile / groups()); }
  Panels panels_of(int32_t tile) const {
    const int32_t first = tile % groups() * group;
    return {first, std::min(group, panels - first)};
  }
};

}  // namespace

PackedRows CpuBackend::pack_rows(Mat x, int32_t blocks, function_ref<RowBlock(int32_t)> block,
                                 const int32_t* row) {
  QUIRE_CHECK(x.dtype == DType::kF32);
  const int32_t words = (x.cols + k_.inputs_per_word - 1) / k_.inputs_per_word;
  // Chunks of nearly one size: while one is multiplied the next one is fetched.
  const int32_t chunks = std::max(1, (words + kChunk - 1) / kChunk);
  const int32_t chunk = std::max(2, (words + 2 * chunks - 1) / (2 * chunks) * 2);
  const int64_t row_words = int64_t{chunks} * kChunk;
  int64_t rows = 0;
  for (int32_t b = 0; b < blocks; ++b) rows = std::max<int64_t>(rows, block(b).first + block(b).count);
  if (static_cast<int64_t>(packed_.size()) < rows * row_words)
    packed_.resize(static_cast<size_t>(rows * row_words));
  constexpr int32_t kRows = 8, kPieces = kRowBlock / kRows;
  share(blocks * kPieces, rows * x.cols, [&](int32_t tile, int32_t) {
    const RowBlock b = block(tile / kPieces);
    const int32_t begin = tile % kPieces * kRows, end = std::min(b.count, begin + kRows);
    for (int32_t i = begin; i < end; ++i)
      k_.pack_row(x.f32(row == nullptr ? b.first + i : row[b.first + i]), x.cols, chunk,
                  packed_.data() + b.first * row_words + i * kChunk, int64_t{b.count} * kChunk);
  });
  return {packed_.data(), chunk, row_words};
}

void CpuBackend::linear(Mat out, Mat x, const Weight& w) {
  QUIRE_CHECK(out.cols == w.out && out.rows == x.rows && x.cols == w.in && w.count == 1);
  const Tiling t(x.rows, panels_of(w.out), pool_.threads());
  const PackedRows packed = pack_rows(x, t.rows.blocks, t.rows);
  const Product p = product_of(w, 0, out, packed, t.group * pool_.threads());
  share(t.tiles(), int64_t{x.rows} * w.in * w.out, [&](int32_t tile, int32_t worker) {
    const RowBlock block = t.block(tile);
    k_.linear(p, t.panels_of(tile), block.first, block.count, scratch(worker));
  });
}

void CpuBackend::mlp_in(Mat out, Mat x, const Weight& gate_up, const Mlp& m) {
  QUIRE_CHECK(out.cols == m.width && out.rows == x.rows && x.cols == gate_up.in);
  QUIRE_CHECK(gate_up.out == 2 * m.width && gate_up.count == 1);
  const Tiling t(x.rows, panels_of(m.width), pool_.threads());
  const PackedRows packed = pack_rows(x, t.rows.blocks, t.rows);
  Product p = product_of(gate_up, 0, out, packed, t.group * pool_.threads());
  p.width = m.width;
  p.act = m.act;
  share(t.tiles(), int64_t{x.rows} * gate_up.in * gate_up.out, [&](int32_t tile, int32_t worker) {
    const RowBlock block = t.block(tile);
    k_.gated(p, t.panels_of(tile), block.first, block.count, scratch(worker));
  });
}

}  // namespace quire::cpu
