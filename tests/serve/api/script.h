// An engine without a model, for tests of what is above it: every answer is the same text, and letters of the
// prompt say what goes wrong.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runner/step_runner.h"

namespace quire {

// Token k of every answer is kScript[k], then 0, which ends it; with ignore_eos it begins again. A '!' in the
// prompt: logits that are not finite; '#': the step is lost; '~': nothing comes until release(); '^': three
// tokens, then nothing until release().
class ScriptRunner : public StepRunner {
 public:
  static constexpr std::string_view kScript = "Hello, world. Bye";

  struct Gate {
    std::mutex mutex;
    std::condition_variable change;
    bool open = false;
    std::atomic<bool> traps = true;  // the letters above count
    std::atomic<int> step_us = 0;    // how long a step takes
    void release() {
      std::lock_guard lock(mutex);
      open = true;
      change.notify_all();
    }
  };
  explicit ScriptRunner(Gate& gate) : gate_(gate) {}

  void submit(const StepPlan& plan) override {
    Step s;
    for (SlotId slot : plan.release) slots_.erase(slot.v);
    for (const Admit& a : plan.admit) {
      Slot& slot = slots_[a.slot.v];
      slot = {a.sampling, a.prompt_tokens, {}};
      slot.tokens.assign(plan.tokens.begin() + a.first, plan.tokens.begin() + a.first + a.count);
    }
    s.result.step = plan.step;
    for (const Row& row : plan.rows) run(row, s);
    steps_.push_back(std::move(s));
  }
  bool ready() const override {
    if (steps_.empty()) return false;
    std::lock_guard lock(gate_.mutex);
    return !steps_.front().waits || gate_.open;
  }
  Status collect(StepResult& result) override {
    if (const int us = gate_.step_us; us > 0) std::this_thread::sleep_for(std::chrono::microseconds(us));
    Step s = std::move(steps_.front());
    steps_.pop_front();
    if (s.waits) {
      std::unique_lock lock(gate_.mutex);
      gate_.change.wait(lock, [this] { return gate_.open; });
    }
    result = std::move(s.result);
    return s.lost ? Status(Code::kDevice, "the device is gone") : Status();
  }

 private:
  struct Slot {
    SamplingParams sampling;
    int32_t prompt = 0;
    std::vector<Token> tokens;
    bool has(char c) const {
      for (int32_t i = 0; i < prompt; ++i)
        if (tokens[static_cast<size_t>(i)] == c) return true;
      return false;
    }
  };
  struct Step {
    StepResult result;
    bool waits = false, lost = false;
  };

  void list(Token own, int32_t count, StepResult& r) {
    r.logprobs.push_back({own, -0.5f, 1});
    for (int32_t i = 0; i < count; ++i)
      r.logprobs.push_back({i == 0 ? own : 'a' + i, -0.5f - static_cast<float>(i), i + 1});
  }
  void run(const Row& row, Step& s) {
    Slot& slot = slots_[row.slot.v];
    StepResult& r = s.result;
    Sampled out{row.slot, static_cast<int32_t>(r.tokens.size()), row.sample,
                static_cast<int32_t>(r.logprobs.size()), false};
    const auto traps = [&](char c) { return gate_.traps && slot.has(c); };
    s.waits |= traps('~');
    s.lost |= traps('#');
    if (row.outputs > 0) {
      const int32_t end = std::min(row.begin + row.count, slot.prompt - 1);
      for (int32_t p = end - row.outputs; p < end; ++p)
        list(slot.tokens[static_cast<size_t>(p + 1)], *slot.sampling.prompt_logprobs, r);
    }
    if (row.sample) {
      const auto k = static_cast<size_t>(row.begin + row.count - slot.prompt);
      const bool over = k >= kScript.size() && !slot.sampling.ignore_eos;
      const Token t = over ? 0 : kScript[k % kScript.size()];
      r.tokens.push_back(t);
      s.waits |= k == 3 && traps('^');
      if (slot.sampling.logprobs) list(t, *slot.sampling.logprobs, r);
      if (traps('!') && k >= 2) out.bad_logits = true, out.count = 0, r.tokens.pop_back();
    }
    r.rows.push_back(out);
  }

  Gate& gate_;
  std::map<int32_t, Slot> slots_;
  std::deque<Step> steps_;
};

}  // namespace quire
