// A server that is told to end: what runs may finish, what is new is refused, and what takes too long is
// told.
#include <doctest/doctest.h>

#include "client.h"

using namespace quire;
using namespace quire::serve;

namespace {

struct Drained {
  std::atomic<int> times{0};
  std::atomic<bool> all{false};
  std::function<void(bool)> call() {
    return [this](bool all_done) { all = all_done, ++times; };
  }
};

}  // namespace

TEST_CASE("with nothing to do a drain is done at once, and idle connections are closed") {
  TestServer server;
  Client idle(server.port());
  CHECK(idle.ask(get("/livez")).status == 200);
  Drained drained;
  server.server().drain({}, drained.call());
  CHECK(eventually([&] { return drained.times == 1; }));
  CHECK(drained.all);
  CHECK(idle.closed_by_server());
}

TEST_CASE("streams finish, new requests are refused, probes are answered") {
  TestServer server;
  Client stream(server.port()), waiting(server.port()), body(server.port());
  stream.send(post("/hold", "{}")), waiting.send(post("/hold", "{}"));
  const auto a = server.held(), b = server.held();
  a->begin_stream(200, {{"Content-Type", "text/event-stream"}});
  a->write("data: 1\n\n");
  body.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab");
  CHECK(eventually([&] { return server.server().connections() == 3; }));
  std::this_thread::sleep_for(milliseconds(50));
  Drained drained;
  server.server().drain({}, drained.call());
  CHECK(eventually([&] {
    Client c(server.port());
    const Answer answer = c.ask(post("/echo", "x"));
    return answer.status == 503 && answer.header("Connection") == "close";
  }));
  Client probe(server.port());
  const Answer live = probe.ask(get("/livez"));
  CHECK(live.status == 200);
  CHECK(live.header("Connection") == "close");
  body.send("cd");
  CHECK(body.answer().body == "abcd");
  a->write("data: 2\n\n");
  a->end();
  const Answer streamed = stream.answer();
  CHECK(streamed.whole);
  CHECK(streamed.body == "data: 1\n\ndata: 2\n\n");
  CHECK(stream.closed_by_server());
  CHECK(drained.times == 0);
  b->send(200, {}, "done");
  const Answer done = waiting.answer();
  CHECK(done.body == "done");
  CHECK(done.header("Connection") == "close");
  CHECK(eventually([&] { return drained.times == 1; }));
  CHECK(drained.all);
  CHECK(server.gone == 0);
}

TEST_CASE("what takes longer than the limit is told so, and its work is stopped") {
  TestServer server;
  Client events(server.port()), plain(server.port()), other(server.port());
  events.send(post("/hold", "{}"));
  const auto a = server.held();
  plain.send(post("/hold", "{}"));
  const auto b = server.held();
  other.send(post("/hold", "{}"));
  const auto c = server.held();
  a->begin_stream(200, {{"Content-Type", "text/event-stream; charset=utf-8"}});
  a->write("data: 1\n\n");
  c->begin_stream(200, {{"Content-Type", "text/plain"}});
  Drained drained;
  server.server().drain(
      {.grace = milliseconds(0), .limit = milliseconds(100), .farewell = milliseconds(1000)}, drained.call());
  const Answer last = events.answer();
  CHECK(last.whole);
  CHECK(last.body.starts_with("data: 1\n\ndata: {\"error\":{"));
  CHECK(last.body.ends_with("}}\n\ndata: [DONE]\n\n"));
  CHECK(plain.answer().status == 503);
  CHECK_FALSE(other.answer().whole);
  CHECK(eventually([&] { return server.gone == 3; }));
  CHECK(eventually([&] { return drained.times == 1; }));
  a->write("data: 2\n\n");
  CHECK(a->gone());
}

TEST_CASE("during the grace requests are still taken") {
  TestServer server;
  Drained drained;
  server.server().drain({.grace = milliseconds(600)}, drained.call());
  Client c(server.port());
  CHECK(c.ask(post("/echo", "x")).status == 200);
  CHECK(drained.times == 0);
  CHECK(eventually([&] { return drained.times == 1; }));
}

TEST_CASE("a server that ends at once ends its requests, and replies that outlive it do nothing") {
  std::shared_ptr<Reply> reply;
  std::atomic<int> gone{0};
  {
    TestServer server;
    Client c(server.port());
    c.send(post("/hold", "{}"));
    reply = server.held();
    reply->on_gone([&] { ++gone; });
  }
  CHECK(gone == 1);
  CHECK(reply->gone());
  reply->send(200, {}, "nobody");
}

TEST_CASE("200 streams through a drain: none is cut off") {
  ServerOptions o;
  o.io_threads = 2;
  TestServer server(o);
  constexpr int kMany = 200;
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::shared_ptr<Reply>> replies;
  for (int i = 0; i < kMany; ++i) {
    clients.push_back(std::make_unique<Client>(server.port()));
    clients.back()->send(post("/hold", "{}"));
    replies.push_back(server.held());
    replies.back()->begin_stream(200, {{"Content-Type", "text/event-stream"}});
  }
  Drained drained;
  server.server().drain({}, drained.call());
  for (int k = 0; k < 10; ++k)
    for (const auto& r : replies) r->write("data: " + std::to_string(k) + "\n\n");
  for (const auto& r : replies) r->end();
  int whole = 0;
  for (const auto& c : clients) whole += c->answer().whole;
  CHECK(whole == kMany);
  CHECK(eventually([&] { return drained.times == 1; }));
  CHECK(drained.all);
}
