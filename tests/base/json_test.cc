// JSON: what is kept as written, what is refused and where, and that printing reads back the same.
#include "base/json.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <random>

namespace quire {
namespace {

// Printed again; or the error.
std::string again(std::string_view text, const JsonLimits& limits = {}) {
  const Result<Json> r = parse_json(text, limits);
  if (!r.ok()) return "error: " + r.status().message();
  std::string s;
  append_json(r.value(), s);
  return s;
}

bool refused(std::string_view text) { return !parse_json(text).ok(); }

Json parsed(std::string_view text) {
  Result<Json> r = parse_json(text);
  REQUIRE(r.ok());
  return std::move(r).value();
}

TEST_CASE("keys keep their order and numbers their spelling") {
  const char* kSame[] = {
      "null",
      "true",
      "[]",
      "{}",
      "\"\"",
      R"({"z":1,"a":1.0,"m":1e0,"b":-0,"c":-0.0,"d":10E+2})",
      R"({"big":123456789012345678901234567890,"small":-0.1234567890123456789012345678901234567890})",
      R"([[[]],{"":{"":[]}},"\"\\\n\r\t\u0001\u0000","é漢😀"])",
  };
  for (const char* text : kSame) CHECK(again(text) == text);
  CHECK(again(" [ 1 ,\n{ \"a\" :\t2 }\r ] ") == R"([1,{"a":2}])");
  CHECK(again(R"("\u00e9\u6f22\ud83d\ude00\/\b\f")") == "\"é漢😀/\\u0008\\u000c\"");
}

TEST_CASE("the kinds are told apart") {
  CHECK(parsed("null").is_null());
  CHECK(*parsed("false").boolean() == false);
  CHECK(parsed("1").number()->text == "1");
  CHECK(parsed("1").string() == nullptr);
  CHECK(parsed("\"x\"").kind_name() == "a string");
  CHECK(parsed("[1,2]").array()->size() == 2);
  const Json o = parsed(R"({"a":null,"b":[true]})");
  REQUIRE(o.find("a") != nullptr);
  CHECK(o.find("a")->is_null());
  CHECK(o.find("c") == nullptr);
  CHECK(o.find("b")->find("a") == nullptr);  // no object
}

TEST_CASE("integers are those without point and exponent that fit") {
  CHECK(parsed("9223372036854775807").integer() == std::numeric_limits<int64_t>::max());
  CHECK(parsed("-9223372036854775808").integer() == std::numeric_limits<int64_t>::min());
  CHECK(parsed("9223372036854775808").integer() == std::nullopt);
  CHECK(parsed("18446744073709551615").unsigned_integer() == std::numeric_limits<uint64_t>::max());
  CHECK(parsed("18446744073709551616").unsigned_integer() == std::nullopt);
  CHECK(parsed("-1").unsigned_integer() == std::nullopt);
  for (const char* text : {"1.0", "1e2", "\"1\"", "true", "null", "[1]"})
    CHECK(parsed(text).integer() == std::nullopt);
}

TEST_CASE("real numbers are finite") {
  CHECK(parsed("1").real() == 1.0);
  CHECK(parsed("-2.5e-1").real() == -0.25);
  CHECK(parsed("123456789012345678901234567890").real() == 123456789012345678901234567890.0);
  CHECK(parsed("1e308").real() == 1e308);
  for (const std::string& text : {std::string("1e400"), std::string("-1e400"), "1" + std::string(400, '0')})
    CHECK(again(text) == "error: not valid JSON at byte 0: Number too big to be stored in double.");
  CHECK(Json(Json::Number{"1e400"}).real() == std::nullopt);
  CHECK(parsed("1e-400").real() == 0.0);
  CHECK(parsed("0." + std::string(400, '0') + "1").real() == 0.0);
  CHECK(parsed("0." + std::string(400, '0') + "1e+1").real() == 0.0);
  CHECK(parsed("\"1\"").real() == std::nullopt);
}

TEST_CASE("what is not JSON is refused") {
  const char* kBad[] = {"",          " ",         "nul",       "NaN",         "Infinity",
                        "-Infinity", "-",         "+1",        "01",          "1.",
                        ".5",        "1e",        "0x10",      "1 2",         "1,",
                        "[1,]",      "[,1]",      "[1 2]",     "[1",          "]",
                        "{\"a\":}",  "{\"a\"}",   "{a:1}",     "{'a':1}",     "{\"a\":1,}",
                        "{1:2}",     "{\"a\" 1}", "\"a",       "'a'",         "// x\n1",
                        "/* */1",    "\"\\x\"",   "\"\\u12\"", "\"\\u12g4\"", "\"\n\"",
                        "\"\x01\"",  "truefalse", "[1]x",      "{}{}",        "\xef\xbb\xbf{}",
                        "--1",       "1e+",       "tru\0e"};
  for (const char* text : kBad) {
    CAPTURE(text);
    CHECK(refused(text));
  }
  CHECK(refused(std::string_view("1\0", 2)));  // an end that is none
  CHECK(refused(std::string_view("{}\0{\"a\":1}", 9)));
  CHECK(refused(std::string_view("\"a\0b\"", 5)));
}

TEST_CASE("strings are Unicode: no bad UTF-8, no lone surrogate, in keys neither") {
  const char* kBad[] = {"\"\xff\"",          "\"\xc0\xaf\"", "\"\xed\xa0\x80\"",  "\"\xf4\x90\x80\x80\"",
                        "\"\xe2\x82\"",      "{\"\xff\":1}", R"("\ud800")",       R"("\udc00")",
                        R"("\ud800\ud800")", R"("\ud800x")", R"("\udc00\ud800")", R"({"\udc00":1})"};
  for (const char* text : kBad) {
    CAPTURE(text);
    CHECK(refused(text));
  }
}

TEST_CASE("a key given twice is named, however many there are") {
  CHECK(again(R"({"a":1,"b":{"c":1,"c":2}})").find("the key \"c\" is given twice") != std::string::npos);
  CHECK(refused(R"({"\u0061":1,"a":2})"));
  std::string many = "{";
  for (int i = 0; i < 1000; ++i) many += '"' + std::to_string(i) + "\":0,";
  CHECK_FALSE(refused(many + "\"x\":0}"));
  CHECK(refused(many + "\"77\":0}"));
}

TEST_CASE("depth and number of values are bounded") {
  const auto nested = [](int n) { return std::string(n, '[') + std::string(n, ']'); };
  CHECK_FALSE(refused(nested(64)));
  CHECK(again(nested(65)).find("nested deeper than 64 levels") != std::string::npos);
  CHECK(refused(nested(100'000)));
  CHECK(refused(std::string(1'000'000, '[')));
  CHECK(again("[1,2,3]", {.depth = 1, .values = 4}) == "[1,2,3]");
  CHECK(again(R"({"a":{"x":1},"b":{"y":2}})", {.keys = 2}) == R"({"a":{"x":1},"b":{"y":2}})");
  CHECK(again(R"({"a":{"x":1},"b":2,"c":3})", {.keys = 2}).find("more than 2 keys") != std::string::npos);
  CHECK(again("[1,2,3]", {.depth = 1, .values = 3}).find("more than 3 values") != std::string::npos);
}

TEST_CASE("a text cut anywhere is refused at a byte") {
  const std::string whole =
      R"({"a":[1,-2.5e3,true,null,"x\u00e9\n\ud83d\ude00 漢"],"b":{"c":{},"d":[]},"e":"f"})";
  REQUIRE_FALSE(refused(whole));
  for (size_t n = 0; n < whole.size(); ++n) {
    const std::string e = again(whole.substr(0, n));
    CAPTURE(n);
    CHECK(e.starts_with("error: not valid JSON at byte "));
  }
}

TEST_CASE("changed bytes never crash, and what is read prints to something that reads the same") {
  const std::string whole = R"({"a":[1,-2.5e3,true,null,"x\u00e9\n漢"],"b":{"c":{},"d":[]},"e":0.125})";
  std::mt19937 rng(3);
  int taken = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = whole;
    for (int k = 1 + static_cast<int>(rng() % 3); k > 0; --k)
      text[rng() % text.size()] = static_cast<char>(rng());
    const std::string first = again(text);
    if (first.starts_with("error: ")) continue;
    ++taken;
    REQUIRE(again(first) == first);
  }
  CHECK(taken > 100);
}

TEST_CASE("numbers print as the shortest text that reads back the same") {
  const auto shown = [](auto v) {
    std::string s;
    append_json_number(v, s);
    return s;
  };
  CHECK(shown(0.1f) == "0.1");
  CHECK(shown(-0.25) == "-0.25");
  CHECK(shown(std::numeric_limits<float>::quiet_NaN()) == "null");
  CHECK(shown(-std::numeric_limits<double>::infinity()) == "null");
  std::mt19937 rng(4);
  for (int i = 0; i < 20000; ++i) {
    const float v = std::bit_cast<float>(static_cast<uint32_t>(rng()));
    if (!std::isfinite(v)) continue;
    const Json j = parsed(shown(v));
    REQUIRE(std::bit_cast<uint32_t>(static_cast<float>(*j.real())) == std::bit_cast<uint32_t>(v));
  }
}

TEST_CASE("bad bytes print as replacement characters") {
  std::string s;
  append_json_string(std::string_view("a\xff\"\\\x7f\0z", 7), s);
  CHECK(s == "\"a\xef\xbf\xbd\\\"\\\\\\u007f\\u0000z\"");
}

TEST_CASE("files: errors begin with the path") {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("quire_json_test_" + std::to_string(::getpid()))).string();
  CHECK(read_json_file(path).status().message().starts_with(path + ": cannot be opened"));
  CHECK(read_json_file("/").status().message().starts_with("/: "));
  std::FILE* f = std::fopen(path.c_str(), "wb");
  REQUIRE(f);
  std::fputs("{\"a\": [1, 2]}", f);
  std::fclose(f);
  CHECK(read_json_file(path).ok());
  CHECK(read_json_file(path, 13).ok());
  CHECK(read_json_file(path, 12).status().message() == path + ": larger than the 12 bytes that are allowed.");
  std::remove(path.c_str());
}

}  // namespace
}  // namespace quire
