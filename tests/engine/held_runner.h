// An engine whose steps end when the test says so.
#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "engine/engine.h"

namespace quire {

inline SchedulerConfig config_for(int32_t max_seqs) {
  SchedulerConfig c;
  c.max_seqs = max_seqs;
  c.max_step_tokens = 32;
  c.limits.vocab = 1000;
  c.limits.max_model_len = 100;
  c.kv.num_blocks = 64;
  c.kv.block_size = 4;
  return c;
}

// Every row that samples gets the number of its next position.
inline StepResult positions(const StepPlan& plan) {
  StepResult r;
  r.step = plan.step;
  for (const Row& row : plan.rows) {
    r.rows.push_back({row.slot, static_cast<int32_t>(r.tokens.size()), row.sample, 0, false});
    if (row.sample) r.tokens.push_back(row.begin + row.count);
  }
  return r;
}

// Its steps are done when finish() says so, and no sooner.
class HeldRunner : public StepRunner {
 public:
  struct Hold {
    std::mutex mutex;
    std::condition_variable change;
    uint64_t submitted = 0, finished = 0, asked = 0;  // asked: calls of collect()

    void finish() {
      std::lock_guard lock(mutex);
      ++finished;
      change.notify_all();
    }
    bool wait_submitted(uint64_t n) { return wait_for(submitted, n); }
    bool wait_asked(uint64_t n) { return wait_for(asked, n); }
    bool wait_for(const uint64_t& count, uint64_t n) {
      std::unique_lock lock(mutex);
      return change.wait_for(lock, std::chrono::seconds(20), [&] { return count >= n; });
    }
  };
  struct Finally {  // lets the engine end, also when a test gives up
    Hold& hold;
    ~Finally() {
      for (int i = 0; i < 1000; ++i) hold.finish();
    }
  };
  explicit HeldRunner(Hold& hold) : hold_(hold) {}
  void submit(const StepPlan& plan) override {
    std::lock_guard lock(hold_.mutex);
    results_.push_back(positions(plan));
    ++hold_.submitted;
    hold_.change.notify_all();
  }
  bool ready() const override {
    std::lock_guard lock(hold_.mutex);
    return collected_ < hold_.finished;
  }
  Status collect(StepResult& result) override {
    std::unique_lock lock(hold_.mutex);
    ++hold_.asked;
    hold_.change.notify_all();
    hold_.change.wait(lock, [this] { return collected_ < hold_.finished; });
    ++collected_;
    result = std::move(results_.front());
    results_.pop_front();
    return {};
  }

 private:
  Hold& hold_;
  std::deque<StepResult> results_;
  uint64_t collected_ = 0;
};

struct News {  // what came up, for the test's thread
  std::mutex mutex;
  std::condition_variable change;
  std::vector<TokenEvent> events;

  OnStep listener() {
    return [this](auto some, auto, auto&) {
      std::lock_guard lock(mutex);
      events.insert(events.end(), some.begin(), some.end());
      change.notify_all();
    };
  }
  bool wait_for(size_t n) {
    std::unique_lock lock(mutex);
    return change.wait_for(lock, std::chrono::seconds(20), [&] { return events.size() >= n; });
  }
  size_t count() {
    std::lock_guard lock(mutex);
    return events.size();
  }
};

}  // namespace quire
