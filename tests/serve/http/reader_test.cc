// Requests are read the same in one piece and byte by byte, and every shape that two readers may understand
// differently is refused.
#include <doctest/doctest.h>

#include "base/json.h"
#include "serve/http/head_check.h"
#include "serve/http/request_reader.h"

using namespace quire;
using namespace quire::serve;

namespace {

struct Outcome {
  int status = 0;  // 0: read as a whole, -1: wants more
  std::string method, target, body;
  size_t left = 0;  // bytes that were not consumed
  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view bytes, size_t piece, const HttpLimits& limits = {}) {
  RequestReader reader(limits);
  std::string input;
  for (size_t at = 0; at < bytes.size() || !input.empty();) {
    const size_t n = std::min(piece, bytes.size() - at);
    input.append(bytes.substr(at, n));
    at += n;
    const RequestReader::State before = reader.state();
    const size_t consumed = reader.feed(input);
    input.erase(0, consumed);
    if (reader.state() == RequestReader::State::kHeadRead) reader.read_body();
    if (reader.state() == RequestReader::State::kRefused) return {reader.refusal().status, "", "", "", 0};
    if (reader.state() == RequestReader::State::kDone)
      return {0, reader.head().method, reader.head().target, reader.body(), input.size() + bytes.size() - at};
    if (n == 0 && consumed == 0 && before == reader.state()) break;
  }
  return {-1, "", "", "", 0};
}

// The same in every cut; its status.
Outcome read_all_ways(std::string_view bytes, const HttpLimits& limits = {}) {
  const Outcome whole = read(bytes, bytes.size(), limits);
  for (size_t piece : {1, 2, 3, 7}) CHECK(read(bytes, piece, limits) == whole);
  return whole;
}

std::string with(std::string_view headers, std::string_view after = "") {
  return "POST /v1/x HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n" + std::string(after);
}

}  // namespace

TEST_CASE("a request is read in whatever pieces it comes") {
  CHECK(read_all_ways(with("Content-Length: 5\r\n", "hello")).body == "hello");
  CHECK(read_all_ways(with("Content-Length: 5\r\n", "helloGET")).left == 3);
  CHECK(read_all_ways(with("Content-Length: 0\r\n")).status == 0);
  const Outcome chunked = read_all_ways(
      with("transfer-encoding: Chunked\r\n", "3\r\nabc\r\n00A;x=1\r\n0123456789\r\n0\r\nT: 1\r\n\r\nPOST"));
  CHECK(chunked.body == "abc0123456789");
  CHECK(chunked.left == 4);
  CHECK(read_all_ways("GET / HTTP/1.0\r\n\r\n").status == 0);
  CHECK(read_all_ways("GET http://h:8/x?y HTTP/1.1\r\nHost: H:8\r\n\r\n").target == "http://h:8/x?y");
  CHECK(read_all_ways(with("Content-Length: 5\r\n", "hell")).status == -1);
}

TEST_CASE("shapes that two readers may understand differently are refused") {
  for (std::string_view headers : {"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
                                   "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                                   "Content-Length: 4\r\nContent-Length: 4\r\n",
                                   "Content-Length: 4\r\nContent-Length: 5\r\n",
                                   "Content-Length: +5\r\n",
                                   "Content-Length: 0x10\r\n",
                                   "Content-Length: -1\r\n",
                                   "Content-Length: 5, 5\r\n",
                                   "Content-Length:\r\n",
                                   "Content-Length: 1 1\r\n",
                                   "Content-Length: 99999999999999999999\r\n",
                                   "Content-Length : 4\r\n",
                                   "Transfer-Encoding: xchunked\r\n",
                                   "Transfer-Encoding : chunked\r\n",
                                   "Transfer-Encoding: gzip, chunked\r\n",
                                   "Transfer-Encoding: chunked, chunked\r\n",
                                   "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                                   "Transfer-Encoding: identity\r\n",
                                   "Transfer-Encoding:\x0b"
                                   "chunked\r\n",
                                   "Transfer-Encoding: \"chunked\"\r\n",
                                   "A: b\r\n c\r\n",
                                   "A: b\r\n\tc\r\n",
                                   "A: b\n",
                                   "A: b\rC: d\r\n",
                                   "A: b\r\r\n",
                                   "A\r\n",
                                   ": b\r\n",
                                   "A B: c\r\n",
                                   "A: \x01\r\n",
                                   "A: \x7f\r\n",
                                   "A: \xff\xfe\r\n",
                                   "Host: b\r\n",
                                   "\xc3\xa9: 1\r\n"}) {
    CAPTURE(headers);
    CHECK(read_all_ways(with(headers, "0\r\n\r\n")).status == 400);
  }
  using namespace std::string_literals;
  CHECK(read_all_ways(with("A: b\0c\r\n"s)).status == 400);
  CHECK(read_all_ways(with("A\0: c\r\n"s)).status == 400);
}

TEST_CASE("request lines that are none, and hosts that are none, are refused") {
  using namespace std::string_literals;
  for (const std::string& bytes : {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"s,
                                   " GET / HTTP/1.1\r\nHost: a\r\n\r\n"s,
                                   "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"s,
                                   "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"s,
                                   "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"s,
                                   "GET /\r\n\r\n"s,
                                   "GET / \r\n\r\n"s,
                                   "GET / HTTP/1.1\nHost: a\n\n"s,
                                   "GET / HTTP/1.1\r\n\r\n"s,
                                   "GET / http/1.1\r\nHost: a\r\n\r\n"s,
                                   "GET / HTTP/1.1x\r\nHost: a\r\n\r\n"s,
                                   "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s,
                                   "G\xc3\xa9T / HTTP/1.1\r\nHost: a\r\n\r\n"s,
                                   "GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n"s,
                                   "GET x HTTP/1.1\r\nHost: a\r\n\r\n"s,
                                   "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"s,
                                   "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"s,
                                   "GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n"s,
                                   "GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n"s,
                                   "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"s,
                                   "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"s,
                                   "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"s,
                                   "GET / HTTP/1.1\r\nHost:\r\n\r\n"s,
                                   "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"s,
                                   "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"s,
                                   "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"s,
                                   "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n"s,
                                   "\x16\x03\x01\x02"s,
                                   "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"s}) {
    CAPTURE(bytes);
    CHECK(read_all_ways(bytes).status == 400);
  }
  CHECK(read_all_ways("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status == 505);
  CHECK(read_all_ways("GET / HTTP/3.1\r\n\r\n").status == 505);
  for (std::string_view host : {"a", "a:1", "127.0.0.1:8000", "[::1]", "[::1]:80", "a_b.c-d", "a:"}) {
    CAPTURE(host);
    CHECK(read_all_ways("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n").status == 0);
  }
}

TEST_CASE("chunks that are none are refused") {
  for (std::string_view body :
       {"-2\r\nab\r\n0\r\n\r\n", "0x2\r\nab\r\n0\r\n\r\n", "+2\r\nab\r\n0\r\n\r\n", "2\nab\r\n0\r\n\r\n",
        "2\r\nabc\r\n0\r\n\r\n", "2\r\nab\n0\r\n\r\n", "g\r\n", " 2\r\nab\r\n0\r\n\r\n",
        "2 2\r\nab\r\n0\r\n\r\n", ";x\r\n\r\n", "2;\x01\r\nab\r\n0\r\n\r\n", "2;a=\"\r\nab\r\n0\r\n\r\n",
        "2;a b\r\nab\r\n0\r\n\r\n", "0;\"\r\n\r\n", "00000000000000002\r\nab\r\n0\r\n\r\n"}) {
    CAPTURE(body);
    CHECK(read_all_ways(with("Transfer-Encoding: chunked\r\n", body)).status == 400);
  }
  for (std::string_view size : {"ffffffffffffffff", "fffffffffffffffff", "7fffffffffffffff", "100000000"}) {
    CAPTURE(size);
    const int status =
        read_all_ways(with("Transfer-Encoding: chunked\r\n", std::string(size) + "\r\n")).status;
    CHECK((status == 413 || status == 400));
  }
}

TEST_CASE("each limit holds at its last byte") {
  HttpLimits l;
  l.request_line = 40, l.header = 50, l.headers = 4, l.headers_total = 120, l.body = 100,
  l.chunk_extensions = 20;
  const auto line = [&](size_t n) {
    return "GET /" + std::string(n - 14, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  CHECK(read_all_ways(line(40), l).status == 0);
  CHECK(read_all_ways(line(41), l).status == 414);
  CHECK(read_all_ways(std::string(100, 'a'), l).status == 414);  // no line end at all
  const auto header = [](size_t n) { return "A: " + std::string(n - 3, 'a') + "\r\n"; };
  CHECK(read_all_ways(with(header(50)), l).status == 0);
  CHECK(read_all_ways(with(header(51)), l).status == 431);
  CHECK(read_all_ways(with("A: " + std::string(500, 'a')), l).status == 431);
  CHECK(read_all_ways(with("A: b\r\nA: b\r\nA: b\r\n"), l).status == 0);
  CHECK(read_all_ways(with("A: b\r\nA: b\r\nA: b\r\nA: b\r\n"), l).status == 431);
  CHECK(read_all_ways(with(header(50) + header(50)), l).status == 0);
  CHECK(read_all_ways(with(header(50) + header(50) + header(50)), l).status == 431);
  CHECK(read_all_ways(with("Content-Length: 100\r\n", std::string(100, 'b')), l).status == 0);
  CHECK(read_all_ways(with("Content-Length: 101\r\n"), l).status == 413);
  const auto chunked = [&](std::string_view body) {
    return read_all_ways(with("Transfer-Encoding: chunked\r\n", body), l);
  };
  CHECK(chunked("64\r\n" + std::string(100, 'b') + "\r\n0\r\n\r\n").status == 0);
  CHECK(chunked("64\r\n" + std::string(100, 'b') + "\r\n1\r\n").status == 413);
  CHECK(chunked("1;" + std::string(18, 'x') + "\r\na\r\n0\r\n\r\n").status == 0);
  CHECK(chunked("1;" + std::string(20, 'x') + "\r\na\r\n0\r\n\r\n").status == 400);
  CHECK(chunked("1;" + std::string(12, 'x') + "\r\na\r\n1;" + std::string(12, 'x') + "\r\na\r\n0\r\n\r\n")
            .status == 400);
  CHECK(chunked("1;" + std::string(200, 'x')).status == 400);        // a line without an end
  CHECK(chunked("0\r\nA: " + std::string(200, 'x')).status == 400);  // trailers without an end
  CHECK(chunked("1;x\r\n"
                "a\r\n0\r\nContent-Length: 5\r\nAuthorization: b\r\n\r\n")
            .status != 413);
}

TEST_CASE("a head that comes byte by byte is looked at once") {
  const HttpLimits limits;
  HeadCheck check(limits);
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 90; ++i) bytes += "X: " + std::string(600, 'a') + "\r\n";
  for (size_t n = 1; n <= bytes.size(); ++n)
    REQUIRE(check.look(std::string_view(bytes).substr(0, n)) == HeadCheck::Found::kMore);
  bytes += "\r\nrest";
  CHECK(check.look(bytes) == HeadCheck::Found::kEnd);
  CHECK(check.size() == bytes.size() - 4);
}

TEST_CASE("what a head says about the connection") {
  const HttpLimits limits;
  const auto head = [&](const std::string& bytes) {
    RequestReader reader(limits);
    reader.feed(bytes);
    REQUIRE(reader.state() == RequestReader::State::kHeadRead);
    return reader.head();
  };
  CHECK(head("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keep_alive);
  CHECK_FALSE(head("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n").keep_alive);
  CHECK_FALSE(
      head("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n").keep_alive);
  CHECK_FALSE(head("GET / HTTP/1.0\r\n\r\n").keep_alive);
  CHECK(head("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
  CHECK(head(with("Expect: 100-Continue\r\nContent-Length: 1\r\n")).expects_continue);
  CHECK_FALSE(head(with("Expect: 100-continue\r\n")).expects_continue);  // no body to send
  CHECK(read_all_ways(with("Expect: 200-ok\r\n")).status == 417);
}
