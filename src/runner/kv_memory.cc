#include "runner/kv_memory.h"

namespace quire {

KvSpec kv_spec(const Attention& a) { return {a.kv_heads, a.head_dim, a.head_dim}; }

Status KvMemory::allocate(Backend& backend, const ModelSpec& spec, int32_t blocks, int32_t block_size,
                          DType dtype) {
  memory_.resize(spec.blocks.size());
  for (size_t i = 0; i < spec.blocks.size(); ++i) {
    const KvSpec kv = kv_spec(spec.blocks[i].mix);
    const size_t bytes = backend.kv_block_bytes(kv, block_size, dtype);
    if (Status s = memory_[i].reserve(backend, bytes * static_cast<size_t>(blocks)); !s.ok()) return s;
    views_.push_back(
        {memory_[i].data(), dtype, static_cast<int64_t>(bytes), block_size, spec.blocks[i].cache_group, kv});
  }
  return {};
}

void KvMemory::poison(Backend& backend, int32_t block) const {
  for (const KvView& v : views_) {
    const std::vector<std::byte> ones(static_cast<size_t>(v.block_stride),
                                      std::byte{0xff});  // NaN in every format
    backend.upload(static_cast<std::byte*>(v.data) + block * v.block_stride, ones.data(), ones.size());
  }
}

}  // namespace quire
