// UTF-8 against an encoder of its own, and the examples of the Unicode standard.
#include "base/utf8.h"

#include <doctest/doctest.h>

#include <string>

namespace quire {
namespace {

std::string encoded(uint32_t c) {
  const auto byte = [](uint32_t v) { return static_cast<char>(v); };
  const auto tail = [&](int shift) { return byte(0x80 | (c >> shift & 0x3f)); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xc0 | c >> 6), tail(0)};
  if (c < 0x10000) return {byte(0xe0 | c >> 12), tail(6), tail(0)};
  return {byte(0xf0 | c >> 18), tail(12), tail(6), tail(0)};
}

// Every maximal bad part made one U+FFFD, shown as '?'.
std::string replaced(std::string_view s) {
  std::string out;
  while (!s.empty()) {
    size_t n = utf8_length(s);
    if (n > 0) {
      out += s.substr(0, n);
    } else {
      out += '?';
      n = utf8_bad_length(s);
    }
    REQUIRE(n >= 1);
    REQUIRE(n <= s.size());
    s.remove_prefix(n);
  }
  return out;
}

TEST_CASE("every character has its length, every surrogate none") {
  for (uint32_t c = 0; c < 0x110000 + 1000; ++c) {
    const std::string s = encoded(c);
    const bool good = (c < 0xd800 || c > 0xdfff) && c < 0x110000;
    REQUIRE(utf8_length(s) == (good ? s.size() : 0));
    REQUIRE(is_utf8(s) == good);
    if (!good) continue;
    REQUIRE(utf8_length(s + "\xff") == s.size());
    for (size_t n = 1; n < s.size(); ++n) {  // cut: one bad part
      REQUIRE(utf8_length(s.substr(0, n)) == 0);
      REQUIRE(utf8_bad_length(s.substr(0, n)) == n);
    }
  }
}

TEST_CASE("all pairs of bytes: good exactly where an encoder makes them") {
  int good = 0;
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      const std::string s{static_cast<char>(a), static_cast<char>(b)};
      const bool two = a >= 0xc2 && a <= 0xdf && b >= 0x80 && b <= 0xbf;
      REQUIRE(is_utf8(s) == (two || (a < 0x80 && b < 0x80)));
      good += two;
    }
  CHECK(good == 0x800 - 0x80);
}

TEST_CASE("the examples of the standard, tables 3-8 to 3-11") {
  CHECK(replaced("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") == "????????A");
  CHECK(replaced("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41") == "????????A");
  CHECK(replaced("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42") == "?????A??B");
  CHECK(replaced("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") == "????A");
  CHECK(replaced("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64") == "a???b?c??d");
}

TEST_CASE("nothing is fine") {
  CHECK(is_utf8(""));
  CHECK(is_utf8(std::string_view("\0", 1)));
  CHECK(utf8_length("") == 0);
}

}  // namespace
}  // namespace quire
