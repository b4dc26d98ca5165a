// Every phase of a connection ends in time, and what one client does hurts no other.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include "client.h"

using namespace quire;
using namespace quire::serve;

namespace {

using Clock = std::chrono::steady_clock;

ServerOptions quick() {
  ServerOptions o;
  o.limits.head_read = milliseconds(150);
  o.limits.body_read = milliseconds(150);
  o.limits.body_rate = 1000;
  o.limits.idle = milliseconds(400);
  o.limits.write_stall = milliseconds(200);
  o.limits.linger = milliseconds(100);
  o.limits.send_buffer = 32 << 10;
  return o;
}

milliseconds since(Clock::time_point t) { return std::chrono::duration_cast<milliseconds>(Clock::now() - t); }

}  // namespace

TEST_CASE("a head that comes too slowly is refused, one that never comes is not waited for") {
  TestServer server(quick());
  for (const char* begun :
       {"G", "GET / HTTP/1.1\r\nHost: loc", "GET / HTTP/1.1\r\nHost: localhost\r\nA: b\r\n"}) {
    const auto begin = Clock::now();
    Client c(server.port());
    c.send(begun);
    std::jthread drip([&](const std::stop_token& stop) {  // a byte now and then buys no time
      while (!stop.stop_requested()) {
        ::send(c.fd(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        std::this_thread::sleep_for(milliseconds(20));
      }
    });
    const Answer a = c.answer();
    CHECK(a.status == 408);
    CHECK(a.header("Connection") == "close");
    CHECK(since(begin) >= milliseconds(140));
    CHECK(since(begin) < milliseconds(2000));
  }
  Client silent(server.port());
  CHECK(silent.closed_by_server());
  CHECK(silent.pending().empty());
}

TEST_CASE("a body that comes too slowly is refused, one that keeps its rate is not") {
  TestServer server(quick());
  Client slow(server.port());
  slow.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");
  slow.send("abc");
  CHECK(slow.answer().status == 408);
  CHECK(slow.closed_by_server());

  Client steady(server.port());  // 600 bytes buy 600 ms
  steady.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 600\r\n\r\n");
  for (int i = 0; i < 6; ++i) {
    steady.send(std::string(100, 'b'));
    std::this_thread::sleep_for(milliseconds(50));
  }
  CHECK(steady.answer().status == 200);
}

TEST_CASE("an idle connection is closed, one that is used stays") {
  TestServer server(quick());
  Client c(server.port());
  for (int i = 0; i < 4; ++i) {
    CHECK(c.ask(get("/livez")).status == 200);
    std::this_thread::sleep_for(milliseconds(60));
  }
  const auto begin = Clock::now();
  CHECK(c.closed_by_server());
  CHECK(since(begin) < milliseconds(1000));
}

TEST_CASE("a request waits for its answer as long as it takes, while its client is there") {
  TestServer server(quick());
  Client c(server.port());
  c.send(post("/hold", "{}"));
  const auto reply = server.held();
  std::this_thread::sleep_for(milliseconds(400));
  CHECK_FALSE(reply->gone());
  reply->send(200, {}, "late");
  CHECK(c.answer().body == "late");
  CHECK(server.gone == 0);
}

TEST_CASE("a reader that takes nothing is gone after a while, and its request with it") {
  TestServer server(quick());
  Client c(server.port());
  const int small = 4096;
  setsockopt(c.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  c.send(post("/hold", "{}"));
  const auto reply = server.held();
  reply->begin_stream(200, {{"Content-Type", "text/event-stream"}});
  for (int i = 0; i < 12; ++i)
    reply->write(std::string(80'000, 'x'));  // below the bound, beyond what sockets hold
  CHECK(eventually([&] { return reply->gone(); }, milliseconds(20'000)));
  CHECK(server.gone == 1);
}

TEST_CASE("what a reader does not take is bounded") {
  ServerOptions o = quick();
  o.limits.write_stall = std::chrono::minutes(5);
  TestServer server(o);
  Client c(server.port());
  c.send(post("/hold", "{}"));
  const auto reply = server.held();
  reply->begin_stream(200, {{"Content-Type", "text/event-stream"}});
  size_t taken = 0;
  while (!reply->gone() && taken < (size_t{64} << 20)) {
    reply->write(std::string(100'000, 'x'));
    taken += 100'000;
    std::this_thread::sleep_for(milliseconds(1));
  }
  CHECK(reply->gone());
  CHECK(taken < (size_t{16} << 20));  // what the system's buffers hold, and 1 MiB
  CHECK(eventually([&] { return server.gone == 1; }));
  c.closed_by_server();
  CHECK(c.pending().find("\r\n0\r\n\r\n") == std::string::npos);  // a truncated answer looks like one
  Client other(server.port());
  CHECK(other.ask(get("/livez")).status == 200);
}

TEST_CASE("bodies of all requests together are bounded") {
  ServerOptions o;
  o.limits.bodies = 10'000;
  TestServer server(o);
  Client a(server.port()), b(server.port());
  a.send(post("/hold", std::string(8'000, 'a')));
  const auto reply = server.held();
  const Answer refused = b.ask(post("/echo", std::string(8'000, 'b')));
  CHECK(refused.status == 503);
  CHECK(refused.header("Retry-After") == "1");
  reply->send(200, {}, "x");
  CHECK(a.answer().status == 200);
  Client c(server.port());
  CHECK(c.ask(post("/echo", std::string(8'000, 'c'))).status == 200);
}

TEST_CASE("when all places are taken, who was silent longest makes room, and nobody else") {
  ServerOptions o;
  o.limits.connections = 3;
  TestServer server(o);
  Client busy(server.port()), idle(server.port());
  busy.send(post("/hold", "{}"));
  const auto reply = server.held();
  CHECK(idle.ask(get("/livez")).status == 200);
  Client slow(server.port());
  slow.send("GET /livez HT");
  CHECK(eventually([&] { return server.server().connections() == 3; }));
  Client fresh(server.port());
  CHECK(fresh.ask(get("/livez")).status == 200);
  CHECK(idle.closed_by_server());
  slow.send("TP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(slow.answer().status == 200);

  // All of them busy: the new one is told.
  Client busy2(server.port()), busy3(server.port());
  busy2.send(post("/hold", "{}")), busy3.send(post("/hold", "{}"));
  const auto reply2 = server.held(), reply3 = server.held();
  Client late(server.port());
  CHECK(late.answer().status == 503);
  for (const auto& r : {reply, reply2, reply3}) r->send(200, {}, "x");
  CHECK(busy.answer().status == 200);
  CHECK(busy2.answer().status == 200);
}

TEST_CASE("many idle connections do not keep others out") {
  ServerOptions o;
  o.limits.connections = 100;
  TestServer server(o);
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 300; ++i) idle.push_back(std::make_unique<Client>(server.port()));
  Client c(server.port());
  CHECK(c.ask(get("/livez")).status == 200);
  CHECK(server.server().connections() <= 101);
}
