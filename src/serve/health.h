// What probes are told: alive, started, ready. The states of the server from its first moment to its last;
// any thread may move it on or ask.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "serve/http/exchange.h"

namespace quire::serve {

class Health {
 public:
  void loading(double fraction);  // of the model, in [0, 1]
  void ready();
  void draining();

  // Asked for each probe from ready() on, must not block: a sentence if the engine's steps have stopped while
  // work waits, and one if there is no room for more requests.
  using Question = std::function<std::optional<std::string>()>;
  void watch(Question stalled, Question full);
  void unwatch();  // before what they look at goes; returns when nobody asks any more

  // Why requests cannot be answered yet; nothing once the model is there.
  std::optional<std::string> not_ready() const;

  // /livez: the process works, and its engine goes on. /startupz: the model is there. /readyz: new requests
  // are welcome. /health: as /livez and /startupz, with an empty body, as vLLM has it. GET, no key is asked
  // for. The routes must not outlive this object.
  std::vector<Route> routes();

 private:
  enum class Stage : uint8_t { kLoading, kReady, kDraining };
  std::optional<std::string> stalled() const;
  std::optional<std::string> full() const;

  std::atomic<Stage> stage_{Stage::kLoading};
  std::atomic<int32_t> percent_{0};
  mutable std::mutex mutex_;  // guards the two
  Question stalled_, full_;
};

}  // namespace quire::serve
