// How much memory a model and its cache take, before any of it is taken: what `quire inspect` prints and a
// launch follows.
#pragma once
#include <cstdint>
#include <optional>

#include "backend/backend.h"
#include "base/status.h"
#include "models/loader.h"
#include "models/spec.h"
#include "runner/batch.h"

namespace quire {

struct MemoryPlan {
  int64_t parameters = 0;          // elements of all weights, a tied head once
  int64_t weight_bytes = 0;        // as the backend will hold them
  int64_t scratch_bytes = 0;       // activations and tables of the largest step
  int64_t kv_block_bytes = 0;      // of all layers, padding included
  int64_t kv_bytes = 0;            // of all blocks
  int64_t kv_bytes_per_token = 0;  // kv_block_bytes over the block size
  int32_t blocks = 0;              // block 0 among them
  int64_t kv_tokens = 0;           // positions that requests can use
  int64_t free_bytes = 0;          // what the backend said it has, before loading
};

// The share of what is free beside weights and activations that the cache takes when nothing else is said;
// never more than all requests at their longest could fill.
inline constexpr double kCacheShare = 0.5;

// Fills in `batch.blocks`. Refused if weights, activations and one usable block do not fit, or if `kv_bytes`
// is given and holds less than one usable block; the message says the least that would do.
Result<MemoryPlan> plan_memory(const ModelSpec& spec, const WeightTotals& weights, const Backend& backend,
                               std::optional<int64_t> kv_bytes, BatchConfig& batch);

}  // namespace quire
