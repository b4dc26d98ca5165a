// Products of matrices: tiles of one panel of 64 outputs and a block of rows, which any thread takes. Tiles
// of one panel follow each other, so that its weights are read from memory once.
#include <algorithm>

#include "backends/cpu/cpu_backend.h"
#include "backends/cpu/product_of.h"

namespace quire::cpu {

namespace {

struct RowBlocks {  // of nearly one size, at most kRowBlock
  int32_t rows, blocks;
  explicit RowBlocks(int32_t n) : rows(n), blocks((n + kRowBlock - 1) / kRowBlock) {}
  int32_t first(int32_t block) const {
    return static_cast<int32_t>(static_cast<int64_t>(rows) * block / blocks);
  }
};

}  // namespace

void CpuBackend::linear(Mat out, Mat x, const Weight& w) {
  QUIRE_CHECK(out.cols == w.out && out.rows == x.rows && w.count == 1);
  const Product p = product_of(w, 0, out, x);
  const RowBlocks rows(x.rows);
  share(panels_of(w.out) * rows.blocks, int64_t{x.rows} * w.in * w.out, [&](int32_t tile, int32_t worker) {
    const int32_t block = tile % rows.blocks, first = rows.first(block);
    k_.linear(p, tile / rows.blocks, first, rows.first(block + 1) - first, scratch(worker));
  });
}

void CpuBackend::mlp_in(Mat out, Mat x, const Weight& gate_up, const Mlp& m) {
  QUIRE_CHECK(out.cols == m.width && out.rows == x.rows && gate_up.out == 2 * m.width && gate_up.count == 1);
  Product p = product_of(gate_up, 0, out, x);
  p.width = m.width;
  p.act = m.act;
  const RowBlocks rows(x.rows);
  share(panels_of(m.width) * rows.blocks, int64_t{x.rows} * gate_up.in * gate_up.out,
        [&](int32_t tile, int32_t worker) {
          const int32_t block = tile % rows.blocks, first = rows.first(block);
          k_.gated(p, tile / rows.blocks, first, rows.first(block + 1) - first, scratch(worker));
        });
}

}  // namespace quire::cpu
