// The flags of sampling: defaults that a line may override. A flag is the field of the same name.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/settings.h"
#include "serve/generation/sampling_fields.h"

namespace quire {

struct SamplingFlags {
  std::optional<double> temperature, top_p, min_p, presence_penalty, frequency_penalty, repetition_penalty;
  std::optional<int64_t> top_k, max_tokens, min_tokens, n, logprobs, prompt_logprobs;
  std::optional<bool> ignore_eos, include_stop_str_in_output, skip_special_tokens, detokenize;
  std::vector<std::string> stop, stop_token_ids, allowed_token_ids;
  std::optional<std::string> logit_bias;
};

SettingGroup sampling_settings(SamplingFlags& flags);

// Has anybody said how long an answer may be: the flags, or the model?
bool says_max_tokens(const SamplingFlags& flags, const SamplingChoice& defaults);

// What the flags say, over what `to` holds already.
Refusal apply_flags(const SamplingFlags& flags, SamplingChoice& to);

}  // namespace quire
