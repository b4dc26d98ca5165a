// Added tokens: which one is found where, what white space it takes, and the template around a text.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/text/tokenizer_files.h"

namespace quire {
namespace {

using Ids = std::vector<Token>;

// The tiny tokenizer with added tokens from id 8 on, each {"content", flags...}.
std::unique_ptr<Tokenizer> with(const std::vector<std::string>& tokens) {
  std::string list;
  for (size_t i = 0; i < tokens.size(); ++i)
    list += (i ? ", {" : "{") + std::string("\"id\": ") + std::to_string(8 + i) + ", " + tokens[i] + "}";
  return tokenizer_of(tiny_json("\"added_tokens\": [" + list + R"(], "pre_tokenizer": {"type": "ByteLevel",
      "add_prefix_space": false, "use_regex": false}, )"));
}

TEST_CASE("the leftmost, then the longest is found, and its content is not split") {
  const auto t = with({R"("content": "<x>")", R"("content": "<x>y")", R"("content": "x>yz")"});
  CHECK(encoded(*t, "a<x>b") == Ids{0, 8, 1});
  CHECK(encoded(*t, "a<x>yzb") == Ids{0, 9, 1});  // z is nothing: the vocabulary lacks it
  CHECK(encoded(*t, "x>yz<x>") == Ids{10, 8});
  CHECK(encoded(*t, "<x") == Ids{});
  CHECK(t->spelling(9) == "<x>y");
  CHECK(t->id_of("<x>y") == 9);
  CHECK(t->size() == 11);
}

TEST_CASE("lstrip and rstrip take all white space on their side") {
  const auto t = with({R"("content": "<l>", "lstrip": true)", R"("content": "<r>", "rstrip": true)"});
  CHECK(encoded(*t, "a \t\u3000<l> a") == Ids{0, 8, 4, 0});
  CHECK(encoded(*t, "a <r> \u2028\u00a0\n a") == Ids{0, 4, 9, 0});
  CHECK(encoded(*t, "<r>  <l>") == Ids{9, 8});
}

TEST_CASE("a single word is not one beside a letter, a digit, a mark or an underscore") {
  const auto t = with({R"("content": "##", "single_word": true)"});
  for (const char* text : {"##", " ## ", "-##-", "\u3000##\u2028"}) {
    const Ids ids = encoded(*t, text);
    CHECK(std::ranges::count(ids, 8) == 1);
  }
  for (const char* text :
       {"a##", "##b", "\u00e9##", "##\u4e2d", "_##", "1##", "##\u0301", "\u0967##", "##\u200d"}) {
    const Ids ids = encoded(*t, text);
    CHECK(std::ranges::count(ids, 8) == 0);
  }
}

TEST_CASE("a long run of white space beside tokens that take it is walked once") {
  const auto t = with({R"("content": " ", "rstrip": true)", R"("content": "<l>", "lstrip": true)"});
  const Ids ids = encoded(*t, std::string(300'000, ' ') + "<l>");
  CHECK(ids.size() == 300'001);
}

TEST_CASE("special tokens stand where the template puts them, and a text may hold them too") {
  const std::string file = tiny_json(R"("added_tokens": [{"id": 8, "content": "<s>", "special": true}],
      "post_processor": {"type": "Sequence", "processors": [{"type": "ByteLevel"}, {"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "S", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                   {"SpecialToken": {"id": "E", "type_id": 0}}],
        "pair": [], "special_tokens": {"S": {"id": "S", "ids": [8], "tokens": ["<s>"]},
                                       "E": {"id": "E", "ids": [3, 3], "tokens": ["d", "d"]}}}]}, )");
  const auto t = tokenizer_of(file);
  CHECK(encoded(*t, "ab") == Ids{8, 5, 3, 3});
  CHECK(encoded(*t, "ab", false) == Ids{5});
  CHECK(encoded(*t, "") == Ids{8, 3, 3});
  CHECK(encoded(*t, "<s>ab", false) == Ids{8, 5});
  CHECK(t->decode(Ids{8, 5, 3}) == "abd");
  CHECK(t->decode(Ids{8, 5, 3}, false) == "<s>abd");
}

TEST_CASE("plain text never becomes a special token, in whole or in part, but other added tokens stay") {
  const auto t = tokenizer_of(tiny_json(
      R"("added_tokens": [{"id": 8, "content": "<ab>", "special": true}, {"id": 9, "content": "<ab>d", "special": true},
                          {"id": 10, "content": "<cd>", "special": false}, {"id": 11, "content": "<ba>", "special": true, "normalized": true}], )"));
  const std::string text = "<ab>d<ab>d<cd><ba>";
  const auto with_plain = [&](std::vector<TextRange> plain) {
    auto ids = t->encode(text, {.add_special_tokens = false, .plain = plain});
    REQUIRE_MESSAGE(ids.ok(), ids.status().message());
    return std::move(ids).value();
  };
  CHECK(with_plain({}) == Ids{9, 9, 10, 11});
  CHECK(with_plain({{0, text.size()}}) == Ids{5, 3, 5, 3, 10, 1, 0});
  CHECK(with_plain({{0, SIZE_MAX}}) == Ids{5, 3, 5, 3, 10, 1, 0});
  CHECK(with_plain({{4, 5}}) == Ids{8, 3, 9, 10, 11});  // the longer token would take a plain d
  CHECK(with_plain({{1, 2}, {6, 6}}) == Ids{5, 3, 9, 10, 11});
  CHECK(with_plain({{17, 18}}) == Ids{9, 9, 10, 1, 0});
  CHECK(with_plain({{30, 40}}) == Ids{9, 9, 10, 11});
}

}  // namespace
}  // namespace quire
