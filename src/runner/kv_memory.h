// The memory behind the KV blocks: one array for each layer, all with the same number of blocks.
#pragma once
#include <span>
#include <vector>

#include "backend/device_array.h"
#include "models/spec.h"
#include "tensor/kv_view.h"

namespace quire {

KvSpec kv_spec(const Attention& a);

class KvMemory {
 public:
  Status allocate(Backend& backend, const ModelSpec& spec, int32_t blocks, int32_t block_size, DType dtype);
  std::span<const KvView> views() const { return views_; }

  // Fills a block of every layer with NaN: tests show that nothing reads what was not written.
  void poison(Backend& backend, int32_t block) const;

 private:
  std::vector<DeviceArray<std::byte>> memory_;
  std::vector<KvView> views_;
};

}  // namespace quire
