// Stop strings: found at the token that completes them, never shown in part, the same wherever the text is
// cut.
#include "text/stop_strings.h"

#include <doctest/doctest.h>

#include <random>

namespace quire {
namespace {

struct Answer {
  std::string text;
  std::optional<int32_t> stop;
  size_t tokens = 0;  // that were given before it was over
  friend bool operator==(const Answer&, const Answer&) = default;
};

// Shows the pieces as a stream would.
Answer stream(StopStrings stops, const std::vector<std::string>& pieces) {
  Answer a;
  for (const std::string& piece : pieces) {
    ++a.tokens;
    a.stop = stops.add(piece, a.text);
    if (a.stop) return a;
  }
  a.stop = stops.finish("", a.text);
  return a;
}

TEST_CASE("a stop string across tokens ends the answer at the token that completes it") {
  CHECK(stream({{"END"}, false}, {"one E", "N", "D two", "x"}) == Answer{"one ", 0, 3});
  CHECK(stream({{"END"}, true}, {"one E", "N", "D two", "x"}) == Answer{"one END", 0, 3});
  CHECK(stream({{"END"}, false}, {"one E", "N", "d two"}) == Answer{"one ENd two", std::nullopt, 3});
  CHECK(stream({{"END"}, false}, {"one EN"}) == Answer{"one EN", std::nullopt, 1});
  CHECK(stream({{"\u00e9"}, false}, {"", "caf", "\u00e9!"}) == Answer{"caf", 0, 3});
  CHECK(stream({{}, false}, {"a", "b"}) == Answer{"ab", std::nullopt, 2});
}

TEST_CASE("of several the one that ends first counts, of those that end together the first in the list") {
  CHECK(stream({{"abcd", "bc"}, false}, {"xabcd"}) == Answer{"xa", 1, 1});
  CHECK(stream({{"bc", "abc"}, false}, {"xabcd"}) == Answer{"xa", 0, 1});
  CHECK(stream({{"abc", "bc"}, false}, {"xabcd"}) == Answer{"x", 0, 1});
  CHECK(stream({{"aab"}, false}, {"aa", "ab"}) == Answer{"a", 0, 2});
}

TEST_CASE("only what could begin a stop string is held back") {
  StopStrings stops({"###", "\n\n"}, false);
  std::string shown;
  CHECK_FALSE(stops.add("a#", shown).has_value());
  CHECK(shown == "a");
  CHECK_FALSE(stops.add("#b\n", shown).has_value());
  CHECK(shown == "a##b");
  CHECK_FALSE(stops.add("c", shown).has_value());
  CHECK(shown == "a##b\nc");
  StopStrings kept({"###"}, true);  // it will be shown anyway
  shown.clear();
  CHECK_FALSE(kept.add("a##", shown).has_value());
  CHECK(shown == "a##");
  CHECK(kept.add("#z", shown) == 0);
  CHECK(shown == "a###");
}

TEST_CASE("a stop string counts only when a token after the first min_tokens completes it") {
  CHECK(stream({{"ab"}, false, 2}, {"ab", "ab", "ab", "c"}) == Answer{"abab", 0, 3});
  CHECK(stream({{"ab"}, false, 2}, {"x", "a", "b", "c"}) == Answer{"x", 0, 3});  // it may begin before
  CHECK(stream({{"ab"}, false, 3}, {"x", "a", "b", "c"}) == Answer{"xabc", std::nullopt, 4});
  CHECK(stream({{"aa"}, false, 1}, {"aa", "a"}) == Answer{"a", 0, 2});  // the second "aa"
  CHECK(stream({{"ab"}, true, 1}, {"ab", "xab"}) == Answer{"abxab", 0, 2});
}

TEST_CASE("what the detokenizer held at the end is searched as text of the last token") {
  StopStrings stops({"\xef\xbf\xbd"}, false, 1);
  std::string shown;
  CHECK_FALSE(stops.add("a", shown).has_value());
  CHECK_FALSE(stops.add("", shown).has_value());
  CHECK(stops.finish("\xef\xbf\xbd", shown) == 0);
  CHECK(shown == "a");
  StopStrings early({"\xef\xbf\xbd"}, false, 1);
  shown.clear();
  CHECK_FALSE(early.add("a", shown).has_value());
  CHECK_FALSE(early.finish("\xef\xbf\xbd", shown).has_value());
  CHECK(shown == "a\xef\xbf\xbd");
}

// The rule in its plainest words, on all pieces at once.
Answer plain(const std::vector<std::string>& stops, bool include, size_t min_tokens,
             const std::vector<std::string>& pieces) {
  std::string text;
  for (size_t t = 0; t < pieces.size(); ++t) {
    for (const char c : pieces[t]) {
      text += c;
      for (size_t s = 0; s < stops.size(); ++s)
        if (t >= min_tokens && text.ends_with(stops[s]))
          return {include ? text : text.substr(0, text.size() - stops[s].size()), static_cast<int32_t>(s),
                  t + 1};
    }
  }
  return {text, std::nullopt, pieces.size()};
}

TEST_CASE("random stops and cuts: equal to the rule, and a stream never shows what the answer has not") {
  std::mt19937 random(11);
  const auto word = [&](size_t least, size_t most) {
    std::string s;
    for (size_t n = least + random() % (most - least + 1); n > 0; --n)
      s += static_cast<char>('a' + random() % 2);
    return s;
  };
  int stopped = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::string> stops, pieces;
    for (size_t n = random() % 4; n > 0; --n) stops.push_back(word(1, 6));
    for (size_t n = random() % 9; n > 0; --n) pieces.push_back(word(0, 4));
    const bool include = random() % 2;
    const int32_t min_tokens = static_cast<int32_t>(random() % 4);
    const Answer wanted = plain(stops, include, static_cast<size_t>(min_tokens), pieces);
    REQUIRE(stream({stops, include, min_tokens}, pieces) == wanted);
    stopped += wanted.stop.has_value();
    StopStrings live(stops, include, min_tokens);
    std::string shown;
    for (size_t t = 0; t < wanted.tokens; ++t) {
      const bool over = live.add(pieces[t], shown).has_value();
      REQUIRE(wanted.text.starts_with(shown));
      REQUIRE(over == (wanted.stop && t + 1 == wanted.tokens));
    }
  }
  CHECK(stopped > 5000);
}

}  // namespace
}  // namespace quire
