// What planning costs: ns for one plan and one commit of a steady state, with few and many requests running
// and waiting. No model, so the figures are the scheduler's alone.
#include <chrono>
#include <cstdio>

#include "bench/sched/mixed_workload.h"

namespace quire {
namespace {

using Clock = std::chrono::steady_clock;

struct Case {
  const char* what;
  int32_t running, waiting, kv_tokens;
  bool churn = false;   // one request ends and another comes in every step
  bool shared = false;  // who waits begins with 8192 tokens of a running one, and does not fit
  int32_t steps = 2000;
};

Request request(RequestId id, int32_t prompt, int32_t max_tokens, Token first) {
  Request r{.id = id, .prompt = std::vector<Token>(static_cast<size_t>(prompt), 7), .max_tokens = max_tokens};
  r.prompt[0] = first;
  r.sampling.ignore_eos = true;
  return r;
}

double part(std::vector<double>& v, double fraction) {
  std::ranges::sort(v);
  return v[static_cast<size_t>(fraction * static_cast<double>(v.size() - 1))];
}

void measure(const Case& c) {
  SchedulerConfig config = mixed_config(c.running + c.shared, 1 << 20, c.kv_tokens);
  Scheduler sched(config);
  StepPlan plan;
  StepResult result;
  std::vector<TokenEvent> events;
  RequestId id = 0;
  const auto enter = [&](int32_t prompt, int32_t max_tokens, Token first) {
    QUIRE_CHECK(sched.add(request(++id, prompt, max_tokens, first)).ok());
  };
  const auto word = [&] { return static_cast<Token>(2 + id % 30000); };
  const auto step = [&] {
    sched.plan(plan);
    answer(plan, result);
    sched.commit(result, events);
    events.clear();
  };
  for (int32_t i = 0; i < c.running; ++i) enter(c.shared && i == 0 ? 8192 : 64, 100000, i ? word() : 1);
  step();
  const auto begin = Clock::now();
  for (int32_t i = 0; i < c.waiting; ++i) enter(c.shared ? 130000 : 64, 100, c.shared ? 1 : word());
  const double add = std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
  for (int i = 0; i < 50; ++i) step();
  std::vector<double> planning, committing, both;
  for (int i = 0; i < c.steps; ++i) {
    if (c.churn) {
      sched.cancel(static_cast<RequestId>(i) * 3 + 1, events);
      enter(64, 100, word());
    }
    const auto t0 = Clock::now();
    sched.plan(plan);
    const auto t1 = Clock::now();
    answer(plan, result);
    const auto t2 = Clock::now();
    sched.commit(result, events);
    const auto t3 = Clock::now();
    events.clear();
    const double a = std::chrono::duration<double, std::nano>(t1 - t0).count();
    const double b = std::chrono::duration<double, std::nano>(t3 - t2).count();
    planning.push_back(a), committing.push_back(b), both.push_back(a + b);
  }
  const int32_t running = sched.stats().running, waiting = sched.stats().waiting;
  const auto t4 = Clock::now();
  sched.cancel_all(events);
  const double cancel = std::chrono::duration<double, std::nano>(Clock::now() - t4).count();
  std::printf("%-34s %7d %7d %9.0f %9.0f %10.0f %9.0f %9.0f\n", c.what, running, waiting, part(planning, 0.5),
              part(committing, 0.5), part(both, 0.99), c.waiting ? add / c.waiting : 0,
              cancel / (running + waiting));
}

}  // namespace
}  // namespace quire

int main() {
  std::printf("%-34s %7s %7s %9s %9s %10s %9s %9s\n", "ns", "running", "waiting", "plan", "commit", "99 %",
              "add", "cancel");
  constexpr int32_t kMuch = 1 << 22;
  for (const quire::Case& c : {quire::Case{"decode", 32, 0, kMuch}, quire::Case{"decode", 256, 0, kMuch},
                               quire::Case{"all seats taken", 256, 10000, kMuch},
                               quire::Case{"one leaves, one enters, one comes", 256, 10000, kMuch, true},
                               quire::Case{"no room for a cached prompt", 256, 10, 140000, false, true, 300},
                               quire::Case{"all seats taken", 256, 100000, kMuch}})
    quire::measure(c);
}
