// plan() and commit() allocate nothing once warm: counted at operator new.
#include <cstdlib>
#include <new>

#include "tests/sched/paper_model.h"

namespace {
long allocations = 0;
}

// Not inlined: gcc would take malloc and free for a mismatched pair.
[[gnu::noinline]] void* operator new(size_t bytes) {
  ++allocations;
  if (void* p = std::malloc(bytes)) return p;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, size_t) noexcept { std::free(p); }

namespace quire {
namespace {

std::vector<Request> requests() {
  std::vector<Request> all;
  for (uint64_t i = 1; i <= 40; ++i) {
    Request r{.id = i, .prompt = std::vector<Token>(10 + i % 3 * 20, static_cast<Token>(i % 5))};
    r.max_tokens = 60;
    r.sampling.stop_token_ids = {9, 10};
    r.sampling.logit_bias.assign(3, {1, 2.0f});  // as long for all: then any place in a plan is soon warm
    r.sampling.only_allowed = i % 5 == 0;
    r.sampling.allowed_token_ids.assign(9, 1);
    r.sampling.logprobs = 1;
    r.sampling.prompt_logprobs = i % 4 ? std::optional<int32_t>() : 0;
    r.priority = static_cast<int32_t>(i % 2);
    r.tenant = static_cast<int32_t>(i % 3);
    all.push_back(r);
  }
  return all;
}

// Every round serves the same; returns what the last one allocated. `cancel`: one request of every
// step's is cancelled while the step is in flight.
long count_allocations(const SchedulerConfig& c, bool cancel) {
  const std::vector<Request> all = requests();
  Scheduler sched(c);
  PaperModel model(c, all);
  StepPlan plans[2];
  StepResult results[2];
  std::vector<TokenEvent> events;
  constexpr int kRounds = 60;  // memory that grows with the fullest plan seen has grown by then
  long counted = 0, steps = 0;
  for (int round = 0; round < kRounds; ++round) {
    counted = steps = 0;
    for (const Request& r : all) QUIRE_CHECK(sched.add(r).ok());
    for (bool flying = false; flying || !sched.idle(); ++steps) {  // one step ahead
      StepPlan& plan = plans[steps % 2];
      long before = allocations;
      sched.plan(plan);
      if (cancel && steps % 3 == 2) sched.cancel(static_cast<RequestId>(1 + steps % 40), events);
      counted += allocations - before;
      model.run(plan, results[steps % 2]);
      if (flying) {
        before = allocations;
        sched.commit(results[(steps + 1) % 2], events);
        events.clear();
        counted += allocations - before;
      }
      flying = !plan.empty();
      QUIRE_CHECK(steps < 10000);
    }
    QUIRE_CHECK(sched.idle() && (round > 0 || counted > 0));  // the first round warms up
  }
  QUIRE_CHECK(sched.stats().preemptions > 0);
  QUIRE_CHECK(c.kv.enable_prefix_caching == (sched.stats().cached_tokens > 0));
  std::printf("%ld allocations in the last %ld steps\n", counted, steps);
  return counted;
}

}  // namespace
}  // namespace quire

int main() {
  quire::SchedulerConfig c = quire::paper_config(8, 48, 60, 2);
  QUIRE_CHECK(quire::count_allocations(c, false) == 0);
  QUIRE_CHECK(quire::count_allocations(c, true) == 0);
  c.kv.enable_prefix_caching = false;
  QUIRE_CHECK(quire::count_allocations(c, true) == 0);
  std::puts("ok: a warm scheduler allocates nothing");
}
