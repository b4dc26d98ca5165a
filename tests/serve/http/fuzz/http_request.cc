// Bytes of a stranger as a connection: the same requests come out however they are cut, no limit is passed,
// and no path leads to a guarded route without its key. The first byte says how the rest is cut.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http/gate.h"
#include "serve/http/request_reader.h"

using namespace quire;
using namespace quire::serve;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

HttpLimits limits() {
  HttpLimits l;
  l.request_line = 200, l.header = 100, l.headers = 10, l.headers_total = 400, l.body = 300,
  l.chunk_extensions = 30;
  return l;
}

struct TestSite : Site {
  TestSite() {
    const auto route = [](const char* method, const char* path, Guard guard) {
      return Route{method, path, guard, [](HttpRequest, const std::shared_ptr<Reply>&) {}};
    };
    set_router(std::make_shared<Router>(std::vector<Route>{
        route("GET", "/livez", Guard::kOpen), route("GET", "/v1/models", Guard::kKey),
        route("GET", "/v1/models/{id}", Guard::kKey), route("POST", "/v1/x", Guard::kKey)}));
    keys = ApiKeys::from({"alpha"}).value();
    origins.origins = {"https://a.example"};
  }
};

void check_head(const RequestHead& head) {
  static const TestSite site;
  const Decision d = decide(head, site);
  must((d.status == 0) == (d.route != nullptr));
  if (d.route && d.route->guard == Guard::kKey)
    must(d.key == 1 && head.header("Authorization")->ends_with(" alpha"));
  for (const Header& h : d.always)
    must(std::ranges::all_of(h.value, [](char c) { return static_cast<unsigned char>(c) >= 0x20; }));
}

// What comes out, as text.
std::string read(std::string_view bytes, size_t piece) {
  const HttpLimits l = limits();
  RequestReader reader(l);
  std::string input, seen;
  size_t at = 0;
  for (;;) {
    const RequestReader::State before = reader.state();
    const size_t consumed = reader.feed(input);
    must(consumed <= input.size());
    input.erase(0, consumed);
    switch (reader.state()) {
      case RequestReader::State::kRefused:
        must(reader.refusal().status >= 400 && reader.refusal().status < 600);
        return seen + "refused";
      case RequestReader::State::kHeadRead: {
        const RequestHead& h = reader.head();
        must(h.method.size() + h.target.size() <= l.request_line && h.headers.size() <= l.headers);
        must(h.count("Host") <= 1 && h.count("Content-Length") + h.count("Transfer-Encoding") <= 1);
        check_head(h);
        seen += h.method + ' ' + h.target + '\n';
        for (const Header& one : h.headers) seen += one.name + ':' + one.value + '\n';
        reader.read_body();
        continue;
      }
      case RequestReader::State::kDone:
        must(reader.body().size() <= l.body);
        seen += '[' + reader.body() + "]\n";
        reader.next();
        continue;
      case RequestReader::State::kHead:
      case RequestReader::State::kBody:
        must(reader.body().size() <= l.body);
        if (consumed > 0 || before != reader.state()) continue;
        if (at == bytes.size()) return seen + "more";
        input.append(bytes.substr(at, piece));
        at += std::min(piece, bytes.size() - at);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::string whole = read(bytes, std::max<size_t>(1, bytes.size()));
  must(read(bytes, 1) == whole);
  must(read(bytes, 1 + data[0] % 64) == whole);
  return 0;
}
