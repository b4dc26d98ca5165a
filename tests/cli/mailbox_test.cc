// News comes out of the mailbox whole and in order; the window keeps a reader from running ahead.
#include "cli/mailbox.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "cli/window.h"

namespace quire {
namespace {

constexpr std::chrono::milliseconds kNoPatience{0}, kLong{10'000};

TEST_CASE("logprobs of several steps keep their tokens") {
  Mailbox box;
  const std::vector<Logprob> first = {{9, -9, 9}, {1, -1, 1}, {2, -2, 2}}, second = {{3, -3, 3}};
  TokenEvent a, b, c;
  a.request = 1, a.logprobs = 1, a.num_logprobs = 2;
  b.request = 2;
  c.request = 3, c.logprobs = 0, c.num_logprobs = 1;
  box.deliver(std::vector<TokenEvent>{a, b}, first);
  box.deliver(std::vector<TokenEvent>{c}, second);
  Mail mail;
  box.collect(mail, kLong);
  REQUIRE(mail.events.size() == 3);
  CHECK(mail.logprobs[static_cast<size_t>(mail.events[0].logprobs)].token == 1);
  CHECK(mail.logprobs[static_cast<size_t>(mail.events[0].logprobs) + 1].token == 2);
  CHECK(mail.logprobs[static_cast<size_t>(mail.events[2].logprobs)].token == 3);
  box.collect(mail, kNoPatience);
  CHECK(mail.events.empty());
  CHECK(mail.logprobs.empty());
}

TEST_CASE("flags stay set, lines keep their order") {
  Mailbox box;
  box.open({{}, 5});
  box.refuse({5, {"no."}});
  box.end_input();
  Mail mail;
  box.collect(mail, kLong);
  REQUIRE(mail.lines.size() == 2);
  CHECK(std::holds_alternative<LineOpened>(mail.lines[0]));
  CHECK(std::get<LineRefused>(mail.lines[1]).why.message == "no.");
  CHECK(mail.input_ended);
  box.interrupt();
  box.collect(mail, kLong);
  CHECK(mail.input_ended);
  CHECK(mail.interrupted);
  CHECK(mail.lines.empty());
}

TEST_CASE("a collector waits for news from another thread") {
  Mailbox box;
  std::thread engine([&box] { box.deliver(std::vector<TokenEvent>(1), {}); });
  Mail mail;
  box.collect(mail, kLong);
  CHECK(mail.events.size() == 1);
  engine.join();
}

TEST_CASE("the window holds a reader back by choices and by bytes, but one line may always be open") {
  Window window(2, 100);
  CHECK(window.wait());
  window.opened(50);
  std::atomic<int> passed{0};
  std::thread reader([&] {
    while (window.wait()) ++passed, window.opened(1);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  CHECK(passed == 0);
  window.written(50, 1000);  // none open: whatever the bytes, one may be
  for (int i = 0; i < 1000 && passed < 1; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  CHECK(passed == 1);
  window.written(0, 0);
  for (int i = 0; i < 1000 && passed < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  CHECK(passed == 2);  // two are open
  window.close();
  reader.join();
}

}  // namespace
}  // namespace quire
