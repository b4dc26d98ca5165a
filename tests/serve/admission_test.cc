// The bounds of the queue and of each key, with a clock of the test's own.
#include "serve/admission.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "base/status.h"

namespace quire::serve {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

struct Door {
  explicit Door(const AdmissionLimits& l, int32_t seats = 2) : admission(l, seats, 0) {}
  Admission admission;
  std::vector<Pass> inside;
  int64_t now = 0;
  double rate = 0;
  // 0: let in
  int knock(int32_t key = 0, int32_t sequences = 1, int64_t tokens = 10) {
    auto r = admission.enter(key, sequences, tokens, rate, now);
    if (auto* pass = std::get_if<Pass>(&r)) {
      inside.push_back(std::move(*pass));
      return 0;
    }
    last = std::get<Denial>(r);
    return last.status;
  }
  Denial last;
};

AdmissionLimits none() { return {.max_queued_requests = 0, .max_queued_tokens = 0, .max_queued_seconds = 0}; }

TEST_CASE("the queue is bounded by default") {
  Door d({});
  int let_in = 0;
  while (let_in < 5000 && d.knock() == 0) ++let_in;
  CHECK(let_in == 2 + 1024);
  CHECK(d.last.status == 503);
  CHECK(d.last.message.find("1024 sequences wait and 1024 may (--max-num-queued-reqs)") != std::string::npos);
  CHECK(d.admission.counts().refused_server == 1);
}

TEST_CASE("a queue of requests: seats are free, n counts, who leaves makes room, and the wait is computed") {
  AdmissionLimits l = none();
  l.max_queued_requests = 3;
  Door d(l);
  CHECK(d.knock(0, 4) == 0);
  CHECK(d.knock() == 0);
  CHECK(d.knock() == 503);
  CHECK(d.last.retry_after == 1);  // nobody has left yet: nothing is known
  CHECK(d.admission.early(0, 0, d.now).status == 503);
  d.now = 10 * kSecond;
  d.inside.pop_back();
  CHECK(d.admission.early(0, 0, d.now).status == 0);
  CHECK(d.knock() == 0);
  d.now = 20 * kSecond;
  d.inside.back().left(d.now);  // one sequence in 20 s
  d.inside.pop_back();
  CHECK(d.knock(0, 2) == 0);
  CHECK(d.knock() == 503);
  CHECK(d.last.retry_after == 40);  // two must leave
  d.inside.clear();
  CHECK(d.admission.counts().sequences == 0);
  CHECK(d.admission.counts().waiting_tokens == 0);
}

TEST_CASE("a queue in seconds of prefill: what is ahead decides, and the wait is backlog by rate") {
  AdmissionLimits l = none();
  l.max_queued_seconds = 10;
  Door d(l);
  CHECK(d.knock(0, 1, 1'000'000) == 0);  // rate not known: seconds do not bind
  d.rate = 1000;
  CHECK(d.knock() == 503);
  CHECK(d.last.retry_after == 990);
  CHECK(d.last.message.find("1000000 prompt tokens") != std::string::npos);
  CHECK(d.last.message.find("10000 may (--max-queued-seconds 10)") != std::string::npos);
  d.inside[0].started();  // its first token is there
  d.inside[0].started();
  CHECK(d.knock(0, 1, 10000) == 0);
  CHECK(d.knock(0, 1, 50000) == 0);  // 10 s are ahead: just at the bound
  CHECK(d.knock(0, 1, 1) == 503);
  CHECK(d.last.retry_after == 50);
  d.rate = 1e9;
  CHECK(d.knock(0, 1, 1) == 0);
}

TEST_CASE("a queue in tokens") {
  AdmissionLimits l = none();
  l.max_queued_tokens = 100;
  Door d(l);
  CHECK(d.knock(0, 1, 101) == 0);
  CHECK(d.knock() == 503);
  CHECK(d.last.retry_after == 1);
  d.inside.clear();
  CHECK(d.knock() == 0);
}

TEST_CASE("one key's limit is not another's") {
  AdmissionLimits l = none();
  l.key_requests = 2;
  Door d(l);
  CHECK(d.knock(1) == 0);
  CHECK(d.knock(1) == 0);
  CHECK(d.knock(1) == 429);
  CHECK(d.last.retry_after >= 1);
  CHECK(d.last.message == "this API key has 2 requests open, and 2 at a time are allowed. Try again later.");
  CHECK(d.knock(2) == 0);
  d.inside.erase(d.inside.begin());
  CHECK(d.knock(1) == 0);
  CHECK(d.admission.counts().refused_key == 1);
  CHECK(d.admission.counts().refused_server == 0);
}

TEST_CASE("requests per minute: a minute's worth at once, then as they fill up") {
  AdmissionLimits l = none();
  l.key_requests_per_minute = 6;
  Door d(l);
  for (int i = 0; i < 6; ++i) CHECK(d.knock(1) == 0);
  CHECK(d.knock(1) == 429);
  CHECK(d.last.retry_after == 10);
  d.now += 4 * kSecond;
  CHECK(d.knock(1) == 429);
  CHECK(d.last.retry_after == 6);
  d.now += 6 * kSecond;
  CHECK(d.knock(1) == 0);
  CHECK(d.knock(1) == 429);
  d.now += 3600 * kSecond;  // an hour saves up no more than a minute
  int let_in = 0;
  while (d.knock(1) == 0) ++let_in;
  CHECK(let_in == 6);
}

TEST_CASE("tokens per minute: prompts at once, answers as they come, a debt is waited for") {
  AdmissionLimits l = none();
  l.key_tokens_per_minute = 600;
  Door d(l);
  CHECK(d.knock(1, 1, 1000) == 0);  // more than a minute's worth must not wait forever
  CHECK(d.knock(1) == 429);
  CHECK(d.last.retry_after == 41);
  d.inside.back().generated(100);
  CHECK(d.knock(1) == 429);
  CHECK(d.last.retry_after == 51);
  d.now += 51 * kSecond;
  CHECK(d.knock(1) == 0);
}

TEST_CASE("the clock may stand still or seem to go back") {
  AdmissionLimits l = none();
  l.key_requests_per_minute = 1;
  Door d(l);
  d.now = 100 * kSecond;
  CHECK(d.knock(1) == 0);
  d.now = 0;
  CHECK(d.knock(1) == 429);
  d.inside.back().left(d.now);
  CHECK(d.admission.counts().sequences == 0);
}

TEST_CASE("many threads: counts come back to nothing") {
  AdmissionLimits l;
  l.max_queued_requests = 20;
  Admission a(l, 10, 0);
  std::atomic<int> let_in = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int32_t t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      std::vector<Pass> mine;
      for (int64_t i = 0; i < 2000; ++i) {
        auto r = a.enter(t % 3, 1, 5, 100, i);
        if (std::holds_alternative<Pass>(r)) ++let_in, mine.push_back(std::get<Pass>(std::move(r)));
        else ++refused;
        QUIRE_CHECK(a.counts().sequences <= 30);
        if (i % 50 == 49) {
          for (Pass& p : mine) p.started(), p.left(i);
          mine.clear();
        }
      }
    });
  for (auto& t : threads) t.join();
  CHECK(let_in > 100);
  CHECK(refused > 100);
  CHECK(a.counts().sequences == 0);
  CHECK(a.counts().waiting_tokens == 0);
}

TEST_CASE("flags set the limits") {
  AdmissionLimits l;
  const SettingGroup groups[] = {admission_settings(l)};
  const std::vector<std::string> flags{"--max-num-queued-reqs", "7", "--max-queued-seconds=5",
                                       "--key-tokens-per-minute", "9"};
  REQUIRE(read_settings(groups, flags, [](const char*) { return nullptr; }).ok());
  CHECK(l.max_queued_requests == 7);
  CHECK(l.max_queued_seconds == 5);
  CHECK(l.key_tokens_per_minute == 9);
}

}  // namespace
}  // namespace quire::serve
