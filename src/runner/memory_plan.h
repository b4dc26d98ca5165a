// How much memory a model and its cache take, before any of it is taken: what `quire inspect` prints and the launch follows.
#pragma once
#include <cstdint>
#include <optional>

#include "backend/backend.h"
#include "base/status.h"
#include "models/spec.h"

namespace quire {

struct MemoryPlan {
  int64_t parameters = 0;           // elements of all weights, a tied head once
  int64_t weight_bytes = 0;         // as the backend will hold them
  int64_t scratch_bytes = 0;        // activations and tables of the largest step
  int64_t kv_bytes_per_token = 0;   // of all layers, at the block size's padding
  int64_t kv_block_bytes = 0;       // of all layers
  int64_t kv_bytes = 0;             // of all blocks, block 0 among them
  int32_t blocks = 0;               // block 0 among them
  int64_t kv_tokens = 0;            // positions that requests can use
  int64_t free_bytes = 0;           // what the backend said it has, before loading
  DType kv_dtype = DType::kBF16;
};

// The share of what is free after weights and scratch that the cache takes when nothing else is said.
inline constexpr double kCacheShare = 0.5;

}  // namespace quire
