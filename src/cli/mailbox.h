// Where the reader and the engine leave news for the text thread, in order. The engine's callback only
// copies: it never waits for text work, and allocates nothing once the vectors have grown.
#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <span>
#include <variant>
#include <vector>

#include "cli/batch_line.h"
#include "sched/request.h"

namespace quire {

struct LineOpened {
  BatchLine line;
  RequestId first = 0;
};
struct LineRefused {  // by the engine, after it was opened
  RequestId first = 0;
  Refusal why;
};

// What came since the last look. Lines go first: a line is opened before the engine hears of it.
struct Mail {
  std::vector<std::variant<LineOpened, LineRefused>> lines;
  std::vector<TokenEvent> events;  // their logprobs are indices into the vector below
  std::vector<Logprob> logprobs;
  bool input_ended = false, interrupted = false;  // stay set, the second until resume()
};

class Mailbox {
 public:
  // From any thread.
  void open(LineOpened line);
  void refuse(LineRefused line);
  void end_input();
  void interrupt();
  void resume();
  void deliver(std::span<const TokenEvent> events, std::span<const Logprob> logprobs);  // an OnStep

  // Waits until there is something new, or `patience` is over; then swaps the news into `mail`, whose memory
  // is used again.
  void collect(Mail& mail, std::chrono::milliseconds patience);

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  Mail mail_;          // guarded by mutex_
  bool news_ = false;  // likewise
};

}  // namespace quire
