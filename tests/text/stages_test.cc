// Stages by themselves: what goldens cannot show, lengths that hurt, and plain text in every model.
#include <doctest/doctest.h>

#include <chrono>

#include "tests/long_run.h"
#include "tests/text/tokenizer_files.h"

namespace quire {
namespace {

double seconds(const Tokenizer& t, const std::string& text) {
  const auto begin = std::chrono::steady_clock::now();
  CHECK(t.encode(text).ok());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::string repeated(const std::string& part, size_t bytes) {
  std::string s;
  while (s.size() < bytes) s += part;
  return s;
}

TEST_CASE("much of one word, of spaces, of marks, of unknowns takes seconds in every kind, not hours") {
  for (const std::string& name : golden_names()) {
    const auto t = golden_tokenizer(name);
    for (const char* part : {"a", "ab", " ", "\u0301", "\u0315\u0334", "\u2581", "\U0001F600", "\n"}) {
      CAPTURE(name);
      CAPTURE(part);
      CHECK(seconds(*t, repeated(part, long_run() ? 1 << 20 : 1 << 17)) < 20);
    }
  }
}

TEST_CASE("a word without a limit is spelled by WordPiece in linear time") {
  const auto t = tokenizer_of(
      R"({"model": {"type": "WordPiece", "unk_token": "u", "max_input_chars_per_word": 100000000,
          "continuing_subword_prefix": "##", "vocab": {"u": 0, "a": 1, "##a": 2, "##aa": 3}}})");
  CHECK(seconds(*t, std::string(1 << 20, 'a')) < 20);
  CHECK(encoded(*t, "aaaa") == std::vector<Token>{1, 3, 2});
}

TEST_CASE("plain text is spelled with no special token by any model") {
  const std::string added = R"("added_tokens": [{"id": 0, "content": "<u>", "special": true},
                                              {"id": 1, "content": "<s>", "special": true}], )";
  const std::string words =
      R"("vocab": {"<u>": 0, "<s>": 1, "<": 2, "s": 3, ">": 4, "<s": 5, "##s": 6, "##>": 7})";
  const std::pair<std::string, std::vector<Token>> models[] = {
      {R"("type": "WordLevel", "unk_token": "<u>", )" + words, {0}},
      {R"("type": "WordPiece", "unk_token": "<u>", "continuing_subword_prefix": "##",
          "max_input_chars_per_word": 100, )" +
           words,
       {5, 7}},
      {R"("type": "BPE", "unk_token": "<u>", "ignore_merges": true, "merges": ["< s", "<s >"], )" + words,
       {5, 4}},
      {R"("type": "Unigram", "unk_id": 0, "vocab": [["<u>", 0], ["<s>", 0], ["<", -1], ["s", -1], [">", -1]])",
       {2, 3, 4}},
  };
  for (const auto& [model, wanted] : models) {
    CAPTURE(model);
    const auto t = tokenizer_of("{" + added + R"("model": {)" + model + "}}");
    const TextRange all[] = {{0, 3}};
    const auto ids = t->encode("<s>", {.add_special_tokens = false, .plain = all});
    REQUIRE_MESSAGE(ids.ok(), ids.status().message());
    CHECK(ids.value() == wanted);
    CHECK(encoded(*t, "<s>", false) == std::vector<Token>{1});
  }
}

TEST_CASE("plain text stays plain through normalizers") {
  const auto t = tokenizer_of(tiny_json(
      R"("normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKD"}, {"type": "Lowercase"},
           {"type": "Replace", "pattern": {"String": "x"}, "content": "abc"}, {"type": "StripAccents"}]},
         "added_tokens": [{"id": 8, "content": "<abc>", "special": true, "normalized": true}], )"));
  const auto ids = [&](std::string_view text, TextRange plain) {
    const TextRange ranges[] = {plain};
    auto found = t->encode(text, {.add_special_tokens = false, .plain = ranges});
    REQUIRE(found.ok());
    return std::move(found).value();
  };
  const std::string text = "<X><\uff21bc\u0301>";  // twice the token, if nothing is plain
  CHECK(encoded(*t, text, false) == std::vector<Token>{8, 8});
  CHECK(ids(text, {0, 3}) == std::vector<Token>{6, 8});
  CHECK(ids(text, {1, 2}) == std::vector<Token>{6, 8});
  CHECK(ids(text, {3, 5}) == std::vector<Token>{8, 6});
  CHECK(ids(text, {4, 5}) == std::vector<Token>{8, 6});
  CHECK(ids(text, {9, 12}) == std::vector<Token>{8, 6});
}

TEST_CASE("a chain of decoders gives joined what it gives at once, whole characters only") {
  const auto t = tokenizer_of(
      R"({"decoder": {"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "Replace", "pattern": {"String": "ab"},
          "content": "-"}, {"type": "Strip", "content": " ", "start": 1, "stop": 2}]},
          "model": {"type": "WordLevel", "unk_token": "u", "vocab": {"u": 0, " ": 1, "a": 2, "b": 3, "  b": 4}}})");
  CHECK(t->decode(std::vector<Token>{1, 1, 2, 3, 1, 4, 1, 1, 1}) == " -   b ");
  CHECK(t->decode(std::vector<Token>{1}) == "");
  CHECK(t->decode(std::vector<Token>{}) == "");
}

TEST_CASE("a hostile map of characters reads nothing beyond itself") {
  // A trie of 4 units whose offsets lead out of it.
  const auto t = tokenizer_of(tiny_json(
      R"("normalizer": {"type": "Precompiled", "precompiled_charsmap": "EAAAAAD///8A////AP///wD///9h"}, )"));
  CHECK(encoded(*t, "abcd").size() == 2);
}

}  // namespace
}  // namespace quire
