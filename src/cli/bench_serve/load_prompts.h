// What is asked: random prompts or a file's, as the bodies of the requests.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "cli/bench_serve/load_options.h"

namespace quire {

struct LoadPrompt {
  Json prompt;            // text, token ids, or messages
  int32_t input_len = 0;  // tokens, as far as they are known here; 0: not
  int32_t output_len = 0;
};

Result<std::vector<LoadPrompt>> make_prompts(const LoadFlags& flags, const LoadOptions& options);

std::string body_of(const LoadPrompt& prompt, const std::string& model, const LoadFlags& flags,
                    const LoadOptions& options);

// Seconds after the beginning at which `count` requests are due: gamma-distributed gaps of mean 1 / rate,
// stretched so that the last is due after count / rate seconds.
std::vector<double> arrival_times(size_t count, double rate, double burstiness, uint64_t seed);

}  // namespace quire
