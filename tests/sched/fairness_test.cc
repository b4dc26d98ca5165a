// Turns between tenants, and what one tenant's flood may not do to another.
#include <doctest/doctest.h>

#include "tests/sched/bench.h"

namespace quire {
namespace {

Request of(RequestId id, int32_t tenant, int32_t prompt = 8, int32_t max_tokens = 4) {
  Request r = plain(id, prompt, max_tokens, static_cast<Token>(id % 40));
  r.tenant = tenant;
  r.cache_salt.hi = static_cast<uint64_t>(tenant) + 1;
  return r;
}

std::vector<RequestId> order_of_entry(Bench& b) {
  std::vector<RequestId> order;
  while (!b.sched.idle()) {
    b.step();
    for (const Admit& a : b.plan.admit) order.push_back(a.request);
  }
  return order;
}

TEST_CASE("a tenant with 1,000 waiting requests does not delay another's first one") {
  std::vector<Request> all;
  for (RequestId id = 1; id <= 1000; ++id) all.push_back(of(id, 1));
  all.push_back(of(1001, 2));
  all.push_back(of(1002, 2));
  Bench b(paper_config(4, 64, 200), all);
  for (const Request& r : all) REQUIRE(b.sched.add(r).ok());
  const auto order = order_of_entry(b);
  REQUIRE(order.size() == 1002);
  CHECK(order[0] == 1);     // the first to come, as nobody has had anything yet
  CHECK(order[1] == 1001);  // then who has had less
  CHECK(std::ranges::find(order, 1002) - order.begin() <= 3);
  std::vector<RequestId> first(order);
  std::erase_if(first, [](RequestId id) { return id > 1000; });
  CHECK(std::ranges::is_sorted(first));  // a tenant's own go by arrival
}

TEST_CASE("turns go by service: one long prompt weighs as much as many short ones") {
  std::vector<Request> all;
  for (RequestId id = 1; id <= 4; ++id) all.push_back(of(id, 1, 100, 1));
  for (RequestId id = 5; id <= 44; ++id) all.push_back(of(id, 2, 10, 1));
  Bench b(paper_config(1, 200, 200), all);
  for (const Request& r : all) REQUIRE(b.sched.add(r).ok());
  const auto order = order_of_entry(b);
  REQUIRE(order.size() == 44);
  int64_t had[3] = {};
  for (size_t i = 0; i < 40; ++i) {
    const bool is_long = order[i] <= 4;
    had[is_long ? 1 : 2] += is_long ? 100 : 10;
    CHECK(std::abs(had[1] - had[2]) <= 110);
  }
}

TEST_CASE("priority goes before turns") {
  std::vector<Request> all{of(1, 1), of(2, 1), of(3, 1), of(4, 2)};
  for (int i = 0; i < 3; ++i) all[i].priority = -1;
  Bench b(paper_config(1, 64, 200), all);
  for (const Request& r : all) REQUIRE(b.sched.add(r).ok());
  CHECK(order_of_entry(b) == std::vector<RequestId>{1, 2, 3, 4});
}

TEST_CASE("a pause saves no turns, and nobody pays for having been alone") {
  std::vector<Request> all;
  for (RequestId id = 1; id <= 40; ++id) all.push_back(of(id, id <= 20 ? 1 : 2));
  Bench b(paper_config(1, 64, 200), all);
  const auto add = [&](RequestId id) { REQUIRE(b.sched.add(all[id - 1]).ok()); };
  for (RequestId id = 1; id <= 10; ++id) add(id);
  for (int i = 0; i < 20; ++i) b.step();            // tenant 1 has been served alone
  for (RequestId id = 21; id <= 40; ++id) add(id);  // tenant 2 comes: from here on they take turns
  std::vector<RequestId> order = order_of_entry(b);
  REQUIRE(order.size() > 8);
  int own = 0;
  for (size_t i = 0; i < 8; ++i) own += order[i] <= 10;
  CHECK(own >= 3);
  CHECK(own <= 5);
  for (RequestId id : {11, 12, 13}) add(id);  // the house was empty: all are level
  Request again = all[20];
  REQUIRE(b.sched.add(again).ok());
  order = order_of_entry(b);
  CHECK(order == std::vector<RequestId>{11, 21, 12, 13});
}

TEST_CASE("a tenant's flood leaves another's prefix in the cache") {
  std::vector<Request> all{of(1, 2, 40, 1)};
  for (RequestId id = 2; id <= 300; ++id) all.push_back(of(id, 1, 30, 10));
  all.push_back(of(301, 2, 40, 1));
  all.back().prompt = all[0].prompt;
  Bench b(paper_config(64, 256, 161), all);  // 160 blocks of 4: 20 spared for each tenant
  REQUIRE(b.sched.add(all[0]).ok());
  b.finish();
  for (size_t i = 1; i < 300; ++i) REQUIRE(b.sched.add(all[i]).ok());
  b.finish();
  CHECK(b.sched.stats().preemptions > 0);  // memory was short
  REQUIRE(b.sched.add(all[300]).ok());
  b.finish();
  CHECK(b.events.back().request == 301);
  CHECK(b.events.back().cached == 36);
}

TEST_CASE("a request that needs the whole cache gets it, whatever is spared") {
  const std::vector<Request> all{of(1, 2, 40, 1), of(2, 1, 60, 21), of(3, 1, 60, 20), of(4, 2, 40, 1)};
  Bench b(paper_config(4, 32, 21), all);
  REQUIRE(b.sched.add(all[0]).ok());
  b.finish();
  for (size_t i = 1; i < 4; ++i) REQUIRE(b.sched.add(all[i]).ok());
  b.finish();
  int ends = 0;
  for (const TokenEvent& e : b.events) ends += e.finish == Finish::kLength;
  CHECK(ends == 4);
  b.sched.kv().check(0);
}

TEST_CASE("events bring the stamp of the plan that a request entered with") {
  const std::vector<Request> all{of(1, 0, 30, 3), of(2, 0, 5, 2)};
  Bench b(paper_config(1, 10, 65), all);
  for (const Request& r : all) REQUIRE(b.sched.add(r).ok());
  for (int64_t stamp = 101; !b.sched.idle(); ++stamp)
    b.sched.plan(b.plan, stamp), b.model.run(b.plan, b.result), b.sched.commit(b.result, b.events);
  REQUIRE(b.events.size() == 5);
  for (const TokenEvent& e : b.events) CHECK(e.entered == (e.request == 1 ? 101 : 106));
  REQUIRE(b.sched.add(all[0]).ok());
  b.sched.cancel(1, b.events);
  CHECK(b.events.back().entered == 0);
}

}  // namespace
}  // namespace quire
