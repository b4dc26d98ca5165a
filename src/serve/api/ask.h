// What the body of a request asks for, as the tables of fields read it: checked one by one, not yet together.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "serve/generation/sampling_fields.h"

namespace quire::serve {

struct Ask {
  SamplingChoice sampling{};  // begins as the model's defaults
  std::optional<int32_t> max_tokens{}, max_completion_tokens{};
  std::optional<int32_t> best_of{};
  std::optional<int32_t> truncate_prompt_tokens{};  // -1: to what fits
  bool truncate_left = true;
  bool logprobs = false;     // chat: list logprobs at all
  int32_t top_logprobs = 0;  // chat: beside each token

  bool stream = false, include_usage = false, continuous_usage = false, has_stream_options = false;
  bool echo = false;
  bool add_special_tokens = true;
  bool return_token_ids = false, return_tokens_as_token_ids = false, return_prompt_text = false;
  bool return_token_strs = false;

  bool fills_context = false;  // no length was said: all the room beside the prompt

  int32_t priority = 0;
  std::optional<int64_t> timeout_ms{};
  std::string model{}, cache_salt{}, request_id{};

  // Into the body, which lives as long; null: absent or null.
  const Json *prompt = nullptr, *messages = nullptr, *tokens = nullptr;
};

}  // namespace quire::serve
