// Encoding and decoding against what HF tokenizers made of the same strings and ids (tools/text_goldens).
#include <doctest/doctest.h>

#include "tests/text/tokenizer_files.h"

namespace quire {
namespace {

TEST_CASE("strings become the ids of HF tokenizers, with and without special tokens") {
  for (const std::string& name : golden_names()) {
    const auto tokenizer = golden_tokenizer(name);
    for (const Json& line : golden_lines(name, "encode.jsonl")) {
      const std::string& text = *line.find("text")->string();
      CAPTURE(name);
      CAPTURE(text);
      CHECK(encoded(*tokenizer, text, true) == ids_of(*line.find("ids")));
      CHECK(encoded(*tokenizer, text, false) == ids_of(member(line, "plain", "ids")));
    }
  }
}

TEST_CASE("random ids become the text of HF tokenizers, special tokens shown and skipped") {
  for (const std::string& name : golden_names()) {
    const auto tokenizer = golden_tokenizer(name);
    for (const Json& line : golden_lines(name, "decode.jsonl")) {
      CAPTURE(name);
      const std::vector<Token> ids = ids_of(*line.find("ids"));
      CHECK(tokenizer->decode(ids, false) == *line.find("text")->string());
      CHECK(tokenizer->decode(ids, true) == *member(line, "skipped", "text").string());
    }
  }
}

TEST_CASE("what was encoded without added tokens decodes to itself") {
  const auto tokenizer = golden_tokenizer("gpt2");
  for (const Json& line : golden_lines("gpt2", "encode.jsonl")) {
    const std::string& text = *line.find("text")->string();
    CHECK(tokenizer->decode(encoded(*tokenizer, text), false) == text);
  }
}

TEST_CASE("spellings and ids are each other's inverse, and ids have an end") {
  for (const std::string& name : golden_names()) {
    const auto tokenizer = golden_tokenizer(name);
    int32_t spelled = 0;
    for (Token id = 0; id < tokenizer->size(); ++id) {
      const auto spelling = tokenizer->spelling(id);
      if (!spelling) continue;
      ++spelled;
      CHECK(tokenizer->id_of(*spelling) == id);
    }
    CHECK(spelled > 500);
    CHECK(tokenizer->spelling(tokenizer->size() - 1).has_value());
    CHECK_FALSE(tokenizer->spelling(tokenizer->size()).has_value());
    CHECK_FALSE(tokenizer->spelling(-1).has_value());
    CHECK_FALSE(tokenizer->id_of("no such token at all").has_value());
  }
  const auto tokenizer = golden_tokenizer("llama3");
  const auto bos = tokenizer->id_of("<|begin_of_text|>");
  REQUIRE(bos.has_value());
  CHECK(tokenizer->is_special(*bos));
  CHECK_FALSE(tokenizer->is_special(5));
  CHECK_FALSE(golden_tokenizer("qwen2")->is_special(*golden_tokenizer("qwen2")->id_of("<tool_call>")));
}

TEST_CASE("a text that is not UTF-8 is refused") {
  const auto tokenizer = golden_tokenizer("gpt2");
  for (const char* bad : {"\xff", "abc\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80"})
    CHECK(tokenizer->encode(bad, {}).status().message() == "The text is not valid UTF-8.");
}

}  // namespace
}  // namespace quire
