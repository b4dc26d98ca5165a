// Gathers the engine's events into answers and writes lines in the order of the input, each as soon as all
// before it are done. One thread (the text thread); knows no engine, so that a test can feed it.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/batch_line.h"
#include "serve/generation/answer.h"

namespace quire {

struct CollectorDoors {
  std::function<void(std::string_view)> write;  // whole lines of JSON
  std::function<void(RequestId)> cancel;        // the answer is complete; the engine may stop
  // If set, text is shown while it grows instead of lines: the first choice not complete, then the next. A
  // choice ends with a newline; what was refused is told to `complain`.
  std::function<void(std::string_view)> show = {};
  std::function<void(const Refusal&)> complain = {};
};

struct CollectorCounts {
  uint64_t lines = 0;    // written
  uint64_t refused = 0;  // of them
  uint64_t units = 0;    // their choices, at least one a line
  uint64_t prompt_tokens = 0, tokens = 0;
  uint64_t begun = 0;  // choices that have a token
};

class Collector {
 public:
  // `tokenizer` may be null: texts are null.
  Collector(const Tokenizer* tokenizer, CollectorDoors doors);

  // The next line of the input; its choices are the requests [first, first + n). Ids of later lines are
  // larger.
  void open(BatchLine line, RequestId first);
  // The engine would not take the line that was opened with `first`.
  void refuse(RequestId first, Refusal why);
  // Events of requests that nobody waits for any more are passed over.
  void take(std::span<const TokenEvent> events, std::span<const Logprob> logprobs);
  // Writes what can be written; call it after some of the above.
  void advance();
  // The run is cut short: writes the choices that are complete, in order, and drops the rest.
  void finish_early();

  size_t open_lines() const { return lines_.size(); }
  size_t bytes() const { return bytes_; }  // about what it holds
  const CollectorCounts& counts() const { return counts_; }

 private:
  struct Line {
    BatchLine line;
    RequestId first = 0;
    std::vector<Answer> answers;
    size_t units = 1;
    size_t done = 0;
    size_t bytes = 0;
  };
  Line* find(RequestId request);
  bool show_front(Line& l);
  void write_choice(const Line& l, size_t index);
  void pop();

  const Tokenizer* tokenizer_;
  CollectorDoors doors_;
  std::deque<Line> lines_;  // by number and by request
  size_t bytes_ = 0;
  CollectorCounts counts_;
  size_t shown_choice_ = 0, shown_bytes_ = 0;  // of the first line
  std::string out_;                            // scratch
};

}  // namespace quire
