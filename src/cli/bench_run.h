// Sends requests to an engine all at once, waits for the last, and says how long it took.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "cli/bench_requests.h"
#include "cli/pace.h"
#include "engine/engine.h"

namespace quire {

struct BenchTiming {
  double seconds = 0;  // until the last token
  uint64_t prompt_tokens = 0, tokens = 0;
  std::optional<double> prefill_rate{}, decode_rate{};  // tokens a second
};

class BenchRun {
 public:
  // Is the engine's OnStep.
  void deliver(std::span<const TokenEvent> events);

  // End-of-sequence is ignored. `progress` gets the fraction that has finished. The first refusal or failure
  // is the result. One run at a time.
  Result<BenchTiming> run(Engine& engine, std::span<const BenchRequest> requests,
                          const std::function<void(double)>& progress);

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  // Guarded by mutex_:
  RequestId first_ = 0;
  std::vector<bool> begun_;
  uint64_t num_begun_ = 0, tokens_ = 0, finished_ = 0;
  Pace pace_;
  Status problem_;
};

}  // namespace quire
