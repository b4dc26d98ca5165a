// Where k and v of a position lie. A block holds all its keys, then all its values, each
// [kv_heads][block_size][dim], in f32 or bf16.
#pragma once
#include <cstdint>
#include <cstring>

#include "tensor/half.h"
#include "tensor/kv_view.h"

namespace quire::ref {

inline int32_t position_of(const StepTables& t, int32_t token) {
  const int32_t row = t.row_of.data[token];
  return t.length.data[t.slot.data[row]] + token - t.row_begin.data[row];
}

// The first of the `dim` elements of a head's key (or value) at a position of a slot.
inline void* cache_at(const KvView& kv, const StepTables& t, int32_t slot, int32_t position, int32_t head,
                      bool value) {
  const int32_t in_table = position / kv.block_size;
  QUIRE_CHECK(position >= 0 && in_table < t.blocks_per_slot && head < kv.spec.kv_heads);
  const int32_t block =
      t.block_table[kv.group].data[static_cast<int64_t>(slot) * t.blocks_per_slot + in_table];
  const int64_t keys = static_cast<int64_t>(kv.spec.kv_heads) * kv.block_size * kv.spec.k_dim;
  const int64_t cell = static_cast<int64_t>(head) * kv.block_size + position % kv.block_size;
  const int64_t element = value ? keys + cell * kv.spec.v_dim : cell * kv.spec.k_dim;
  return static_cast<char*>(kv.data) + block * kv.block_stride +
         element * static_cast<int64_t>(dtype_size(kv.dtype));
}

inline void cache_write(void* to, DType dtype, const float* from, int32_t dim) {
  if (dtype == DType::kF32) {
    std::memcpy(to, from, static_cast<size_t>(dim) * sizeof(float));
  } else {
    for (int32_t i = 0; i < dim; ++i) static_cast<uint16_t*>(to)[i] = float_to_bf16(from[i]);
  }
}

inline void cache_read(float* to, DType dtype, const void* from, int32_t dim) {
  if (dtype == DType::kF32) {
    std::memcpy(to, from, static_cast<size_t>(dim) * sizeof(float));
  } else {
    for (int32_t i = 0; i < dim; ++i) to[i] = bf16_to_float(static_cast<const uint16_t*>(from)[i]);
  }
}

}  // namespace quire::ref
