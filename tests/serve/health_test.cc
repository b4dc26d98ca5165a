// What probes are told in each stage of a server's life.
#include "serve/health.h"

#include <doctest/doctest.h>

#include <memory>

using namespace quire;
using namespace quire::serve;

namespace {

class Kept final : public Reply {
 public:
  void send(int s, std::vector<Header>, std::string b) override { status = s, body = std::move(b); }
  void begin_stream(int, std::vector<Header>) override {}
  void write(std::string) override {}
  void end() override {}
  void on_gone(std::function<void()>) override {}
  bool gone() const override { return false; }
  int status = 0;
  std::string body;
};

Kept ask(Health& health, const std::string& path) {
  for (const Route& r : health.routes())
    if (r.path == path) {
      CHECK(r.guard == Guard::kOpen);
      auto reply = std::make_shared<Kept>();
      r.handler({}, reply);
      return {*reply};
    }
  FAIL("no such route");
  return {};
}

// livez, startupz, readyz, health
std::vector<int> all(Health& h) {
  return {ask(h, "/livez").status, ask(h, "/startupz").status, ask(h, "/readyz").status,
          ask(h, "/health").status};
}

}  // namespace

TEST_CASE(
    "a server is alive at once, started and ready when its model is there, and not ready while it drains") {
  Health h;
  CHECK(all(h) == std::vector<int>{200, 503, 503, 503});
  h.loading(0.427);
  CHECK(ask(h, "/readyz").body.find("loading the model, 42 %") != std::string::npos);
  CHECK(h.not_ready() == "loading the model, 42 %");
  h.loading(7);  // rounding of whoever counts
  CHECK(h.not_ready() == "loading the model, 100 %");
  h.ready();
  CHECK(all(h) == std::vector<int>{200, 200, 200, 200});
  CHECK(ask(h, "/health").body.empty());
  CHECK_FALSE(h.not_ready());
  h.draining();
  CHECK(all(h) == std::vector<int>{200, 200, 503, 200});
}

TEST_CASE("an engine that stands still is not alive, a full queue is not ready") {
  Health h;
  h.ready();
  std::optional<std::string> stalled, full;
  h.watch([&] { return stalled; }, [&] { return full; });
  CHECK(all(h) == std::vector<int>{200, 200, 200, 200});
  full = "the queue is full";
  CHECK(all(h) == std::vector<int>{200, 200, 503, 200});
  full.reset();
  stalled = "no step for 61 seconds";
  CHECK(all(h) == std::vector<int>{503, 200, 503, 503});
  CHECK(ask(h, "/livez").body.find("61 seconds") != std::string::npos);
  h.unwatch();
  CHECK(all(h) == std::vector<int>{200, 200, 200, 200});
}
