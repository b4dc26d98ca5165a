// The activations of one step, in memory that is allocated once for the largest.
#pragma once
#include <vector>

#include "backend/device_array.h"
#include "models/decoder.h"
#include "models/spec.h"

namespace quire {

class ScratchMemory {
 public:
  static size_t bytes(const Backend& backend, const ModelSpec& spec, int32_t max_tokens);
  Status allocate(Backend& backend, const ModelSpec& spec, int32_t max_tokens);

  // Views for a step of so many tokens, of which `wanted` have their hidden state picked.
  Scratch views(int32_t tokens, int32_t wanted) const;
  Mat logits(int32_t rows) const { return logits_.row_range(0, rows); }  // at most kHeadRows

 private:
  Scratch all_;
  Mat logits_;
  std::vector<DeviceArray<std::byte>> memory_;
};

}  // namespace quire
