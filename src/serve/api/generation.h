// One request for text when all of it has been read: prompts as tokens, every default filled in, and how the
// answer is to look. Does not change any more.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "serve/generation/answer.h"
#include "serve/generation/sampling_fields.h"
#include "text/tokenizer.h"

namespace quire::serve {

struct Form;

struct Prompt {
  std::vector<Token> ids;
  std::string text;  // where the answer shows it
};

struct Generation {
  const Form* form = nullptr;
  const Tokenizer* tokenizer = nullptr;
  std::string id, model;  // as the answer says them
  int64_t created = 0;    // seconds since 1970
  std::vector<Prompt> prompts;
  SamplingChoice sampling;                 // settled; n choices are shown of each prompt
  int32_t candidates = 1;                  // made of each prompt: n, or best_of
  std::optional<int32_t> top_logprobs;     // beside each token; none: no logprobs are shown
  std::optional<int32_t> prompt_logprobs;  // shown on their own
  int32_t priority = 0;
  Salt salt;
  std::optional<int64_t> timeout_ms;

  bool stream = false, include_usage = false, continuous_usage = false;
  bool echo = false;           // the answer begins with the prompt,
  bool hide_answer = false;    // and is nothing else
  bool token_ids = false;      // list them, of prompt and answer
  bool tokens_as_ids = false;  // spell tokens of logprobs "token_id:5"
  bool prompt_text = false;
};

// One answer to one prompt while it grows.
struct Choice {
  Choice(const Generation& g, const Prompt& p, int32_t i, bool is_first)
      : prompt(&p), index(i), first(is_first), answer(g.sampling, p.ids.size(), g.tokenizer) {}

  const Prompt* prompt;
  int32_t index;  // in the answer
  bool first;     // of its prompt
  Answer answer;
  const char* finish = nullptr;      // set: it has ended, and why
  std::string stop_reason = "null";  // as JSON
  int64_t last_token = 0;            // ns of the engine's clock; 0: none yet
  // What a stream has shown.
  bool opened = false, closed = false;
  size_t shown_text = 0, shown_tokens = 0, text_offset = 0;
};

}  // namespace quire::serve
