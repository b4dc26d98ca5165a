// What other threads see of the engine: its heartbeat, what it holds, how fast it is.
#include "engine/pulse.h"

#include <doctest/doctest.h>

#include <atomic>

#include "tests/engine/held_runner.h"

namespace quire {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

bool soon(const std::function<bool()>& true_now) {
  for (int i = 0; i < 20000; ++i) {
    if (true_now()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

struct Held {  // an engine, its steps and its time, all in the test's hands
  HeldRunner::Hold hold;
  News news;
  std::atomic<int64_t> now{1000 * kSecond};
  Engine engine{config_for(2), std::make_unique<HeldRunner>(hold), news.listener(), 1,
                [this] { return now.load(); }};
  HeldRunner::Finally finally{hold};
};

TEST_CASE("steps have stopped while work waits: seen from outside, and gone when they go on") {
  Held h;
  REQUIRE(soon([&] { return !h.engine.state().busy; }));
  h.now += 3600 * kSecond;
  CHECK_FALSE(h.engine.state().stalled(h.now, kSecond));  // idle is not stalled, however long
  REQUIRE(h.engine.submit({.id = 1, .prompt = {1, 2, 3}, .max_tokens = 50}).ok());
  REQUIRE(h.hold.wait_submitted(2));
  CHECK_FALSE(h.engine.state().stalled(h.now, kSecond));  // the hour before does not count
  CHECK(h.engine.state().flying == 4);
  h.now += 2 * kSecond;
  CHECK(h.engine.state().stalled(h.now, kSecond));
  h.hold.finish();
  REQUIRE(soon([&] { return h.engine.state().steps == 1; }));
  CHECK_FALSE(h.engine.state().stalled(h.now, kSecond));
  h.now += 2 * kSecond;
  CHECK(h.engine.state().stalled(h.now, kSecond));
  h.engine.cancel(1);
  for (int i = 0; i < 3; ++i) h.hold.finish();
  REQUIRE(soon([&] { return !h.engine.state().busy; }));
  CHECK(h.engine.state().flying == 0);
  h.now += 2 * kSecond;
  CHECK_FALSE(h.engine.state().stalled(h.now, kSecond));
}

TEST_CASE("what waits, runs and is held is seen, the mail included") {
  Held h;
  for (RequestId id = 1; id <= 5; ++id)
    REQUIRE(
        h.engine.submit({.id = id, .prompt = std::vector<Token>(8, static_cast<Token>(id)), .max_tokens = 50})
            .ok());
  REQUIRE(h.hold.wait_asked(1));  // with the first request alone, perhaps: the others come with the next step
  h.hold.finish();
  REQUIRE(soon([&] { return h.engine.state().scheduler.running == 2; }));
  // The engine waits for its oldest step: what comes now stays in the mail.
  REQUIRE(h.hold.wait_asked(2));
  REQUIRE(h.engine.submit({.id = 6, .prompt = {1}, .max_tokens = 5}).ok());
  const EngineState s = h.engine.state();
  CHECK(s.scheduler.running + s.scheduler.waiting == 6);
  CHECK(s.scheduler.blocks == 63);
  CHECK(s.scheduler.free_blocks <= 63 - 2 * 2);
  CHECK(s.busy);
}

TEST_CASE("a cancel frees blocks within one step, one request or a storm of them") {
  Held h;
  for (RequestId id = 1; id <= 1000; ++id)
    REQUIRE(
        h.engine.submit({.id = id, .prompt = {1, 2, static_cast<Token>(id % 900)}, .max_tokens = 50}).ok());
  REQUIRE(h.hold.wait_submitted(2));
  CHECK(h.engine.state().scheduler.free_blocks < 63);
  for (RequestId id = 1; id <= 1000; ++id) h.engine.cancel(id);
  h.hold.finish();  // one step, that was already running
  REQUIRE(h.hold.wait_asked(2));
  CHECK(soon([&] { return h.engine.state().scheduler.free_blocks == 63; }));
  CHECK(h.engine.state().steps <= 2);
  CHECK(soon([&] { return h.news.count() >= 1000; }));
  CHECK(h.engine.state().scheduler.running + h.engine.state().scheduler.waiting == 0);
}

TEST_CASE("rates are tokens per second of the steps that have such tokens, and the recent ones count") {
  Pulse p(2);
  StepPlan prefill, decode;
  prefill.rows = {{.slot = {0}, .count = 1000}, {.slot = {1}, .begin = 7, .count = 1, .sample = true}};
  decode.rows.assign(20, {.slot = {1}, .begin = 7, .count = 1, .sample = true});
  int64_t now = kSecond;
  const auto step = [&](const StepPlan& plan, int64_t ns) {
    p.submitted(plan, now);
    now += ns;
    p.landed(now);
  };
  CHECK(p.read().prefill_rate == 0);
  step(prefill, kSecond / 2);
  CHECK(p.read().prefill_rate == doctest::Approx(2000));
  for (int i = 0; i < 300; ++i) step(decode, kSecond / 10);
  CHECK(p.read().prefill_rate == doctest::Approx(2000));
  CHECK(p.read().decode_rate == doctest::Approx(200).epsilon(0.02));
  now += 1000 * kSecond;  // a pause is nobody's time
  for (int i = 0; i < 100; ++i) step(prefill, kSecond);
  CHECK(p.read().prefill_rate == doctest::Approx(1000).epsilon(0.02));
  const EngineState s = p.read();
  CHECK(s.steps == 401);
  CHECK(s.positions == 101 * 1001 + 300 * 20);
  CHECK(s.sizes[3] == 300);  // up to 32
  CHECK(s.sizes[8] == 101);  // up to 1024
}

TEST_CASE("two steps in flight share the time between their ends") {
  Pulse p(2);
  StepPlan plan;
  plan.rows = {{.slot = {0}, .count = 100}};
  p.submitted(plan, kSecond);
  p.submitted(plan, kSecond);
  p.landed(2 * kSecond);
  p.landed(3 * kSecond);
  CHECK(p.read().prefill_rate == doctest::Approx(100));
}

}  // namespace
}  // namespace quire
