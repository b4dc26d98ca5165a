// A request while the engine works on it: takes its choices' events in order, turns them into an answer or a
// stream, and sees to its end: all choices done, the deadline, or a client that went away.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "serve/api/form.h"
#include "serve/api/generation.h"
#include "serve/api/inquiry.h"

namespace quire::serve {

class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(Inquiry inquiry, Generation generation);

  // In the pool, once: asks whether there is room and submits all choices, or refuses them all.
  void start();

  // On the engine's thread: copies, and posts the work to the pool if none is posted yet.
  void deliver(uint32_t choice, const TokenEvent& event, std::span<const Logprob> logprobs, int64_t now);

 private:
  struct News {
    uint32_t choice = 0;
    TokenEvent event;  // its logprobs are indices into those beside it
    int64_t at = 0;    // ns of the engine's clock, like the times below
  };
  struct Inbox {
    std::vector<News> news;
    std::vector<Logprob> logprobs;
  };

  Request request_of(const Prompt& prompt, int32_t candidate) const;
  bool admit();
  void cancel_all();
  void expire();
  void go_on();
  void take(const Inbox& inbox);
  void note_token(Choice& choice, int64_t now);
  void end_choice(Choice& choice);
  bool begun() const;      // there is a token
  bool cancelled() const;  // a choice was
  void stream();
  void conclude();
  void too_late();
  void fail();
  std::vector<Choice> chosen();
  void report();

  Inquiry inquiry_;
  const Generation generation_;
  std::vector<Choice> choices_;
  size_t done_ = 0;
  Status error_;            // the engine's, of a step that was lost
  bool streaming_ = false;  // the stream has begun
  bool concluded_ = false;
  int64_t entered_ = 0, first_token_ = 0, last_token_ = 0;
  Pass pass_;
  std::string out_;  // scratch
  Inbox taken_;      // scratch

  RequestId first_ = 0;
  std::atomic<bool> submitted_{false}, gone_{false}, expired_{false};
  uint64_t timer_ = 0;

  std::mutex mutex_;  // guards the two below
  Inbox inbox_;
  bool posted_ = true;  // start() is at work
};

}  // namespace quire::serve
