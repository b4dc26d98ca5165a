// Headers are found whatever their case, and an error is JSON whatever its words are.
#include "serve/http/exchange.h"

#include <doctest/doctest.h>

#include "base/json.h"

using namespace quire;
using namespace quire::serve;

TEST_CASE("the first header of a name is found whatever its case") {
  HttpRequest request;
  request.headers = {{"Content-Type", "a"}, {"x-b", "1"}, {"X-B", "2"}};
  REQUIRE(request.header("content-type") != nullptr);
  CHECK(*request.header("CONTENT-TYPE") == "a");
  CHECK(*request.header("X-b") == "1");
  CHECK(request.header("X-") == nullptr);
}

TEST_CASE("an error is JSON whatever its message holds") {
  const Result<Json> read = parse_json(error_body(404, "no \"\n\x1b\xff", "NotFoundError"));
  REQUIRE(read.ok());
  const Json* error = read.value().find("error");
  REQUIRE(error != nullptr);
  CHECK(*error->find("message")->string() == "no \"\n\x1b\xef\xbf\xbd");
  CHECK(error->find("code")->integer() == 404);
  CHECK(error->find("param")->is_null());
  CHECK(*parse_json(error_body(400, "m", "t", "p")).value().find("error")->find("param")->string() == "p");
}
