#include "runner/memory_plan.h"

#include <algorithm>
#include <limits>
#include <string>

namespace quire {

Result<MemoryPlan> plan_memory(const ModelSpec& spec, const WeightTotals& weights, const Backend& backend,
                               std::optional<int64_t> kv_bytes, BatchConfig& batch) {
  MemoryPlan m;
  m.parameters = weights.parameters;
  m.weight_bytes = weights.bytes;
  m.scratch_bytes = static_cast<int64_t>(Batch::bytes(backend, spec, batch));
  m.free_bytes = static_cast<int64_t>(backend.free_memory());
  for (const Block& b : spec.blocks)
    m.kv_block_bytes +=
        static_cast<int64_t>(backend.kv_block_bytes(kv_spec(b.mix), batch.block_size, batch.kv_dtype));
  QUIRE_CHECK(m.kv_block_bytes > 0);
  m.kv_bytes_per_token = m.kv_block_bytes / batch.block_size;

  const int64_t taken = m.weight_bytes + m.scratch_bytes, least = 2 * m.kv_block_bytes;
  if (taken + least > m.free_bytes)
    return Status(Code::kOutOfMemory,
                  "the weights take " + std::to_string(m.weight_bytes) + " bytes, activations " +
                      std::to_string(m.scratch_bytes) + " and the smallest cache " + std::to_string(least) +
                      "; " + std::to_string(m.free_bytes) +
                      " bytes are free. Lower --max-num-batched-tokens or use a machine with more memory.");
  int64_t bytes =
      kv_bytes.value_or(static_cast<int64_t>(static_cast<double>(m.free_bytes - taken) * kCacheShare));
  if (kv_bytes && *kv_bytes < least)
    return Status(Code::kInvalidArgument, "--kv-cache-memory-bytes is " + std::to_string(*kv_bytes) +
                                              "; one block of " + std::to_string(batch.block_size) +
                                              " positions and the one that is kept aside take " +
                                              std::to_string(least) + ".");
  if (taken + bytes > m.free_bytes)
    return Status(Code::kOutOfMemory, "--kv-cache-memory-bytes is " + std::to_string(bytes) +
                                          "; beside weights and activations only " +
                                          std::to_string(m.free_bytes - taken) +
                                          " bytes are free. Lower it.");
  int64_t blocks = std::max<int64_t>(2, bytes / m.kv_block_bytes);
  blocks = std::min<int64_t>(blocks, std::numeric_limits<int32_t>::max() / batch.block_size);
  if (!kv_bytes) {
    const int64_t longest = (batch.max_model_len + batch.block_size - 1) / batch.block_size;
    blocks = std::min(blocks, longest * batch.max_seqs + 1);
  }
  m.blocks = batch.blocks = static_cast<int32_t>(blocks);
  m.kv_bytes = blocks * m.kv_block_bytes;
  m.kv_tokens = (blocks - 1) * batch.block_size;
  return m;
}

}  // namespace quire
