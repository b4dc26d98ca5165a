// From a line of JSON to what is to be generated: prompt, id, sampling, text options. Pure but for the
// tokenizer.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cli/seeds.h"
#include "serve/generation/chat_prompt.h"
#include "serve/generation/refusal.h"
#include "serve/generation/sampling_fields.h"
#include "text/tokenizer.h"

namespace quire {

struct BatchLine {
  uint64_t number = 0;  // of the line, from 0
  Json id;              // as the line gave it; the number if it gave none
  std::vector<Token> prompt{};
  SamplingChoice sampling;  // settled
  uint64_t seed = 0;        // of choice 0; choice i has the seed + i
  int32_t priority = 0;
  Refusal refusal{};  // set: nothing but number and id counts
};

struct BatchContext {
  const Tokenizer* tokenizer = nullptr;                       // null: lines of token ids only
  SamplingChoice defaults{};                                  // of the model and the flags
  int32_t vocab = 0;                                          // of the model
  std::function<void(std::string_view key)> on_unknown = {};  // told every key that nobody knows
  const ChatOptions* chat = nullptr;                          // null: lines of messages are refused
  int32_t context =
      0;  // room for prompt and answer: a line of messages without max_tokens takes the rest; 0: no
};

// What the engine is asked for choice 0 of a line that is not refused; the caller gives it its id.
Request request_of(const BatchLine& line);

// `text` is one line; what is wrong with it becomes the refusal.
BatchLine read_batch_line(std::string_view text, uint64_t number, const BatchContext&, LineSeeds&);

}  // namespace quire
