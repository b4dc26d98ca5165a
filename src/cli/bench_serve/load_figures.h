// The figures of one run, as vllm bench serve defines them.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "cli/bench_serve/load_client.h"
#include "cli/bench_serve/load_options.h"
#include "cli/bench_serve/load_prompts.h"

namespace quire {

struct LoadFigures {
  int64_t completed = 0, failed = 0, good = 0;
  int64_t input_tokens = 0, output_tokens = 0;  // of those that came whole
  double seconds = 0, processor_seconds = 0;
  double peak_output_rate = 0;  // tokens of the fullest second
  int32_t peak_open = 0;
  // By Metric, in milliseconds. Time to the first token; then per token, over a request (two tokens or more);
  // between pieces; whole.
  std::array<std::vector<double>, 4> values{};

  double per_second(int64_t n) const { return seconds > 0 ? static_cast<double>(n) / seconds : 0; }
};

LoadFigures figures_of(const LoadRun& run, std::span<const LoadPrompt> prompts, const LoadOptions& options);

// How many tokens an answer has: as the server says, else one for each piece.
int32_t output_tokens_of(const LoadAnswer& answer);

}  // namespace quire
