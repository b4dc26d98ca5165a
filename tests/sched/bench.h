// A scheduler and a paper model that take one step at a time, for tests of single cases.
#pragma once
#include "tests/sched/serve.h"

namespace quire {

inline Request plain(RequestId id, int32_t prompt, int32_t max_tokens, Token word = 5) {
  Request r{.id = id, .prompt = std::vector<Token>(prompt, word), .max_tokens = max_tokens};
  r.sampling.ignore_eos = true;
  return r;
}

struct Bench {
  Bench(const SchedulerConfig& c, const std::vector<Request>& requests) : sched(c), model(c, requests) {}
  void step() { sched.plan(plan), model.run(plan, result), sched.commit(result, events); }
  void finish() {
    while (!sched.idle()) step();
  }
  Scheduler sched;
  PaperModel model;
  StepPlan plan;
  StepResult result;
  std::vector<TokenEvent> events;
};

}  // namespace quire
