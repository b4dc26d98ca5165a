// The cursor accepts what the parser of whole values accepts, and says where something is wrong.
#include "weights/json_cursor.h"

#include <doctest/doctest.h>

#include "base/json.h"

namespace quire {
namespace {

TEST_CASE("a walk") {
  const std::string_view text =
      R"( {"a" : [1, 22 ,18446744073709551615], "b\n":"x\u00e9", "c":{"d":[{},[]]},"e":{}} )";
  JsonCursor c(text, 0);
  REQUIRE(c.open('{'));
  REQUIRE(c.next('}'));
  CHECK(c.key() == "a");
  REQUIRE(c.open('['));
  for (const uint64_t expected : {uint64_t{1}, uint64_t{22}, ~uint64_t{0}}) {
    REQUIRE(c.next(']'));
    CHECK(c.size() == expected);
  }
  CHECK_FALSE(c.next(']'));
  REQUIRE(c.next('}'));
  CHECK(c.key() == "b\n");
  CHECK(c.string() == "x\xc3\xa9");
  REQUIRE(c.next('}'));
  CHECK(c.key() == "c");
  c.skip();
  REQUIRE(c.next('}'));
  CHECK(c.key() == "e");
  REQUIRE(c.open('{'));
  CHECK_FALSE(c.next('}'));
  CHECK_FALSE(c.next('}'));
  c.end();
  CHECK(c.ok());
}

TEST_CASE("after a problem nothing more is read, and the first place stays") {
  JsonCursor c("{\"a\":1}", 100);
  REQUIRE(c.open('{'));
  REQUIRE(c.next('}'));
  c.key();
  CHECK(c.string().empty());
  CHECK(c.problem() == "byte 105: a string was expected, found 1");
  CHECK_FALSE(c.open('{'));
  CHECK_FALSE(c.next('}'));
  CHECK_FALSE(c.size());
  c.skip();
  c.end();
  c.fail("later");
  CHECK(c.problem() == "byte 105: a string was expected, found 1");
}

TEST_CASE("values that are passed over are JSON") {
  for (const std::string_view good :
       {"1", "-1.5e3", "null", "true", "\"a,]}\\\"\"", "[1,[2,{\"a\":\"]\"}]]", "{}", " [ ] "}) {
    CAPTURE(good);
    CHECK(parse_json(good).ok());
    for (const char* after : {"", "]", ",1]"}) {
      const std::string text = std::string(good) + after;
      JsonCursor c(text, 0);
      c.skip();
      CHECK(c.ok());
    }
  }
  for (const std::string_view bad :
       {"", "nul", "1 2", "01", "[1", "\"a", "[}", "{\"a\"}", "[1,]", "'a'", "{]"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_json(bad).ok());
    JsonCursor c(bad, 0);
    c.skip();
    CHECK_FALSE(c.ok());
  }
}

TEST_CASE("names in messages are short and printable") {
  CHECK(quoted_name("a\x1b[2J\"") == "\"a\\u001b[2J\\\"\"");
  CHECK(quoted_name(std::string(1000, 'x')).size() < 120);
}

}  // namespace
}  // namespace quire
