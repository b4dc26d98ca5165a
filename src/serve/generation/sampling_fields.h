// Sampling in the words of the API: the fields of a line, a flag or generation_config.json become
// SamplingParams. Ranges, wording and the meaning of -1 are those of vLLM's SamplingParams.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "sched/request.h"
#include "serve/generation/refusal.h"

namespace quire {

struct SamplingChoice {
  SamplingParams params;  // without the seed
  std::optional<uint64_t> seed;
  int32_t n = 1;
  int32_t max_tokens = 16;
  std::vector<std::string> stop;
  bool include_stop_str_in_output = false;
  bool skip_special_tokens = true;
  bool detokenize = true;
  bool all_logprobs = false, all_prompt_logprobs = false;  // the caller said -1
};

bool is_sampling_field(std::string_view name);

// The field that a sentence of the engine's is about; empty: none.
std::string field_of(const std::string& sentence);

// Reads one field into `to`; null leaves it as it is. On refusal `to` may be half set.
Refusal read_sampling_field(std::string_view name, const Json& value, SamplingChoice& to);

// All sampling fields of an object; others are left alone.
Refusal read_sampling_fields(const Json::Object& fields, SamplingChoice& to);

// When every source has been read: what fields must not say together; then the one spelling that the engine
// knows (greedy is temperature 0, what is off is 0, -1 logprobs is the vocabulary's size). validate() has the
// last word.
Refusal settle_sampling(int32_t vocab, SamplingChoice& choice);

}  // namespace quire
