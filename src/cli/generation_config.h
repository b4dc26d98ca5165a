// What a model folder says about generation: defaults for sampling, and the tokens that end a sequence.
#pragma once
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "serve/generation/sampling_fields.h"

namespace quire {

struct GenerationConfig {
  SamplingChoice defaults;
  std::vector<Token> eos;  // of generation_config.json and config.json, each once, all in the vocabulary
};

// `source`: "auto" for generation_config.json of `folder` if there is one, "vllm" for none of its sampling
// (its end-of-sequence ids count all the same), else a folder that has one.
Result<GenerationConfig> read_generation_config(const std::string& folder, const std::string& source);

}  // namespace quire
