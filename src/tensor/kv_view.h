// The paged cache of one layer, and the tables of one step, as kernels see them.
#pragma once
#include "tensor/mat.h"

namespace quire {

// What one layer keeps of a position.
struct KvSpec {
  int32_t kv_heads = 0, k_dim = 0, v_dim = 0;
  friend bool operator==(const KvSpec&, const KvSpec&) = default;
};

// How k and v lie inside a block is the backend's own business.
struct KvView {
  void* data = nullptr;
  DType dtype = DType::kBF16;
  int64_t block_stride = 0;  // bytes from one block to the next
  int32_t block_size = 0;    // positions
  int32_t group = 0;         // which StepTables::block_table
  KvSpec spec;
};

inline constexpr int32_t kMaxGroups = 4;  // kinds of layers that keep different positions

// Rows of the step in CSR form, on the device, at fixed addresses. Positions are not listed: token i of
// row r stands at length[slot[r]] + i - row_begin[r], which only the device knows while drafts fly.
struct StepTables {
  IntSpan row_begin;                // [rows + 1] first token of each row
  IntSpan row_of;                   // [tokens]
  IntSpan slot;                     // [rows]; padding rows name an idle slot, whose table is all block 0
  IntSpan length;                   // [slots] computed positions before this step, the true number
  IntSpan block_table[kMaxGroups];  // [slots][blocks_per_slot]
  int32_t blocks_per_slot = 0;
};

}  // namespace quire
