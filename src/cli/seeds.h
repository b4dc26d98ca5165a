// The seed of a line that brings none: equal prompts sample differently, and other lines do not matter.
#pragma once
#include <cstdint>
#include <span>
#include <unordered_map>

#include "base/ids.h"

namespace quire {

class LineSeeds {
 public:
  explicit LineSeeds(uint64_t base) : base_(base) {}

  // To be called once for each line, in their order: a hash of the base, the prompt and how many lines before
  // this had the same prompt. Keeps 16 bytes or so for each different prompt.
  uint64_t next(std::span<const Token> prompt);

 private:
  uint64_t base_;
  std::unordered_map<uint64_t, uint32_t> seen_;  // by the prompt's hash
};

}  // namespace quire
