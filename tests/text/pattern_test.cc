// Patterns: what Oniguruma and PCRE2 read differently, what is refused, and bounds on their work.
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/pattern.h"

#include <doctest/doctest.h>
#include <pcre2.h>

#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "text/pattern_dialect.h"

namespace quire {
namespace {

std::vector<std::string> matches(const std::string& pattern, std::string_view text) {
  const auto p = Pattern::compile(pattern, "test");
  REQUIRE_MESSAGE(p.ok(), p.status().message());
  std::vector<std::string> found;
  const Status s = p.value().each_match(text, [&](size_t begin, size_t end) {
    found.emplace_back(text.substr(begin, end - begin));
    return Status();
  });
  REQUIRE_MESSAGE(s.ok(), s.message());
  return found;
}

std::string refusal(const std::string& pattern) {
  return Pattern::compile(pattern, "test").status().message();
}

using Strings = std::vector<std::string>;

TEST_CASE("white space, digits and words are Unicode's, as Oniguruma has them") {
  CHECK(matches(R"(\s+)", "a \u0085\u00a0\u3000b\u180ec\u200bd") == Strings{" \u0085\u00a0\u3000"});
  CHECK(matches(R"([^\s]+)", "a\u180eb c") == Strings{"a\u180eb", "c"});
  CHECK(matches(R"(\d+)", "12\u0663\u00bd") == Strings{"12\u0663"});
  CHECK(matches(R"(\w+)", "a\u0301_\u203f9-\u24d0") == Strings{"a\u0301_\u203f9", "\u24d0"});
  CHECK(matches(R"(\bab\b)", "ab cab ab\u0301 ab") == Strings{"ab", "ab"});
  CHECK(matches(R"(\p{Han}+)", "\u6f22\u3001\u6f22") ==
        Strings{"\u6f22", "\u6f22"});  // script, not extensions
}

TEST_CASE("braces, anchors and empty matches as Oniguruma has them") {
  CHECK(matches(R"(a{,2})", "aaa") == Strings{"aa", "a"});
  CHECK(matches(R"(^.)", "ab\ncd") == Strings{"a", "c"});
  CHECK(matches(R"(x*)", "axb") == Strings{"", "x", ""});
  CHECK(matches(R"((?i:'S|K))", "'s'\u017f\u212a") == Strings{"'s", "'\u017f", "\u212a"});
  CHECK(matches(R"([\r\n\t\x41\u4e2d-\u4e2e]+)", "\r\n\tA\u4e2eB") == Strings{"\r\n\tA\u4e2e"});
}

TEST_CASE("what the two read differently is refused by name") {
  for (const char* pattern :
       {"a**",     "a{2}+",   "a{2}?",    "*a",        "a{b}",  "[[a]]",  "[a&&b]", "[]a]",
        "\\h",     "\\R",     "\\X",      "\\K",       "\\1",   "\\G",    "\\pL",   "\\p{Greek_Extended}",
        "\\p{Any", "(?<n>a)", "(?P<n>a)", "(*ACCEPT)", "(?#c)", "a(?i)b", "(?m:a)", "(?C1)a",
        "\\x80",   "\\u12",   "[\\s-x]",  "[\\W]",     "a\\",   "[a",     "\\Qa\\E"}) {
    CAPTURE(pattern);
    CHECK(refusal(pattern).find("not supported") != std::string::npos);
  }
  for (const char* pattern : {"(a", "a)", "(?<=a+)b", "[z-a]", "a{3,2}"}) {
    CAPTURE(pattern);
    CHECK(refusal(pattern).find("PCRE2") != std::string::npos);
  }
  CHECK(refusal(std::string(20000, 'a')).find("at most 16384") != std::string::npos);
  CHECK_FALSE(refusal(std::string(10000, '(')).empty());
  CHECK_FALSE(
      refusal("((((((((a{1,1000}){1,1000}){1,1000}){1,1000}){1,1000}){1,1000}){1,1000}){1,1000})").empty());
}

TEST_CASE("a literal pattern matches itself, whatever it means elsewhere") {
  const std::string text = "a.*[(\\Q\u4e2d{2}^$|?+)]-#\n\t'";
  const auto p = Pattern::literal(text, "test");
  REQUIRE(p.ok());
  int found = 0;
  const std::string twice = text + "x" + text;
  CHECK(p.value()
            .each_match(twice,
                        [&](size_t begin, size_t end) {
                          ++found;
                          CHECK(twice.substr(begin, end - begin) == text);
                          return Status();
                        })
            .ok());
  CHECK(found == 2);
}

TEST_CASE("a catastrophic pattern ends with an error soon, a long text does not") {
  const auto bad = Pattern::compile("(a+)+b|(a|aa)*c", "test");
  REQUIRE(bad.ok());
  const auto begin = std::chrono::steady_clock::now();
  const Status s = bad.value().each_match(std::string(50, 'a'), [](size_t, size_t) { return Status(); });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  CHECK(s.message().find("cannot be run on this text of 50 bytes") != std::string::npos);
  CHECK(took.count() < 20);
  CHECK(matches(R"(\s*[\r\n]+|\s+(?!\S)|\s+)", std::string(1'000'000, ' ') + "x").front().size() == 999'999);
  CHECK(matches(R"((?:\p{L}\p{M}*)+)", std::string(300'000, 'x')).size() == 1);
}

// One run of PCRE2 over the whole text, without bounds.
std::vector<std::string> plain_matches(const std::string& pattern, std::string_view text) {
  const auto translated = pcre2_from_oniguruma(pattern, "test");
  REQUIRE(translated.ok());
  const std::string& p = translated.value();
  const auto bytes = [](std::string_view s) { return reinterpret_cast<PCRE2_SPTR>(s.data()); };
  int error = 0;
  size_t at = 0;
  pcre2_code* code =
      pcre2_compile(bytes(p), p.size(), PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NO_AUTO_CAPTURE,
                    &error, &at, nullptr);
  REQUIRE(code);
  pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
  const size_t* found = pcre2_get_ovector_pointer(data);
  std::vector<std::string> all;
  for (size_t from = 0, last = SIZE_MAX;
       from <= text.size() && pcre2_match(code, bytes(text), text.size(), from, 0, data, nullptr) > 0;) {
    if (found[0] == found[1] && found[1] == last) {
      for (++from; from < text.size() && (static_cast<unsigned char>(text[from]) & 0xc0) == 0x80;) ++from;
      continue;
    }
    all.emplace_back(text.substr(found[0], found[1] - found[0]));
    from = last = found[1];
  }
  pcre2_match_data_free(data);
  pcre2_code_free(code);
  return all;
}

TEST_CASE("looking at a text in windows finds what looking at all of it finds") {
  const char* patterns[] = {
      R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
      R"((?<=\s)\p{L}+|(?<![a ])b|\bx\b|\B\d)",
      R"(x*|$|^ )",
      R"(^\s+|\s+$|a(?=\s*b)|\z|[^a]\Z)",
      R"((?=a)|b*?c|(?:ab?)+(?!x)|1{2,5}?2)",
      R"((?>a*)b|(?:a|b)*+c|.*\n|\d(?=(?:\d{3})+(?!\d)))",
      R"([^\n]+\n?)",
  };
  const std::string parts[] = {"a",  "b", "x",      " ",      "  ",         "\n",     "\r\n", "1", "2",
                               "'s", "c", "\u00e9", "\u6f22", "\U0001F600", "\u0301", ".",    "=", "\u3000"};
  std::mt19937 random(11);
  for (int round = 0; round < 1500; ++round) {
    std::string text;
    while (text.size() < 400) {
      const std::string& part = parts[random() % std::size(parts)];
      const size_t times = random() % 16 == 0 ? random() % 200 : 1 + random() % 3;
      for (size_t i = 0; i < times; ++i) text += part;
    }
    const std::string pattern = patterns[static_cast<size_t>(round) % std::size(patterns)];
    CAPTURE(pattern);
    CAPTURE(text);
    REQUIRE(matches(pattern, text) == plain_matches(pattern, text));
  }
}

TEST_CASE("a pattern that scans the same bytes again and again ends with an error soon") {
  const std::string text(1 << 20, 'a');
  for (const std::string pattern : {"a*+b", "a*a*b", "a*a*a*a*a*b", "(?>a*)b", "(?:a*+)+b", "a++b|a++c|a++d",
                                    "(?<=a)a*b|(?!a*c)[b-z]", "(?:a?){200}a{200}b", "\\s+$|a*b"}) {
    const auto p = Pattern::compile(pattern, "test");
    REQUIRE(p.ok());
    const auto begin = std::chrono::steady_clock::now();
    const Status s = p.value().each_match(text, [](size_t, size_t) { return Status(); });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    CAPTURE(pattern);
    CHECK(s.message() ==
          "test: its pattern cannot be run on this text of 1048576 bytes: it takes more steps than "
          "the length explains.");
    CHECK(took.count() < 5);
  }
}

TEST_CASE("the first problem of the receiver ends the run") {
  const auto p = Pattern::compile("a", "test");
  REQUIRE(p.ok());
  int calls = 0;
  const Status s = p.value().each_match("aaa", [&](size_t, size_t) {
    return ++calls == 2 ? Status(Code::kInvalidArgument, "enough") : Status();
  });
  CHECK(s.message() == "enough");
  CHECK(calls == 2);
}

}  // namespace
}  // namespace quire
