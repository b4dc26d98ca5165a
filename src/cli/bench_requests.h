// What a benchmark asks for: random prompts from a seed, or the lines of a file.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "text/tokenizer.h"

namespace quire {

struct BenchRequest {
  std::vector<Token> prompt;
  int32_t output_len = 0;
};

struct RandomPrompts {
  int32_t count = 0, input_len = 0, output_len = 0;
  double range_ratio = 0;  // lengths are even in [(1 - ratio) * len, (1 + ratio) * len], at least 1
  int32_t prefix_len = 0;  // tokens that all prompts begin with, beside input_len
};
std::vector<BenchRequest> random_requests(const RandomPrompts& wanted, int32_t vocab, uint64_t seed);

// Lines of JSON with prompt or prompt_token_ids, and output_len or max_tokens; at most `most` of them (0:
// all). `tokenizer` may be null: token ids only. The first bad line is the error.
Result<std::vector<BenchRequest>> read_dataset(const std::string& path, const Tokenizer* tokenizer,
                                               int32_t vocab, int32_t most);

}  // namespace quire
