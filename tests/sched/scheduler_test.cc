// What the scheduler promises, case by case. Random workloads are in random_main.cc.
#include <doctest/doctest.h>

#include "tests/sched/bench.h"

namespace quire {
namespace {

TEST_CASE("the second of two equal prompts computes only what needs logits") {
  const Request a = plain(1, 33, 1);
  Request b = plain(2, 33, 1);
  Totals t;
  serve(paper_config(2, 64, 65), {a, b}, {}, &t);
  CHECK(t.computed == 33 + 1);
  SUBCASE("not under another salt") { b.cache_salt.lo = 1; }
  SUBCASE("not under another adapter") { b.adapter = 3; }
  t = {};
  if (b.cache_salt.lo || b.adapter >= 0) {
    serve(paper_config(2, 64, 65), {a, b}, {}, &t);
    CHECK(t.computed == 33 + 33);
    CHECK(t.cached == 0);
  }
}

TEST_CASE("prompt logprobs compute what they score") {
  const Request a = plain(1, 33, 1);
  Request b = plain(2, 33, 1);
  b.sampling.prompt_logprobs = 0;
  Totals t;
  CHECK(serve(paper_config(2, 64, 65), {a, b}, {}, &t)[2].scores.size() == 32);
  CHECK(t.computed == 33 + 33);
}

TEST_CASE("without prefix caching nothing is shared") {
  SchedulerConfig c = paper_config(2, 64, 65);
  c.kv.enable_prefix_caching = false;
  Totals t;
  serve(c, {plain(1, 33, 1), plain(2, 33, 1)}, {}, &t);
  CHECK(t.computed == 33 + 33);
  CHECK(t.cached == 0);
}

TEST_CASE("the next turn of a talk finds what the last one left, although its tokens became known late") {
  const Request a = plain(1, 5, 12);
  Request b = plain(2, 5, 1);
  const Answers first = serve(paper_config(1, 64, 65), {a});
  b.prompt.insert(b.prompt.end(), first.at(1).tokens.begin(), first.at(1).tokens.end());
  Totals t;
  serve(paper_config(2, 64, 65), {a, b}, {.ahead = 2, .arrive = Arrive::kOneByOne}, &t);
  CHECK(t.cached == 16);  // of 17
}

TEST_CASE("nobody enters whose known tokens do not fit beside those of the running") {
  for (int32_t ahead : {0, 1, 2}) {
    Totals t;
    const Options together{.ahead = ahead, .arrive = Arrive::kTogether};
    serve(paper_config(4, 8, 31), {plain(1, 80, 4, 3), plain(2, 80, 4, 4)}, together, &t);
    CHECK(t.preempted == 0);
    CHECK(t.computed == 2 * 83);  // nothing is computed twice
    serve(paper_config(4, 64, 5), {plain(1, 8, 4, 3), plain(2, 7, 2, 4)}, together, &t);
    CHECK(t.preempted == 0);
  }
}

// Both fit when they enter and not when they have grown: the second gives way, again and again if need be,
// but the first always goes on, and what is computed twice stays in proportion.
TEST_CASE("preemption makes no livelock") {
  for (int32_t step_tokens : {1, 7, 64})
    for (int32_t ahead : {0, 1, 2}) {
      Totals t;
      serve(paper_config(4, step_tokens, 27), {plain(1, 48, 52, 3), plain(2, 48, 52, 4)},
            {.ahead = ahead, .arrive = Arrive::kTogether}, &t);
      CHECK(t.preempted == (step_tokens > 1));
      CHECK(t.computed <= 198 + 60);
      CHECK(t.steps <= 210);
    }
}

TEST_CASE("a request may fill the whole cache but for its last token") {
  const Request r = plain(1, 30, 11);  // 40 positions are written
  const SchedulerConfig c = paper_config(2, 7, 11);
  CHECK(validate(r, Scheduler(c).limits()).ok());
  CHECK(serve(c, {r, plain(2, 30, 11)}).at(1) == serve(paper_config(1, 64, 65), {r}).at(1));
  CHECK_FALSE(validate(plain(1, 30, 12), Scheduler(c).limits()).ok());
  CHECK(serve(c, {plain(1, 40, 1)}).at(1) == serve(paper_config(1, 64, 65), {plain(1, 40, 1)}).at(1));
}

TEST_CASE("a lost step ends its requests and those that share what it was to write") {
  const std::vector<Request> r{plain(1, 40, 4), plain(2, 40, 4), plain(3, 9, 4, 2), plain(4, 40, 4)};
  const Answers want = serve(paper_config(4, 40, 65), r);
  Scheduler s(paper_config(4, 40, 65));
  PaperModel model(paper_config(4, 40, 65), r);
  StepPlan p[2];
  StepResult result[2];
  std::vector<TokenEvent> events;
  for (int i = 0; i < 3; ++i) REQUIRE(s.add(r[i]).ok());
  for (int i = 0; i < 2; ++i) s.plan(p[i]), model.run(p[i], result[i], i == 0);
  REQUIRE(p[0].rows.size() == 1);
  REQUIRE(p[1].rows.size() == 3);
  CHECK(p[1].rows[1].begin == 36);
  s.fail(1, {Code::kDevice, "lost"}, events);
  REQUIRE(events.size() == 2);
  CHECK(events[0].request == 1);
  CHECK(events[1].request == 2);
  for (auto& e : events) {
    CHECK(e.finish == Finish::kError);
    CHECK(e.error.message() == "lost");
  }
  s.commit(result[1], events);  // the others go on, and nothing that was lost is found
  REQUIRE(s.add(r[3]).ok());
  while (!s.idle()) s.plan(p[0]), model.run(p[0], result[0]), s.commit(result[0], events);
  std::map<RequestId, std::vector<Token>> text;
  for (auto& e : events)
    if (e.token >= 0) text[e.request].push_back(e.token);
  CHECK(text.size() == 2);
  CHECK(text[3] == want.at(3).tokens);
  CHECK(text[4] == want.at(4).tokens);
  CHECK(events.back().request == 4);
  CHECK(events.back().cached == 0);
  s.kv().check(0);
}

TEST_CASE("a seat for one goes to the more urgent request, although it came later") {
  Bench b(paper_config(1, 64, 65), {plain(1, 8, 3), plain(2, 8, 3), plain(3, 8, 3)});
  for (RequestId id = 1; id <= 3; ++id) {
    Request r = plain(id, 8, 3);
    r.priority = id == 3 ? -1 : 0;
    REQUIRE(b.sched.add(r).ok());
    if (id > 1) continue;
    CHECK_FALSE(b.sched.add(r).ok());  // the id is in use
    b.step();
  }
  b.finish();
  std::vector<RequestId> order;
  for (auto& e : b.events)
    if (e.finish != Finish::kNone) order.push_back(e.request);
  CHECK(order == std::vector<RequestId>{1, 3, 2});
}

TEST_CASE("logits that are not finite end one request") {
  const std::vector<Request> r{plain(1, 8, 3), plain(2, 8, 3, 6)};
  const Answers want = serve(paper_config(2, 64, 65), r);
  Bench b(paper_config(2, 64, 65), r);
  for (const Request& q : r) REQUIRE(b.sched.add(q).ok());
  b.sched.plan(b.plan), b.model.run(b.plan, b.result);
  b.result.rows[0].bad_logits = true;
  b.sched.commit(b.result, b.events);
  REQUIRE(b.events.size() == 2);
  CHECK(b.events[0].finish == Finish::kError);
  CHECK(b.events[0].token == -1);
  CHECK(b.sched.stats().bad_logits == 1);
  b.finish();
  std::vector<Token> text;
  for (auto& e : b.events)
    if (e.request == 2) text.push_back(e.token);
  CHECK(text == want.at(2).tokens);
}

TEST_CASE("the long-prefill limit caps every row and leaves room for others") {
  SchedulerConfig c = paper_config(2, 20, 65);
  c.long_prefill_token_threshold = 6;
  Bench b(c, {plain(1, 40, 1), plain(2, 9, 1, 3)});
  REQUIRE(b.sched.add(plain(1, 40, 1)).ok());
  REQUIRE(b.sched.add(plain(2, 9, 1, 3)).ok());
  b.step();
  REQUIRE(b.plan.rows.size() == 2);
  CHECK(b.plan.rows[0].count == 6);
  CHECK(b.plan.rows[1].count == 6);
  b.finish();
  CHECK(b.events.size() == 2);
}

TEST_CASE("a step lists no more logprobs than it may, but for one position") {
  Request r = plain(1, 40, 2);
  r.sampling.prompt_logprobs = 4;
  SchedulerConfig c = paper_config(2, 64, 65);
  c.max_step_logprobs = 12;
  Bench b(c, {r});
  REQUIRE(b.sched.add(r).ok());
  b.step();
  CHECK(b.plan.rows[0].count == 2);
  CHECK(b.result.logprobs.size() == 10);
  b.finish();
  CHECK(b.events.size() == 39 + 2);
  c.max_step_logprobs = 1;
  CHECK(serve(c, {r}).at(1) == serve(paper_config(2, 64, 65), {r}).at(1));
}

TEST_CASE("cancel_all ends everything, wherever it is") {
  std::vector<Request> r;
  for (RequestId id = 1; id <= 20; ++id) r.push_back(plain(id, 20, 20, static_cast<Token>(id)));
  Bench b(paper_config(4, 16, 20), r);
  for (const Request& q : r) REQUIRE(b.sched.add(q).ok());
  for (int i = 0; i < 8; ++i) b.step();
  b.sched.plan(b.plan), b.model.run(b.plan, b.result);
  b.events.clear();
  b.sched.cancel_all(b.events);
  CHECK(b.events.size() == 20);
  for (auto& e : b.events) CHECK(e.finish == Finish::kCancelled);
  b.sched.kv().check(0);
  b.sched.commit(b.result, b.events);  // of nobody's interest
  CHECK(b.events.size() == 20);
  b.step();
  CHECK(b.sched.idle());
}

// Every request, at every step, before its plan and while it is in flight.
TEST_CASE("cancelling at every state leaves the others' answers as they are") {
  std::vector<Request> r{plain(1, 30, 12), plain(2, 30, 14), plain(3, 21, 14, 4), plain(4, 6, 9, 3)};
  r[1].sampling.prompt_logprobs = 1;
  r[2].priority = -1;
  r[3].lockstep = true;
  const Answers want = serve(paper_config(1, 64, 65), r, {.arrive = Arrive::kOneByOne});
  int64_t cancelled = 0, preempted = 0;
  for (int32_t ahead : {0, 1, 2})
    for (int32_t drafts : {0, 2})
      for (RequestId id = 1; id <= 4; ++id)
        for (int32_t step = 0; step < 60; ++step)
          for (bool before_commit : {false, true}) {
            Options o{.ahead = ahead, .arrive = Arrive::kTogether};
            o.cancel_at = step, o.cancel = id, o.before_commit = before_commit;
            Totals t;
            const Answers got = serve(paper_config(3, 9, 19, drafts), r, o, &t);
            cancelled += t.cancelled, preempted += t.preempted;
            for (const auto& [who, answer] : got)
              if (who != id || answer.finish != Finish::kCancelled) REQUIRE(answer == want.at(who));
          }
  CHECK(cancelled > 500);
  CHECK(preempted > 100);
}

TEST_CASE("preempting at every state leaves all answers as they are") {
  std::vector<Request> r{plain(1, 30, 12), plain(2, 30, 14), plain(3, 21, 14, 4)};
  r[0].sampling.logprobs = r[1].sampling.prompt_logprobs = 1;
  r[2].lockstep = true;
  const Answers want = serve(paper_config(1, 64, 65), r, {.arrive = Arrive::kOneByOne});
  for (bool caching : {true, false})
    for (int32_t ahead : {0, 1, 2})
      for (int32_t drafts : {0, 2})
        for (int32_t step = 0; step < 40; ++step) {
          SchedulerConfig c = paper_config(3, 9, 40, drafts);
          c.kv.enable_prefix_caching = caching;
          Totals t;
          const Options o{.ahead = ahead, .arrive = Arrive::kTogether, .preempt_at = step};
          REQUIRE(serve(c, r, o, &t) == want);
          REQUIRE(t.preempted <= 1);
          if (step > 0 && step < 15) REQUIRE(t.preempted == 1);
        }
}

}  // namespace
}  // namespace quire
