// A warm step allocates nothing: counted at operator new, over the scheduler's plan and commit and the whole
// step on the CPU backend: staging, decoder, sampling, log probabilities. The first rounds warm up.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "backend/backend.h"
#include "models/loader.h"
#include "runner/batch.h"
#include "sched/scheduler.h"
#include "weights/checkpoint.h"

namespace {
std::atomic<long> allocations{0};
}

// Not inlined: gcc would take malloc and free for a mismatched pair.
[[gnu::noinline]] void* operator new(size_t bytes) {
  ++allocations;
  if (void* p = std::malloc(bytes)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, size_t) noexcept { std::free(p); }

int main() {
  using namespace quire;
  const std::string folder = QUIRE_TEST_DATA "/goldens/llama3";
  auto checkpoint = Checkpoint::open(folder);
  QUIRE_CHECK(checkpoint.ok());
  auto spec = read_spec(checkpoint.value()->config(), folder);
  auto backend = make_backend("cpu", {.threads = 2});
  QUIRE_CHECK(spec.ok() && backend.ok());
  auto weights =
      LoadedWeights::load(spec.value(), {.checkpoint = checkpoint.value().get()}, *backend.value(), {});
  QUIRE_CHECK(weights.ok());
  SchedulerConfig c;
  c.max_seqs = 4;
  c.max_step_tokens = 24;
  c.limits = {.vocab = spec.value().vocab, .max_model_len = 256, .max_logprobs = 20};
  c.kv.num_blocks = 40;
  Batch batch(*backend.value(), spec.value(), weights.value()->weights());
  QUIRE_CHECK(batch
                  .allocate({.max_seqs = 4,
                             .max_step_tokens = 24,
                             .max_model_len = 256,
                             .block_size = 16,
                             .blocks = 40,
                             .kv_dtype = DType::kBF16})
                  .ok());
  Scheduler sched(c);
  StepPlan plans[2];
  StepResult results[2];
  std::vector<TokenEvent> events;
  long counted = 0, steps = 0;
  constexpr int kRounds = 4;
  for (int round = 0; round < kRounds; ++round) {
    for (uint64_t i = 1; i <= 12; ++i) {
      Request r{.id = i, .prompt = std::vector<Token>(20 + i % 3 * 9, static_cast<Token>(i % 5))};
      r.max_tokens = 30;
      r.sampling.ignore_eos = true;
      r.sampling.seed = i;
      r.sampling.logprobs = static_cast<int32_t>(i % 4);
      if (i % 4 == 0) r.sampling.prompt_logprobs = 2;
      if (i % 3 == 0) r.sampling.top_p = 0.9f;
      if (i % 3 == 1) r.sampling.top_k = 30;
      if (i % 5 == 0) r.sampling.repetition_penalty = 1.2f;
      if (i % 6 == 0) r.sampling.logit_bias = {{5, 1.0f}};
      QUIRE_CHECK(sched.add(r).ok());
    }
    counted = steps = 0;
    for (bool flying = false; flying || !sched.idle(); ++steps) {  // one step ahead
      StepPlan& plan = plans[steps % 2];
      const long before = allocations;
      sched.plan(plan);
      QUIRE_CHECK(batch.execute(plan, results[steps % 2]).ok());
      if (flying) sched.commit(results[(steps + 1) % 2], events);
      events.clear();
      counted += allocations - before;
      flying = true;
      if (plan.rows.empty()) {
        sched.commit(results[steps % 2], events);
        flying = false;
        if (sched.idle()) break;
      }
    }
    QUIRE_CHECK(sched.idle() && steps > 50 && (round > 0 || counted > 0));
  }
  if (counted != 0) {
    std::printf("FAILED: %ld allocations in %ld steps that should be warm\n", counted, steps);
    return 1;
  }
  std::printf("ok: no allocation in the last %ld steps\n", steps);
}
