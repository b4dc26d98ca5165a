// One choice while it grows: its tokens, its text, its logprobs, and how it ended. It ends at the
// token that completes a stop string, whatever the engine made beyond it.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sched/request.h"
#include "serve/generation/sampling_fields.h"
#include "text/detokenizer.h"
#include "text/stop_strings.h"
#include "text/tokenizer.h"

namespace quire {

class Answer {
 public:
  // `tokenizer` may be null: no text. It outlives the answer.
  Answer(const SamplingChoice& sampling, size_t prompt_tokens, const Tokenizer* tokenizer);

  // One event of its request; entries of `logprobs` are those that the event names. To be called until
  // done().
  void take(const TokenEvent& event, std::span<const Logprob> logprobs);

  bool done() const { return finish_ != Finish::kNone; }
  // The engine does not know yet that it is done: its request is to be cancelled.
  bool ended_early() const { return ended_early_; }

  struct Scored {  // a token with its own logprob, then those listed beside it
    size_t first = 0, count = 0;
  };
  const std::vector<Token>& tokens() const { return tokens_; }
  const std::optional<std::string>& text() const { return text_; }  // only what is certain
  Finish finish() const { return finish_; }
  const Status& error() const { return error_; }
  std::optional<int32_t> stop_string() const { return stop_string_; }  // index in the list of stop
  Token stop_token() const { return stop_token_; }                     // -1: none
  int32_t cached() const { return cached_; }
  std::span<const Scored> scores() const { return scores_; }  // of the tokens, if asked for
  std::span<const Scored> prompt_scores() const {
    return prompt_scores_;
  }  // by position; count 0: not scored
  std::span<const Logprob> entries(const Scored& s) const {
    return std::span(entries_).subspan(s.first, s.count);
  }
  size_t bytes() const;  // about what it holds

 private:
  void take_token(const TokenEvent& event);
  Scored keep(const TokenEvent& event, std::span<const Logprob> logprobs);

  bool include_stop_;
  std::unique_ptr<Detokenizer> detokenizer_;  // null: no text
  StopStrings stops_;
  std::vector<Token> tokens_;
  std::optional<std::string> text_;
  std::vector<Scored> scores_, prompt_scores_;
  std::vector<Logprob> entries_;
  Finish finish_ = Finish::kNone;
  bool ended_early_ = false;
  std::optional<int32_t> stop_string_;
  Token stop_token_ = -1;
  int32_t cached_ = 0;
  Status error_;
  std::string piece_;  // scratch
};

}  // namespace quire
