// Work is done once, timed work not too early and not if it is taken back, and stop() leaves nothing running.
#include "serve/text_pool.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>

namespace quire::serve {
namespace {

using namespace std::chrono_literals;

TEST_CASE("all that is posted is done, by several threads") {
  TextPool pool(3);
  std::atomic<int> done = 0;
  std::promise<void> all;
  for (int i = 0; i < 1000; ++i)
    pool.post([&] {
      if (++done == 1000) all.set_value();
    });
  REQUIRE(all.get_future().wait_for(20s) == std::future_status::ready);
}

TEST_CASE("timed work waits for its time, and may be taken back") {
  TextPool pool(1);
  std::atomic<bool> wrong = false;
  std::promise<TextPool::Clock::time_point> ran;
  const auto begun = TextPool::Clock::now();
  const uint64_t number = pool.post_at(begun + 20ms, [&] { wrong = true; });
  pool.post_at(begun + 40ms, [&] { ran.set_value(TextPool::Clock::now()); });
  pool.take_back(number);
  pool.take_back(number);
  auto at = ran.get_future();
  REQUIRE(at.wait_for(20s) == std::future_status::ready);
  CHECK(at.get() - begun >= 40ms);
  CHECK(!wrong);
}

TEST_CASE("long work never has all threads, and all of it is done") {
  TextPool pool(3);
  std::atomic<int> done = 0, at_once = 0, most = 0;
  std::promise<void> both, go_on, all;
  std::shared_future<void> gate = go_on.get_future().share();
  for (int i = 0; i < 20; ++i)
    pool.post_long([&, gate] {
      const int now = ++at_once;
      for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {}
      if (now == 2 && done == 0) both.set_value();
      gate.wait();
      --at_once;
      if (++done == 20) all.set_value();
    });
  REQUIRE(both.get_future().wait_for(20s) == std::future_status::ready);
  std::promise<void> answered;
  pool.post([&] { answered.set_value(); });
  CHECK(answered.get_future().wait_for(20s) == std::future_status::ready);
  go_on.set_value();
  CHECK(all.get_future().wait_for(20s) == std::future_status::ready);
  CHECK(most == 2);
}

TEST_CASE("after stop() nothing runs, and what waits is let go") {
  TextPool pool(2);
  auto held = std::make_shared<int>(1);
  std::promise<void> begun, go_on;
  pool.post([&] {
    begun.set_value();
    go_on.get_future().wait();
  });
  begun.get_future().wait();
  pool.post_at(TextPool::Clock::now() + 1h, [held] {});
  go_on.set_value();
  pool.stop();
  CHECK(held.use_count() == 1);
  pool.post([held] {});
  CHECK(pool.post_at(TextPool::Clock::now(), [held] {}) == 0);
  CHECK(held.use_count() == 1);
}

}  // namespace
}  // namespace quire::serve
