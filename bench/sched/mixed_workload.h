// The mixed workload that figures are quoted for: 64 requests, prompts of 32 to 256 tokens, answers of 64 to
// 128; a third begin with the same 128 tokens and have prompts of 160 to 256. And a runner without a model.
#pragma once
#include <algorithm>
#include <random>

#include "sched/scheduler.h"

namespace quire {

inline std::vector<Request> mixed_workload(uint32_t seed, int32_t count = 64, int32_t vocab = 32000) {
  std::mt19937 rng(seed);
  const auto between = [&](int32_t least, int32_t most) {
    return least + static_cast<int32_t>(rng() % static_cast<uint32_t>(most - least + 1));
  };
  std::vector<Token> common(128);
  for (Token& t : common) t = between(0, vocab - 1);
  std::vector<Request> requests;
  for (int32_t i = 0; i < count; ++i) {
    Request r{.id = static_cast<RequestId>(i + 1)};
    const bool shares = i % 3 == 0;
    if (shares) r.prompt = common;
    const auto length = static_cast<size_t>(shares ? between(160, 256) : between(32, 256));
    while (r.prompt.size() < length) r.prompt.push_back(between(0, vocab - 1));
    r.max_tokens = between(64, 128);
    r.sampling.ignore_eos = true;
    requests.push_back(std::move(r));
  }
  return requests;
}

// What a runner would answer; the tokens mean nothing.
inline void answer(const StepPlan& plan, StepResult& result) {
  result.clear();
  result.step = plan.step;
  for (const Row& r : plan.rows) {
    result.rows.push_back({r.slot, static_cast<int32_t>(result.tokens.size()), r.sample ? 1 : 0, 0, false});
    if (r.sample) result.tokens.push_back((r.begin + r.count) % 31991);
  }
}

// Counts from the plans alone, after each of them, over all tables: slots that are allocated, and
// those of them that are filled when the step has run. A shared block counts in every table that holds it.
class WasteCount {
 public:
  explicit WasteCount(const SchedulerConfig& c)
      : block_size_(c.kv.block_size), slots_(static_cast<size_t>(c.max_seqs)) {}

  void add(const StepPlan& plan) {
    for (SlotId s : plan.release) slots_[s.v] = {};
    for (const Grow& g : plan.grow) slots_[g.slot.v].allocated += int64_t{g.count} * block_size_;
    for (const Row& r : plan.rows) slots_[r.slot.v].filled = r.begin + r.count;
    for (const Slot& s : slots_) allocated_ += s.allocated, filled_ += s.filled;
  }
  double fraction() const { return 1.0 - static_cast<double>(filled_) / static_cast<double>(allocated_); }

 private:
  struct Slot {
    int64_t allocated = 0, filled = 0;
  };
  int32_t block_size_;
  std::vector<Slot> slots_;
  int64_t allocated_ = 0, filled_ = 0;
};

// Serves the workload to its end; returns the waste.
inline double waste_of(const SchedulerConfig& c, const std::vector<Request>& requests,
                       SchedulerStats& stats) {
  Scheduler sched(c);
  WasteCount waste(c);
  StepPlan plan;
  StepResult result;
  std::vector<TokenEvent> events;
  for (const Request& r : requests) QUIRE_CHECK(validate(r, sched.limits()).ok() && sched.add(r).ok());
  while (!sched.idle()) {
    sched.plan(plan);
    waste.add(plan);
    answer(plan, result);
    sched.commit(result, events);
    events.clear();
  }
  sched.kv().check(0);
  stats = sched.stats();
  return waste.fraction();
}

inline SchedulerConfig mixed_config(int32_t max_seqs, int32_t step_tokens, int32_t kv_tokens) {
  SchedulerConfig c;
  c.max_seqs = max_seqs;
  c.max_step_tokens = step_tokens;
  c.limits.vocab = 32000;
  c.limits.max_model_len = 4096;
  c.kv.block_size = 16;
  c.kv.num_blocks = 1 + kv_tokens / 16;
  return c;
}

}  // namespace quire
