// Routes are found by their decoded segments; keys, origins and names are decided with the route.
#include <doctest/doctest.h>

#include <fstream>

#include "serve/http/api_keys.h"
#include "serve/http/gate.h"
#include "serve/http/origin_policy.h"
#include "serve/http/router.h"
#include "serve/http/target.h"

using namespace quire;
using namespace quire::serve;

namespace {

Route route(std::string method, std::string path, Guard guard = Guard::kKey) {
  return {std::move(method), std::move(path), guard, [](HttpRequest, const std::shared_ptr<Reply>&) {}};
}

RequestHead head(std::string method, std::string target, std::vector<Header> headers = {}) {
  RequestHead h;
  h.method = std::move(method);
  h.target = std::move(target);
  h.headers = std::move(headers);
  return h;
}

void furnish(Site& site) {
  site.set_router(std::make_shared<Router>(std::vector<Route>{
      route("GET", "/livez", Guard::kOpen), route("GET", "/v1/models"), route("GET", "/v1/models/{id}"),
      route("POST", "/v1/chat"), route("GET", "/v1/models/special")}));
}

std::vector<Header> bearer(const std::string& key) { return {{"Authorization", "Bearer " + key}}; }

}  // namespace

TEST_CASE("a target is decoded once and never normalized") {
  CHECK(read_target("/a/b?c=%20").value().segments == std::vector<std::string>{"a", "b"});
  CHECK(read_target("/a/b?c=%20?d").value().query == "c=%20?d");
  CHECK(read_target("/a%2Fb/c%2520").value().segments == std::vector<std::string>{"a/b", "c%20"});
  CHECK(read_target("//a/../b/").value().segments == std::vector<std::string>{"", "a", "..", "b", ""});
  CHECK(read_target("http://h:1/a?b").value().segments == std::vector<std::string>{"a"});
  CHECK(read_target("http://h?b").value().segments == std::vector<std::string>{""});
  CHECK(read_target("http://h?b").value().query == "b");
  CHECK(read_target("*").value().segments == std::vector<std::string>{"*"});
  for (std::string_view bad : {"/%", "/%2", "/%zz", "/%00", "/%0a", "/%7f", "/%ff", "/%c0%af", "/a#b"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_target(bad).ok());
  }
}

TEST_CASE("only the path itself is the path") {
  Site site;
  furnish(site);
  const auto status = [&](std::string target) {
    const Decision d = decide(head("GET", std::move(target)), site);
    return d.status;
  };
  for (const char* same : {"/v1/models", "/v1/models?x=1", "/%761/models", "http://a/v1/models",
                           "/v1/models/x", "/v1/models/a/b", "/v1/models/a%2Fb", "/livez"}) {
    CAPTURE(same);
    CHECK(status(same) == 0);
  }
  for (const char* other :
       {"//v1/models", "/v1//models", "/v1/../v1/models", "/v1/x/../models", "/v1/%2e%2e/v1/models",
        "/V1/models", "/v1/models.", "/v1/models;a", "/v1/models/", "/v1/models/../admin", "/v1/models/a//b",
        "/v1%2Fmodels", "/v1/models/.", "/v1", "/", "*", "/livez/", "/v1/models%20"}) {
    CAPTURE(other);
    CHECK(status(other) == 404);
  }
  CHECK(decide(head("GET", "/v1/models/a%2Fb"), site).path == "/v1/models/a/b");
  CHECK(decide(head("GET", "/v1/models/special"), site).route->path == "/v1/models/special");
  CHECK(decide(head("HEAD", "/v1/models"), site).route->method == "GET");
}

TEST_CASE("a wrong method is told what the path knows") {
  Site site;
  furnish(site);
  for (const char* method : {"POST", "TRACE", "DELETE", "OPTIONS", "get", "QQQ"}) {
    const Decision d = decide(head(method, "/v1/models"), site);
    CHECK(d.status == 405);
    REQUIRE(d.headers.size() == 1);
    CHECK(d.headers[0].value == "GET, HEAD");
  }
}

TEST_CASE("keys are asked for on the route that was found, and on those that are not") {
  Site site;
  furnish(site);
  site.keys = ApiKeys::from({"alpha", "beta"}).value();
  const auto decided = [&](std::string method, std::string target, std::vector<Header> headers = {}) {
    return decide(head(std::move(method), std::move(target), std::move(headers)), site);
  };
  CHECK(decided("GET", "/livez").status == 0);
  CHECK(decided("POST", "/livez").status == 405);  // open, whatever the method
  for (const char* target :
       {"/v1/models", "/v1/models/x", "/nothing", "//livez", "/livez/../v1/models", "/%6civez/", "/Livez"}) {
    CAPTURE(target);
    CHECK(decided("GET", target).status == 401);
  }
  CHECK(decided("GET", "/%6civez").status == 0);
  CHECK(decided("DELETE", "/v1/models").status == 401);
  CHECK(decided("GET", "/v1/models", bearer("alpha")).key == 1);
  CHECK(decided("GET", "/v1/models", {{"authorization", "bearer beta"}}).key == 2);
  CHECK(decided("GET", "/nothing", bearer("beta")).status == 404);
  for (const std::string& value :
       {std::string("Bearer "), std::string("Bearer"), std::string("alpha"), std::string("Basic alpha"),
        std::string("Bearer  alpha"), std::string("Bearer alpha\0", 13), std::string("Bearer alpha "),
        std::string("Bearer alph"), std::string("Bearer alphaa"), std::string("Bearer Alpha"),
        std::string("Bearer \xd0\xb0lpha"), std::string("Bearer alpha, Bearer beta")}) {
    CAPTURE(value);
    CHECK(decided("GET", "/v1/models", {{"Authorization", value}}).status == 401);
  }
  CHECK(decided("GET", "/v1/models", {{"Authorization", "Bearer alpha"}, {"Authorization", "Bearer alpha"}})
            .status == 401);
  CHECK(decided("GET", "/v1/models", {{"Authorization", "Bearer nope"}}).message.find("nope") ==
        std::string::npos);
}

TEST_CASE("keys that nobody could send are refused without being shown") {
  for (const std::string& key : {std::string(), std::string("a b"), std::string("caf\xc3\xa9"),
                                 std::string("a\0b", 3), std::string(5000, 'a')}) {
    const auto keys = ApiKeys::from({"fine", key});
    REQUIRE_FALSE(keys.ok());
    CHECK(keys.status().message().find("API key 2") == 0);
    if (!key.empty()) CHECK(keys.status().message().find(key) == std::string::npos);
  }
  CHECK_FALSE(ApiKeys::from({"a", "a"}).ok());
  CHECK_FALSE(ApiKeys::read_file("/nothing/here").ok());
  CHECK_FALSE(ApiKeys::read_file("/").ok());
}

TEST_CASE("while a model is loaded, paths that are not there yet say so") {
  Site site;
  site.set_router(std::make_shared<Router>(std::vector<Route>{route("GET", "/livez", Guard::kOpen)}));
  std::optional<std::string> why = "loading the model, 42 %";
  site.not_ready = [&] { return why; };
  Decision d = decide(head("POST", "/v1/chat"), site);
  CHECK(d.status == 503);
  CHECK(d.message.find("42 %") != std::string::npos);
  CHECK(decide(head("GET", "/livez"), site).status == 0);
  site.keys = ApiKeys::from({"alpha"}).value();
  CHECK(decide(head("POST", "/v1/chat"), site).status == 401);
  why.reset();
  CHECK(decide(head("POST", "/v1/chat", bearer("alpha")), site).status == 404);
}

TEST_CASE("compressed bodies are refused before they are read") {
  Site site;
  furnish(site);
  CHECK(decide(head("POST", "/v1/chat", {{"Content-Encoding", "gzip"}}), site).status == 415);
  CHECK(decide(head("POST", "/v1/chat", {{"Content-Encoding", "identity"}}), site).status == 0);
}

TEST_CASE("an id of the client comes back only if it is short and clean") {
  Site site;
  furnish(site);
  const auto echoed = [&](const std::string& id) {
    return decide(head("GET", "/livez", {{"X-Request-Id", id}}), site).always;
  };
  CHECK(echoed("abc-123_X.y:z").at(0).value == "abc-123_X.y:z");
  for (const std::string& id :
       {std::string(), std::string(129, 'a'), std::string("a b"), std::string("a\x1b[31m"),
        std::string("a\"b"), std::string("%n"), std::string("http://169.254.169.254/")})
    CHECK(echoed(id).empty());
}

TEST_CASE("pages of other origins read nothing unless they may") {
  Site site;
  furnish(site);
  site.keys = ApiKeys::from({"alpha"}).value();
  const auto preflight = [&](const std::string& target, const std::string& origin) {
    const Decision d = decide(
        head("OPTIONS", target, {{"Origin", origin}, {"Access-Control-Request-Method", "POST"}}), site);
    CHECK(d.status == 204);
    std::string all;
    for (const Header& h : d.always) all += h.name + ": " + h.value + '\n';
    return all;
  };
  CHECK(preflight("/v1/chat", "https://a.example").empty());  // closed by default
  site.origins.origins = {"https://a.example"};
  const std::string told = preflight("/v1/chat", "https://a.example");
  CHECK(told.find("Access-Control-Allow-Origin: https://a.example\n") != std::string::npos);
  CHECK(told.find("Authorization") != std::string::npos);
  CHECK(preflight("/nothing", "https://a.example") == told);  // reveals no route
  CHECK(preflight("/v1/chat", "https://b.example") == "Vary: Origin\n");
  CHECK(preflight("/v1/chat", "null") == "Vary: Origin\n");
  // A plain OPTIONS is a method like others.
  CHECK(decide(head("OPTIONS", "/v1/chat"), site).status == 401);
  CHECK(decide(head("OPTIONS", "/v1/chat", {{"Origin", "https://a.example"}}), site).status == 401);
  site.origins.origins = {"*"};
  CHECK(preflight("/v1/chat", "https://b.example").find("Allow-Origin: *\n") != std::string::npos);
  CHECK(preflight("/v1/chat", "https://b.example").find("Credentials") == std::string::npos);
}

TEST_CASE("a server for this machine only is not asked under another name") {
  Site site;
  furnish(site);
  site.origins.only_local_names = true;
  const auto status = [&](std::vector<Header> headers) {
    return decide(head("GET", "/v1/models", std::move(headers)), site).status;
  };
  for (const char* host :
       {"localhost", "LOCALHOST:8000", "127.0.0.1:8000", "127.9.9.9", "[::1]:1", "x.localhost", "localhost."})
    CHECK(status({{"Host", host}}) == 0);
  for (const char* host : {"evil.example", "evil.example:8000", "127.0.0.1.evil.example",
                           "localhost.evil.example", "xlocalhost", "[::2]", "10.0.0.1", "0x7f.1", "127.1"})
    CHECK(status({{"Host", host}}) == 403);
  CHECK(status({{"Host", "localhost"}, {"Origin", "http://localhost:3000"}}) == 0);
  CHECK(status({{"Host", "localhost"}, {"Origin", "https://evil.example"}}) == 403);
  CHECK(status({{"Host", "localhost"}, {"Origin", "null"}}) == 403);
  site.origins.origins = {"https://good.example"};
  CHECK(status({{"Host", "localhost"}, {"Origin", "https://good.example"}}) == 0);
}
