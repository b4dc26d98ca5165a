// Who gets which event. The engine's callback comes in here and leaves after copying the events into the
// calls they belong to; text work happens in the pool.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>

#include "sched/request.h"

namespace quire::serve {

class Call;

class Switchboard {
 public:
  Switchboard();
  ~Switchboard();

  // `count` numbers that nobody has; events of the i-th go to the call's choice i until its last one.
  RequestId connect(const std::shared_ptr<Call>& call, uint32_t count);
  // The engine never heard of this one.
  void disconnect(RequestId id);
  // An OnStep of the engine.
  void deliver(std::span<const TokenEvent> events, std::span<const Logprob> logprobs);

  size_t open() const;  // choices that wait for events

 private:
  struct Line {
    std::shared_ptr<Call> call;
    uint32_t choice = 0;
  };
  mutable std::mutex mutex_;
  RequestId next_ = 1;
  std::unordered_map<RequestId, Line> lines_;
};

}  // namespace quire::serve
