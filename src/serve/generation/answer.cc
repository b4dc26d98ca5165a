#include "serve/generation/answer.h"

#include <algorithm>

namespace quire {

Answer::Answer(const SamplingChoice& sampling, size_t prompt_tokens, const Tokenizer* tokenizer)
    : include_stop_(sampling.include_stop_str_in_output),
      stops_(sampling.stop, sampling.include_stop_str_in_output, sampling.params.min_tokens) {
  if (tokenizer && sampling.detokenize) {
    detokenizer_ = tokenizer->detokenizer(sampling.skip_special_tokens);
    text_.emplace();
  }
  if (sampling.params.prompt_logprobs) prompt_scores_.resize(prompt_tokens);
}

Answer::Scored Answer::keep(const TokenEvent& event, std::span<const Logprob> logprobs) {
  const Scored s{entries_.size(), static_cast<size_t>(event.num_logprobs)};
  const auto own = logprobs.subspan(static_cast<size_t>(event.logprobs), s.count);
  entries_.insert(entries_.end(), own.begin(), own.end());
  return s;
}

void Answer::take(const TokenEvent& event, std::span<const Logprob> logprobs) {
  QUIRE_CHECK(!done());
  cached_ = std::max(cached_, event.cached);
  if (event.prompt_position > 0) {
    const size_t position = static_cast<size_t>(event.prompt_position);
    QUIRE_CHECK(position < prompt_scores_.size());
    prompt_scores_[position] = keep(event, logprobs);
    return;
  }
  if (event.token >= 0) {
    tokens_.push_back(event.token);
    if (event.num_logprobs > 0) scores_.push_back(keep(event, logprobs));
    take_token(event);
    return;
  }
  finish_ = event.finish;  // without a token: cancelled, or an error
  error_ = event.error;
  if (detokenizer_) {
    piece_.clear();
    detokenizer_->finish(piece_);
    (void)stops_.finish(piece_, *text_);
  }
}

void Answer::take_token(const TokenEvent& event) {
  finish_ = event.finish;
  stop_token_ = event.stop_token;
  if (!detokenizer_) return;
  // The token that ended the sequence is no text, but for whoever asked to see what ended it.
  if (event.finish != Finish::kStop || include_stop_) {
    piece_.clear();
    detokenizer_->add(event.token, piece_);
    stop_string_ = stops_.add(piece_, *text_);
  }
  if (!stop_string_ && done()) {
    piece_.clear();
    detokenizer_->finish(piece_);
    stop_string_ = stops_.finish(piece_, *text_);
  }
  if (!stop_string_) return;
  ended_early_ = !done();
  finish_ = Finish::kStop;
  stop_token_ = -1;
}

size_t Answer::bytes() const {
  return sizeof(Answer) + tokens_.capacity() * sizeof(Token) + (text_ ? text_->capacity() : 0) +
         (scores_.capacity() + prompt_scores_.capacity()) * sizeof(Scored) +
         entries_.capacity() * sizeof(Logprob);
}

}  // namespace quire
