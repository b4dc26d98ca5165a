// What the engine tells other threads about itself: that it lives, what it holds, how fast it is. Atomics
// only: the engine never waits for a reader, and a reader that is late hinders nobody. One number is of one
// moment; two of them may be of neighbouring steps.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "sched/scheduler.h"

namespace quire {

// Upper bounds of the buckets in which steps are counted by their positions; a last bucket has no bound.
inline constexpr std::array<int32_t, 13> kStepSizes{1,   8,    16,   32,   64,   128,  256,
                                                    512, 1024, 2048, 4096, 8192, 16384};

struct EngineState {
  SchedulerStats scheduler;  // waiting: with those in the mail
  uint64_t steps = 0;        // that came back, failed ones included
  int64_t progress =
      0;  // ns of the engine's clock when the last of them did, or when work came to an idle engine
  bool busy = false;   // work waits or is being done
  int64_t flying = 0;  // positions of the steps that have not come back
  // Tokens per second, of about the last ten seconds of such work; 0: not measured yet. Prefill is all
  // positions but the one of each row that only goes on by a token, while steps that have any run.
  double prefill_rate = 0, decode_rate = 0;
  std::array<uint64_t, kStepSizes.size() + 1> sizes{};  // steps by positions
  uint64_t positions = 0;                               // of all these steps

  // Steps have stopped while work waits.
  bool stalled(int64_t now, int64_t limit) const { return busy && now - progress > limit; }
};

class Pulse {
 public:
  explicit Pulse(size_t most_flying) : flights_(most_flying) {}

  EngineState read() const;  // any thread

  // Callers' threads and the engine's, under the lock of its mail.
  void mail(size_t requests) { mail_.store(static_cast<int32_t>(requests), std::memory_order_relaxed); }
  void work(int64_t now);  // there is work: nothing changes if there was
  void rest() { busy_.store(false, std::memory_order_relaxed); }

  // The engine's thread.
  void submitted(const StepPlan& plan, int64_t now);
  void landed(int64_t now);  // the oldest of those
  void holds(const SchedulerStats& stats);

 private:
  struct Flight {
    int64_t begun = 0;
    int32_t prefill = 0, decode = 0;
  };
  struct Rate {  // tokens and seconds, both fading
    double tokens = 0, seconds = 0;
    void add(double more, double dt);
    double value() const { return seconds > 0 ? tokens / seconds : 0; }
  };

  std::vector<Flight> flights_;  // a ring
  uint64_t begun_ = 0;
  Rate prefill_, decode_;

  std::atomic<int32_t> mail_ = 0, waiting_ = 0, running_ = 0, blocks_ = 0, free_blocks_ = 0;
  std::atomic<uint64_t> planned_ = 0, preemptions_ = 0, prompt_tokens_ = 0, cached_tokens_ = 0, sampled_ = 0,
                        bad_logits_ = 0;
  std::atomic<uint64_t> steps_ = 0, positions_ = 0;
  std::atomic<int64_t> progress_ = 0, flying_ = 0;
  std::atomic<bool> busy_ = false;
  std::atomic<double> prefill_rate_ = 0, decode_rate_ = 0;
  std::array<std::atomic<uint64_t>, kStepSizes.size() + 1> sizes_{};
};

}  // namespace quire
