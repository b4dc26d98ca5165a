#include "tests/runner/service.h"

#include <doctest/doctest.h>

#include <bit>
#include <deque>

#include "weights/checkpoint.h"

namespace quire {
namespace {

bool same(const Logprob& a, const Logprob& b) {
  return a.token == b.token && a.rank == b.rank &&
         std::bit_cast<uint32_t>(a.logprob) == std::bit_cast<uint32_t>(b.logprob);
}

bool same(const std::vector<Logprob>& a, const std::vector<Logprob>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Logprob& x, const Logprob& y) { return same(x, y); });
}

void hear(const std::vector<TokenEvent>& events, const std::vector<Logprob>& logprobs, Answers& answers) {
  for (const TokenEvent& e : events) {
    Answer& a = answers[e.request];
    CHECK(a.finish == Finish::kNone);
    CHECK_MESSAGE(e.error.ok(), e.error.message());
    a.finish = e.finish;
    a.cached = e.cached;
    std::vector<Logprob> entries;
    if (e.logprobs >= 0)
      entries.assign(logprobs.begin() + e.logprobs, logprobs.begin() + e.logprobs + e.num_logprobs);
    if (e.prompt_position > 0) {
      CHECK(a.prompt_logprobs.emplace(e.prompt_position, entries).second);
    } else if (e.token >= 0) {
      a.tokens.push_back(e.token);
      a.logprobs.insert(a.logprobs.end(), entries.begin(), entries.end());
    }
  }
}

}  // namespace

bool same(const Answer& a, const Answer& b) {
  return a.tokens == b.tokens && a.finish == b.finish && same(a.logprobs, b.logprobs) &&
         std::equal(a.prompt_logprobs.begin(), a.prompt_logprobs.end(), b.prompt_logprobs.begin(),
                    b.prompt_logprobs.end(), [](const auto& x, const auto& y) {
                      return x.first == y.first && same(x.second, y.second);
                    });
}

Service::Service(const std::string& folder, std::string_view backend, const BackendOptions& options) {
  auto made = make_backend(backend, options);
  REQUIRE_MESSAGE(made.ok(), made.status().message());
  backend_ = std::move(made).value();
  auto checkpoint = Checkpoint::open(folder);
  REQUIRE_MESSAGE(checkpoint.ok(), checkpoint.status().message());
  auto spec = read_spec(checkpoint.value()->config(), folder);
  REQUIRE_MESSAGE(spec.ok(), spec.status().message());
  spec_ = std::move(spec).value();
  settle_head(spec_, *checkpoint.value());
  auto weights = LoadedWeights::load(spec_, {.checkpoint = checkpoint.value().get()}, *backend_, {});
  REQUIRE_MESSAGE(weights.ok(), weights.status().message());
  weights_ = std::move(weights).value();
}

Answers Service::serve(const std::vector<Request>& requests, const ServeOptions& o, ServeTotals* totals) {
  SchedulerConfig c;
  c.max_seqs = o.max_seqs;
  c.max_step_tokens = o.step_tokens;
  c.limits = {.vocab = spec_.vocab, .max_model_len = 512, .max_logprobs = spec_.vocab};
  c.kv = {.num_blocks = o.blocks,
          .block_size = o.block_size,
          .enable_prefix_caching = o.prefix_caching,
          .secret = {1, 2}};
  Scheduler sched(c);
  Batch batch(*backend_, spec_, weights_->weights());
  const Status allocated = batch.allocate({.max_seqs = o.max_seqs,
                                           .max_step_tokens = o.step_tokens,
                                           .max_model_len = 512,
                                           .block_size = o.block_size,
                                           .blocks = o.blocks,
                                           .kv_dtype = backend_->cache(),
                                           .eos = {},
                                           .poison = true});
  REQUIRE_MESSAGE(allocated.ok(), allocated.message());
  for (const Request& r : requests) {
    const Status valid = validate(r, sched.limits());
    REQUIRE_MESSAGE(valid.ok(), valid.message());
    REQUIRE(sched.add(r).ok());
  }
  struct Step {
    StepPlan plan;
    StepResult result;
  };
  std::deque<Step> flying;
  std::vector<TokenEvent> events;
  Answers answers;
  for (int32_t step = 0; !sched.idle() || !flying.empty(); ++step) {
    REQUIRE(step < 20000);
    if (step == o.preempt_at || (o.preempt_every > 0 && step % o.preempt_every == 1)) sched.preempt();
    Step& s = flying.emplace_back();
    sched.plan(s.plan);
    const Status done = batch.execute(s.plan, s.result);
    REQUIRE_MESSAGE(done.ok(), done.message());
    const size_t keep = s.plan.rows.empty() ? 0 : static_cast<size_t>(o.ahead);
    while (flying.size() > keep) {
      sched.commit(flying.front().result, events);
      hear(events, flying.front().result.logprobs, answers);
      events.clear();
      flying.pop_front();
    }
  }
  sched.kv().check(0);
  if (totals) *totals = {sched.stats().steps, sched.stats().preemptions, sched.stats().cached_tokens};
  return answers;
}

}  // namespace quire
