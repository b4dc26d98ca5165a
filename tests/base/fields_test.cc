// Reading a stranger's object: what is taken, and the words when it is not.
#include "base/fields.h"

#include <doctest/doctest.h>

#include <functional>
#include <limits>

namespace quire {
namespace {

constexpr float kMost = std::numeric_limits<float>::max();

// The problem after `read`, or "".
std::string problem(std::string_view text, const std::function<void(Fields&)>& read) {
  const Result<Json> j = parse_json(text);
  REQUIRE(j.ok());
  Status status;
  Fields fields(j.value(), "config.json", status);
  read(fields);
  return status.message();
}

TEST_CASE("what is there and right is taken") {
  const auto all = [](Fields& f) {
    CHECK(f.has("i"));
    CHECK_FALSE(f.has("none"));  // null is as good as absent
    CHECK_FALSE(f.has("absent"));
    CHECK(f.integer("i", 0, 10) == 7);
    CHECK(f.integer("i", 7, 7) == 7);
    CHECK(f.integer("none", 0, 10, 3) == 3);
    CHECK(f.integer("absent", 0, 10, 3) == 3);
    CHECK(f.number("x", 0, 1) == 0.5f);
    CHECK(f.number("i", 0, 10, 1) == 7.0f);
    CHECK(f.number("absent", 0, 10, 2.5f) == 2.5f);
    CHECK(f.flag("yes", false));
    CHECK(f.flag("absent", true));
    CHECK(f.text("name", "") == "llama");
    CHECK(f.text("absent", "other") == "other");
    CHECK(f.object("inner").integer("n", 0, 5) == 2);
    CHECK(f.object("absent").integer("n", 0, 5, 4) == 4);
  };
  CHECK(problem(R"({"i":7,"none":null,"x":0.5,"yes":true,"name":"llama","inner":{"n":2}})", all) == "");
}

TEST_CASE("what is missing, of another kind or out of range is said in one sentence") {
  const auto integer = [](Fields& f) { f.integer("n", 1, 64); };
  CHECK(problem("{}", integer) == "config.json: n is missing; an integer in [1, 64] is needed.");
  CHECK(problem(R"({"n":null})", integer) == "config.json: n is missing; an integer in [1, 64] is needed.");
  for (const char* v :
       {"0", "65", "-1", "2147483648", "9223372036854775808", "1e3", "3.0", "\"3\"", "true", "[]"}) {
    const std::string want = std::string("config.json: n must be an integer in [1, 64], found ") + v + ".";
    CHECK(problem(std::string("{\"n\":") + v + "}", integer) == want);
  }
  const auto number = [](Fields& f) { f.number("x", 0, 2); };
  CHECK(problem("{}", number) == "config.json: x is missing; a number in [0, 2] is needed.");
  for (const char* v : {"-0.1", "2.1", "1e308", "\"NaN\"", "false"})
    CHECK(problem(std::string("{\"x\":") + v + "}", number) ==
          std::string("config.json: x must be a number in [0, 2], found ") + v + ".");
  CHECK(problem(R"({"f":1})", [](Fields& f) { f.flag("f", false); }) ==
        "config.json: f must be true or false, found 1.");
  CHECK(problem(R"({"s":{}})", [](Fields& f) { f.text("s", ""); }) ==
        "config.json: s must be a string, found {}.");
  CHECK(problem(R"({"o":{"p":[1]}})", [](Fields& f) { f.object("o").object("p"); }) ==
        "config.json: o: p must be an object, found [1].");
  CHECK(problem(R"({"o":{"n":9}})", [](Fields& f) { f.object("o").integer("n", 0, 3); }) ==
        "config.json: o: n must be an integer in [0, 3], found 9.");
  CHECK(problem("[1]", [](Fields&) {}) == "config.json: must be an object, found an array.");
}

TEST_CASE("the first problem stays, and what is read after it is within its range") {
  CHECK(problem(R"({"a":"x","b":"y"})", [](Fields& f) {
          CHECK(f.integer("a", 5, 9) == 5);
          CHECK_FALSE(f.ok());
          CHECK(f.number("b", 2, 3) == 2);
          CHECK(f.integer("c", 4, 4) == 4);
          CHECK(f.flag("b", true));
          CHECK(f.text("b", "") == "y");
          f.fail("d", "is wrong.");
        }) == "config.json: a must be an integer in [5, 9], found \"x\".");
}

TEST_CASE("a long value is shown in part") {
  const std::string long_text = "{\"n\":\"" + std::string(1000, 'x') + "\"}";
  CHECK(problem(long_text, [](Fields& f) { f.integer("n", 0, 1); }).size() < 130);
  const std::string wide =
      "{\"n\":[" + std::string(100, ' ') + "\"" + std::string(30, 'a') + "漢漢漢漢漢漢漢漢漢漢漢漢漢\"]}";
  CHECK(problem(wide, [](Fields& f) { f.number("n", -kMost, kMost); }).size() < 180);
}

}  // namespace
}  // namespace quire
