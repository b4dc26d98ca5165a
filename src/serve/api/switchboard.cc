#include "serve/api/switchboard.h"

#include <chrono>
#include <utility>
#include <vector>

#include "serve/api/call.h"

namespace quire::serve {

Switchboard::Switchboard() = default;
Switchboard::~Switchboard() = default;

RequestId Switchboard::connect(const std::shared_ptr<Call>& call, uint32_t count) {
  std::lock_guard lock(mutex_);
  const RequestId first = next_;
  next_ += count;
  for (uint32_t i = 0; i < count; ++i) lines_.emplace(first + i, Line{call, i});
  return first;
}

void Switchboard::disconnect(RequestId id) {
  Line gone;  // a call may end with it, without the lock
  std::lock_guard lock(mutex_);
  const auto at = lines_.find(id);
  if (at == lines_.end()) return;
  gone = std::move(at->second);
  lines_.erase(at);
}

void Switchboard::deliver(std::span<const TokenEvent> events, std::span<const Logprob> logprobs) {
  const auto now = steady_ns();
  std::vector<std::shared_ptr<Call>> ended;  // go without the lock
  std::lock_guard lock(mutex_);
  for (const TokenEvent& e : events) {
    const auto at = lines_.find(e.request);
    if (at == lines_.end()) continue;
    at->second.call->deliver(at->second.choice, e, logprobs, now);
    if (e.finish == Finish::kNone) continue;
    ended.push_back(std::move(at->second.call));
    lines_.erase(at);
  }
}

size_t Switchboard::open() const {
  std::lock_guard lock(mutex_);
  return lines_.size();
}

}  // namespace quire::serve
