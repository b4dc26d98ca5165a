// The walk from request to token and back: with a runner that computes on a thread of its own and fails now
// and then, and with one whose steps end when the test says so. Runs under TSan too.
#include "engine/engine.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <map>

#include "tests/engine/held_runner.h"

namespace quire {
namespace {

class EchoRunner : public StepRunner {  // loses every 97th step
 public:
  ~EchoRunner() override {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    change_.notify_all();
    thread_.join();
  }
  void submit(const StepPlan& plan) override {
    {
      std::lock_guard lock(mutex_);
      begun_.push_back(&plan);
    }
    change_.notify_all();
  }
  bool ready() const override {
    std::lock_guard lock(mutex_);
    return !done_.empty();
  }
  Status collect(StepResult& result) override {
    std::unique_lock lock(mutex_);
    change_.wait(lock, [this] { return !done_.empty(); });
    result = std::move(done_.front());
    done_.pop_front();
    if (result.step % 97 == 0) return {Code::kDevice, "the device lost step " + std::to_string(result.step)};
    return {};
  }

 private:
  void loop() {
    for (;;) {
      std::unique_lock lock(mutex_);
      change_.wait(lock, [this] { return stop_ || !begun_.empty(); });
      if (begun_.empty()) return;
      const StepPlan& plan = *begun_.front();
      begun_.pop_front();
      lock.unlock();
      StepResult r = positions(plan);
      lock.lock();
      done_.push_back(std::move(r));
      lock.unlock();
      change_.notify_all();
    }
  }

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable change_;
  std::deque<const StepPlan*> begun_;
  std::deque<StepResult> done_;
  bool stop_ = false;
  std::thread thread_{[this] { loop(); }};
};

TEST_CASE("every accepted request gets its tokens and one end, whoever calls and whatever fails") {
  constexpr int kThreads = 4, kEach = 100;
  std::map<RequestId, std::vector<Token>> text;  // on the engine thread only
  std::map<RequestId, Finish> finish;
  std::promise<void> all;
  std::atomic<int> refused{0};
  {
    Engine engine(config_for(8), std::make_unique<EchoRunner>(), [&](auto events, auto, auto& stats) {
      QUIRE_CHECK(stats.free_blocks <= stats.blocks);
      for (const TokenEvent& e : events) {
        QUIRE_CHECK(!finish.contains(e.request));
        if (e.token >= 0) text[e.request].push_back(e.token);
        QUIRE_CHECK((e.finish == Finish::kError) == !e.error.ok());
        if (e.finish == Finish::kNone) continue;
        finish.emplace(e.request, e.finish);
        if (finish.size() == kThreads * (kEach - 1)) all.set_value();
      }
    });
    std::vector<std::thread> callers;
    for (int t = 0; t < kThreads; ++t)
      callers.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          Request r{.id = static_cast<RequestId>(t * kEach + i + 1)};
          r.prompt.assign(static_cast<size_t>(5 + i % 40), 3);
          r.max_tokens = i == 7 ? 100000 : 10;  // one per caller is too long: refused at once, in words
          const RequestId id = r.id;
          if (const Status s = engine.submit(std::move(r)); !s.ok()) ++refused;
          if (i % 10 == 0) engine.cancel(id);
        }
      });
    for (auto& c : callers) c.join();
    all.get_future().wait();
    for (RequestId id = 1000; id < 1003; ++id)  // still running when the engine goes
      REQUIRE(engine.submit({.id = id, .prompt = {1, 2}, .max_tokens = 90}).ok());
  }
  std::map<Finish, int> count;
  for (auto& [id, f] : finish) {
    ++count[f];
    const auto& t = text[id];
    CHECK((f != Finish::kLength || t.size() == (id < 1000 ? 10u : 90u)));
    for (size_t i = 1; i < t.size(); ++i) REQUIRE(t[i] == t[i - 1] + 1);
  }
  CHECK(refused == kThreads);
  CHECK(finish.size() == kThreads * (kEach - 1) + 3);
  CHECK(count[Finish::kLength] > 0);
  CHECK(count[Finish::kStop] == 0);
}

TEST_CASE("a result leaves when it is ready, while the steps after it are still running") {
  for (int32_t ahead : {0, 1, 2}) {
    CAPTURE(ahead);
    HeldRunner::Hold hold;
    News news;
    Engine engine(config_for(2), std::make_unique<HeldRunner>(hold), news.listener(), ahead);
    const HeldRunner::Finally finally{hold};
    constexpr size_t kTokens = 6;
    REQUIRE(engine.submit({.id = 1, .prompt = {1, 2, 3}, .max_tokens = kTokens}).ok());
    for (size_t token = 1; token <= kTokens; ++token) {
      // So many steps are running, and none of them has ended.
      REQUIRE(hold.wait_submitted(std::min(kTokens, token + static_cast<size_t>(ahead))));
      REQUIRE(news.count() == token - 1);
      hold.finish();  // the oldest one only
      REQUIRE(news.wait_for(token));
    }
    CHECK(news.events.back().finish == Finish::kLength);
    CHECK(hold.wait_submitted(kTokens + 1));  // which tells the runner that the slot is free
  }
}

TEST_CASE("a cancel is told once, and nothing follows it, although a step of the request is running") {
  HeldRunner::Hold hold;
  News news;
  {
    Engine engine(config_for(2), std::make_unique<HeldRunner>(hold), news.listener(), 1);
    const HeldRunner::Finally finally{hold};
    REQUIRE(engine.submit({.id = 1, .prompt = {1, 2, 3}, .max_tokens = 50}).ok());
    REQUIRE(engine.submit({.id = 2, .prompt = {4, 5, 6}, .max_tokens = 3}).ok());
    REQUIRE(hold.wait_submitted(2));
    engine.cancel(1);
    engine.cancel(1);
    engine.cancel(77);  // unknown
    for (int i = 0; i < 20; ++i) hold.finish();
    for (bool ended = false; !ended;) {
      std::unique_lock lock(news.mutex);
      REQUIRE(news.change.wait_for(lock, std::chrono::seconds(20), [&] { return !news.events.empty(); }));
      ended = std::ranges::any_of(
          news.events, [](const TokenEvent& e) { return e.request == 2 && e.finish != Finish::kNone; });
      if (!ended) news.change.wait_for(lock, std::chrono::milliseconds(20));
    }
  }
  int ends = 0, after = 0;
  for (const TokenEvent& e : news.events) {
    if (e.request != 1) continue;
    after += ends;
    if (e.finish == Finish::kNone) continue;
    ++ends;
    CHECK(e.finish == Finish::kCancelled);
  }
  CHECK(ends == 1);
  CHECK(after == 0);
}

TEST_CASE("news that needs no step is told before the engine sleeps") {
  HeldRunner::Hold hold;
  News news;
  Engine engine(config_for(2), std::make_unique<HeldRunner>(hold), news.listener(), 1);
  const HeldRunner::Finally finally{hold};
  REQUIRE(engine.submit({.id = 1, .prompt = {1, 2, 3}, .max_tokens = 1}).ok());
  hold.finish();
  REQUIRE(hold.wait_asked(2));  // for the step that only frees the slot
  REQUIRE(engine.submit({.id = 2, .prompt = {1, 2, 3}, .max_tokens = 1}).ok());
  engine.cancel(2);
  hold.finish();
  REQUIRE(news.wait_for(2));
  CHECK(news.events[1].request == 2);
  CHECK(news.events[1].finish == Finish::kCancelled);
}

TEST_CASE("an idle engine asks nothing of its runner") {
  HeldRunner::Hold hold;
  News news;
  Engine engine(config_for(2), std::make_unique<HeldRunner>(hold), news.listener(), 1);
  for (int i = 0; i < 100; ++i) hold.finish();
  REQUIRE(engine.submit({.id = 1, .prompt = {1, 2, 3}, .max_tokens = 2}).ok());
  REQUIRE(news.wait_for(2));
  REQUIRE(hold.wait_submitted(3));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  std::lock_guard lock(hold.mutex);
  CHECK(hold.submitted == 3);
}

}  // namespace
}  // namespace quire
