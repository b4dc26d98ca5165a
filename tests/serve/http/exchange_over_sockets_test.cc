// Requests and answers over a socket: keep-alive, pipelining, streams, refusals, and clients that leave.
#include <doctest/doctest.h>

#include "base/json.h"
#include "client.h"

using namespace quire;
using namespace quire::serve;

namespace {

// A refusal in the one shape, after which the connection is closed.
void check_refused(Client& c, int status) {
  const Answer a = c.answer();
  CHECK(a.status == status);
  CHECK(a.header("Content-Type") == "application/json");
  CHECK(a.header("Connection") == "close");
  const Result<Json> json = parse_json(a.body);
  REQUIRE(json.ok());
  CHECK(json.value().find("error")->find("code")->integer() == status);
  CHECK_FALSE(json.value().find("error")->find("message")->string()->empty());
  CHECK(c.closed_by_server());
  CHECK(c.pending().empty());
}

}  // namespace

TEST_CASE("a connection is used again, in either version of HTTP") {
  TestServer server;
  Client c(server.port());
  for (int i = 0; i < 3; ++i) {
    const Answer a = c.ask(post("/echo", "hello " + std::to_string(i)));
    CHECK(a.status == 200);
    CHECK(a.body == "hello " + std::to_string(i));
    CHECK(a.header("Connection").empty());
    CHECK(a.header("Date").size() == 29);
  }
  Client old(server.port());
  CHECK(old.ask("GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").header("Connection") ==
        "keep-alive");
  CHECK(old.ask("GET /livez HTTP/1.0\r\n\r\n").header("Connection") == "close");
  CHECK(old.closed_by_server());
  Client last(server.port());
  CHECK(last.ask(get("/livez", "Connection: close\r\n")).header("Connection") == "close");
  CHECK(last.closed_by_server());
}

TEST_CASE("an empty path after a refusal, a query and an encoded path") {
  TestServer server;
  Client c(server.port());
  CHECK(c.ask(get("/nothing")).status == 404);  // without a body the connection goes on
  CHECK(c.ask(get("/livez?a=b")).body == "/livez?a=b");
  CHECK(c.ask(get("/models/a%2Fb")).body == "/models/a/b?");
  const Answer wrong = c.ask("DELETE /echo HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(wrong.status == 405);
  CHECK(wrong.header("Allow") == "POST, GET, HEAD");
}

TEST_CASE("HEAD has the headers of GET and no body") {
  TestServer server;
  Client c(server.port());
  c.send("HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const Answer a = c.answer(true);
  CHECK(a.status == 200);
  CHECK(a.header("Content-Length") == "7");
  CHECK(c.ask(get("/livez")).body == "/livez?");
  c.send("HEAD /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(c.answer(true).status == 404);
  CHECK(c.ask(get("/livez")).status == 200);
}

TEST_CASE("requests that are sent ahead are answered in their order") {
  TestServer server;
  Client c(server.port());
  std::string all;
  constexpr int kMany = 1000;
  for (int i = 0; i < kMany; ++i) all += post("/echo", std::to_string(i));
  std::thread sender([&] { c.send(all); });
  for (int i = 0; i < kMany; ++i) REQUIRE(c.answer().body == std::to_string(i));
  sender.join();
}

TEST_CASE("what is sent ahead of an answer is bounded, and a client that leaves then is seen") {
  TestServer server;
  Client flood(server.port()), ahead(server.port());
  flood.send(post("/hold", "{}"));
  const auto first = server.held();
  const std::string more = post("/echo", std::string(60'000, 'x'));
  size_t sent = 0;
  while (sent < (size_t{64} << 20) && flood.send(more, milliseconds(200))) sent += more.size();
  CHECK(sent < (size_t{64} << 20));
  CHECK_FALSE(first->gone());
  flood.reset();  // a FIN would wait behind what the server does not read
  CHECK(eventually([&] { return first->gone(); }));

  ahead.send(post("/hold", "{}"));
  const auto second = server.held();
  ahead.send(more);  // beyond what is read ahead
  ahead.close();
  CHECK(eventually([&] { return second->gone(); }));
  CHECK(server.gone == 2);
}

TEST_CASE("100-continue is said when the body is wanted, and only then") {
  TestServer server;
  Client c(server.port());
  c.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(c.answer().status == 100);
  c.send("ok");
  CHECK(c.answer().body == "ok");
  c.send(post("/echo", "together", "Expect: 100-continue\r\n"));
  CHECK(c.answer().body == "together");
  c.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\r\n");
  CHECK(c.answer().body == "/echo?");
  Client refused(server.port());
  refused.send(
      "POST /nothing HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  check_refused(refused, 404);
  Client large(server.port());
  large.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
  check_refused(large, 413);
}

TEST_CASE("every refusal of the parser is one JSON error and the end of the connection") {
  TestServer server;
  const std::pair<std::string, int> cases[] = {
      {"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       400},
      {"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n", 400},
      {"GET /livez\r\n", 400},
      {"GET /" + std::string(9000, 'a'), 414},
      {"GET /livez HTTP/1.1\r\nHost: localhost\r\nA: " + std::string(9000, 'a'), 431},
      {"GET /" + std::string(1 << 20, 'a') + " HTTP/1.1\r\n", 414},
      {"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"\x16\x03\x01\x02\x01\x01", 400},
      {"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Encoding: gzip\r\n\r\nabc",
       415},
      {"GET /livez HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403},
  };
  for (const auto& [bytes, status] : cases) {
    CAPTURE(bytes.substr(0, 120));
    Client c(server.port());
    c.send(bytes);
    if (status == 403) CHECK(c.answer().status == 403);
    else check_refused(c, status);
  }
  Client many(server.port());
  std::string flood = "GET /livez HTTP/1.1\r\nHost: localhost\r\n";
  for (int i = 0; i < 100'000; ++i) flood += "A: b\r\n";
  many.send(flood);
  check_refused(many, 431);
}

TEST_CASE("a client that sends on after a refusal can still read it") {
  TestServer server;
  Client c(server.port());
  c.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n");
  for (int i = 0; i < 20; ++i) c.send(std::string(100'000, 'x'));
  CHECK(c.answer().status == 413);
}

TEST_CASE("a stream comes piece by piece, and its end is its end") {
  TestServer server;
  Client c(server.port());
  c.send(post("/hold", "{}"));
  auto reply = server.held();
  reply->begin_stream(200, {{"Content-Type", "text/event-stream"}});
  reply->write("data: 1\n\n");
  CHECK(eventually([&] { return c.receive(milliseconds(10)), c.pending().ends_with("data: 1\n\n\r\n"); }));
  reply->write("");  // nothing, not the end
  reply->write("data: 2\n\n");
  reply->end();
  reply->write("never");
  const Answer a = c.answer();
  CHECK(a.whole);
  CHECK(a.body == "data: 1\n\ndata: 2\n\n");
  CHECK(a.header("Content-Type") == "text/event-stream");
  CHECK(c.ask(get("/livez")).status == 200);
  CHECK(server.gone == 0);
  bool told = false;
  reply->on_gone([&] { told = true; });
  c.close();
  reply.reset();
  CHECK_FALSE(told);

  Client old(server.port());
  old.send("POST /hold HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n");
  reply = server.held();
  reply->begin_stream(200, {});
  reply->write("a"), reply->write("b"), reply->end();
  const Answer plain = old.answer();
  CHECK(plain.body == "ab");
  CHECK(plain.header("Transfer-Encoding").empty());
  CHECK(plain.header("Connection") == "close");
}

TEST_CASE("a reply that is dropped is an error, or a stream that is cut off") {
  TestServer server;
  Client c(server.port());
  c.send(post("/hold", "{}"));
  server.held().reset();
  CHECK(c.answer().status == 500);
  CHECK(c.closed_by_server());
  Client d(server.port());
  d.send(post("/hold", "{}"));
  auto reply = server.held();
  reply->begin_stream(200, {});
  reply->write("begun");
  CHECK(eventually(
      [&] { return d.receive(milliseconds(10)), d.pending().find("begun") != std::string::npos; }));
  reply.reset();
  CHECK_FALSE(d.answer().whole);
  CHECK(d.ended());
  CHECK(server.gone == 0);
}

TEST_CASE("a client that leaves is seen while its answer is computed") {
  TestServer server;
  const auto leave = [&](bool streaming, const std::function<void(Client&)>& how) {
    const int before = server.gone;
    Client c(server.port());
    c.send(post("/hold", "{}"));
    const auto reply = server.held();
    if (streaming) reply->begin_stream(200, {}), reply->write("a");
    how(c);
    CHECK(eventually([&] { return server.gone == before + 1; }));
    CHECK(reply->gone());
    bool told = false;
    reply->on_gone([&] { told = true; });  // too late: at once
    CHECK(told);
    reply->write("b"), reply->send(200, {}, "c"), reply->end();  // nothing happens
  };
  for (const bool streaming : {false, true}) {
    leave(streaming, [](Client& c) { c.close(); });
    leave(streaming, [](Client& c) { c.reset(); });
    leave(streaming, [](Client& c) { c.half_close(); });  // what we take it for
  }
  CHECK(eventually([&] { return server.server().connections() == 0; }));
}

TEST_CASE("an answer that is whole is sent also to a client that has closed its side") {
  TestServer server;
  Client c(server.port());
  c.send(get("/livez"));
  c.half_close();
  CHECK(c.answer().status == 200);
  CHECK(c.closed_by_server());
}

TEST_CASE("a connection that breaks in the middle of a body is nothing") {
  TestServer server;
  for (int i = 0; i < 20; ++i) {
    Client c(server.port());
    c.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc");
    c.reset();
  }
  Client c(server.port());
  CHECK(c.ask(get("/livez")).status == 200);
  CHECK(eventually([&] { return server.server().connections() == 1; }));
}

TEST_CASE("headers of an answer cannot be split by what they hold") {
  TestServer server;
  server.server().set_routes(
      {{"GET", "/x", Guard::kOpen, [](HttpRequest, const std::shared_ptr<Reply>& reply) {
          reply->send(200, {{"X-A", "b\r\nSet-Cookie: c"}}, "");
        }}});
  Client c(server.port());
  const Answer a = c.ask(get("/x"));
  CHECK(a.header("X-A") == "bSet-Cookie: c");
  CHECK(a.header("Set-Cookie").empty());
}

TEST_CASE("a handler that throws ends its own request only") {
  TestServer server;
  server.server().set_routes({{"GET", "/x", Guard::kOpen,
                               [](HttpRequest, const std::shared_ptr<Reply>&) { throw std::bad_alloc(); }}});
  Client c(server.port()), other(server.port());
  CHECK(c.ask(get("/x")).status == 500);
  CHECK(other.ask(get("/y")).status == 404);
}

TEST_CASE("clients on many threads, with many server threads, each get their own answers") {
  ServerOptions o;
  o.io_threads = 3;
  TestServer server(o);
  std::atomic<int> wrong{0}, cancelled{0};
  std::jthread answers([&](const std::stop_token& stop) {
    std::vector<std::shared_ptr<Reply>> mine;
    while (!stop.stop_requested()) {
      if (!server.any_held()) {
        std::this_thread::yield();
        continue;
      }
      const auto reply = server.held();
      reply->begin_stream(200, {});
      for (int k = 0; k < 5; ++k) reply->write("piece " + std::to_string(k) + '\n');
      reply->end();
    }
  });
  {
    std::vector<std::jthread> clients;
    for (int t = 0; t < 10; ++t)
      clients.emplace_back([&, t] {
        for (int i = 0; i < 20; ++i) {
          Client c(server.port());
          const std::string mark =
              std::to_string(t) + '/' + std::to_string(i) + std::string(static_cast<size_t>(i) * 97, 'x');
          if (c.ask(post("/echo", mark)).body != mark) ++wrong;
          c.send(post("/hold", mark));
          if ((t + i) % 3 == 0) {
            if (i % 2 == 0) c.reset();
            ++cancelled;
            continue;
          }
          if (c.answer().body != "piece 0\npiece 1\npiece 2\npiece 3\npiece 4\n") ++wrong;
          if (c.ask(get("/models/" + std::to_string(t))).body != "/models/" + std::to_string(t) + '?')
            ++wrong;
        }
      });
  }
  CHECK(wrong == 0);
  CHECK(cancelled > 0);
  CHECK(eventually([&] { return server.server().connections() == 0; }));
}
