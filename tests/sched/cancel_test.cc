// A cancelled request's blocks are free when cancel() returns, in whatever state it was, alone and in a
// storm. The engine takes cancels in before each plan, so that is within one step. (Hostile inputs,
// group 21.)
#include <doctest/doctest.h>

#include "tests/sched/bench.h"

namespace quire {
namespace {

// 1 runs, 2 is the one to cancel: 40 tokens of prompt in chunks of at most 9 positions a step, then 12
// tokens.
TEST_CASE("blocks are free at once: queued, in each chunk, at the first token, decoding, in flight or not") {
  for (int32_t steps = 0; steps < 16; ++steps)
    for (const bool flying : {false, true}) {
      CAPTURE(steps);
      CAPTURE(flying);
      const std::vector<Request> all{plain(1, 4, 100, 3), plain(2, 40, 12, 4)};
      Bench b(paper_config(4, 10, 65), all);
      REQUIRE(b.sched.add(all[0]).ok());
      b.step();
      REQUIRE(b.sched.add(all[1]).ok());
      for (int32_t i = 0; i < steps; ++i) b.step();
      if (flying) b.sched.plan(b.plan), b.model.run(b.plan, b.result);
      // The first one's: 4 of prompt, one token for each step but the one that is not known.
      const int32_t own = b.sched.kv().blocks_for(4 + steps + flying);
      b.events.clear();
      b.sched.cancel(2, b.events);
      REQUIRE(b.events.size() == 1);
      CHECK(b.events[0].finish == Finish::kCancelled);
      CHECK(b.sched.kv().usable_blocks() - b.sched.kv().free_blocks() == own);
      CHECK(b.sched.stats().free_blocks == b.sched.kv().free_blocks());
      b.sched.kv().check(own);
      b.sched.cancel(2, b.events);  // again: nothing
      CHECK(b.events.size() == 1);
      if (flying) b.sched.commit(b.result, b.events);
      for (const TokenEvent& e : b.events) CHECK((e.request == 1 || e.finish == Finish::kCancelled));
    }
}

TEST_CASE("preempted, with its token in flight or not: it holds nothing and waits no more") {
  for (const bool flying : {false, true}) {
    const std::vector<Request> all{plain(1, 4, 20, 3), plain(2, 20, 12, 4)};
    Bench b(paper_config(4, 64, 65), all);
    for (const Request& r : all) REQUIRE(b.sched.add(r).ok());
    b.step();
    if (flying) b.sched.plan(b.plan), b.model.run(b.plan, b.result);
    b.sched.preempt();
    CHECK(b.sched.kv().usable_blocks() - b.sched.kv().free_blocks() == 1 + flying);
    b.events.clear();
    b.sched.cancel(2, b.events);
    CHECK(b.events.size() == 1);
    if (flying) b.sched.commit(b.result, b.events);
    b.finish();
    for (const TokenEvent& e : b.events) CHECK((e.request == 1 || e.finish == Finish::kCancelled));
    b.sched.kv().check(0);
  }
}

TEST_CASE("finished, and its end not told yet: the cancel changes nothing") {
  const std::vector<Request> all{plain(1, 4, 2, 3)};
  Bench b(paper_config(4, 64, 65), all);
  REQUIRE(b.sched.add(all[0]).ok());
  b.step();
  b.step();
  REQUIRE(b.events.size() == 2);
  CHECK(b.events.back().finish == Finish::kLength);
  b.sched.kv().check(0);
  b.sched.cancel(1, b.events);
  CHECK(b.events.size() == 2);
}

TEST_CASE("a storm: 1,000 requests are cancelled between two steps, in every state at once") {
  std::vector<Request> all;
  for (RequestId id = 1; id <= 1000; ++id) {
    all.push_back(plain(id, 5 + static_cast<int32_t>(id % 60), 30, static_cast<Token>(id % 45)));
    all.back().tenant = static_cast<int32_t>(id % 3);
    all.back().priority = static_cast<int32_t>(id % 2);
    all.back().sampling.prompt_logprobs = id % 5 ? std::optional<int32_t>() : 1;
  }
  all.push_back(plain(1001, 9, 9, 46));
  const Answers want = serve(paper_config(1, 64, 65), {all.back()});
  for (const int32_t drafts : {0, 2}) {
    Bench b(paper_config(32, 50, 100, drafts), all);
    for (const Request& r : all)
      if (r.id <= 1000) REQUIRE(b.sched.add(r).ok());
    for (int i = 0; i < 25; ++i) b.step();
    b.sched.preempt(), b.sched.preempt();
    CHECK(b.sched.stats().preemptions > 0);
    CHECK(b.sched.stats().running > 1);
    b.sched.plan(b.plan), b.model.run(b.plan, b.result);
    std::set<RequestId> ended;
    for (const TokenEvent& e : b.events)
      if (e.finish != Finish::kNone) ended.insert(e.request);
    b.events.clear();
    for (RequestId id = 1000; id >= 1; --id) b.sched.cancel(id * 17 % 1001, b.events);
    CHECK(b.events.size() == 1000 - ended.size());
    for (const TokenEvent& e : b.events) REQUIRE(!ended.contains(e.request));
    b.sched.kv().check(0);
    REQUIRE(b.sched.add(all.back()).ok());  // the house is as new
    b.sched.commit(b.result, b.events);
    b.events.clear();
    b.finish();
    std::vector<Token> text;
    for (const TokenEvent& e : b.events) {
      REQUIRE(e.request == 1001);
      text.push_back(e.token);
    }
    CHECK(text == want.at(1001).tokens);
    b.sched.kv().check(0);
  }
}

}  // namespace
}  // namespace quire
