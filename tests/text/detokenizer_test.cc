// The pieces of a detokenizer: whole characters, final, and joined the text of the whole.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "base/utf8.h"
#include "tests/text/tokenizer_files.h"
#include "text/lossy_utf8.h"

namespace quire {
namespace {

// As Unicode's section 3.9 says, written for the whole at once.
std::string lossy(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const size_t n = utf8_length(bytes);
    if (n) text += bytes.substr(0, n);
    else text += "\xef\xbf\xbd";
    bytes.remove_prefix(n ? n : std::min(bytes.size(), utf8_bad_length(bytes)));
  }
  return text;
}

// A suffix or a byte may still change what is before it: what is certain comes later than for bytes alone.
bool waits(const std::string& name) {
  static const std::vector<std::string> names = {"llama2", "mistral", "gemma", "sp_llama", "sp_gemma"};
  return std::ranges::find(names, name) != names.end();
}

TEST_CASE("pieces joined equal the whole, each is whole characters, and none comes later than it must") {
  for (const std::string& name : golden_names()) {
    const auto tokenizer = golden_tokenizer(name);
    for (const Json& line : golden_lines(name, "decode.jsonl")) {
      const std::vector<Token> ids = ids_of(*line.find("ids"));
      for (const bool skip : {false, true}) {
        const std::string whole = tokenizer->decode(ids, skip);
        const auto detokenizer = tokenizer->detokenizer(skip);
        std::string joined;
        for (size_t i = 0; i < ids.size(); ++i) {
          std::string piece;
          detokenizer->add(ids[i], piece);
          CHECK(is_utf8(piece));
          joined += piece;
          CHECK(whole.starts_with(joined));
          // Only the beginning of one character may wait: the text so far has at most one U+FFFD more.
          const std::string now = tokenizer->decode(std::span(ids).first(i + 1), skip);
          CHECK((waits(name) || now == joined || now == joined + "\xef\xbf\xbd"));
        }
        detokenizer->finish(joined);
        CHECK(joined == whole);
      }
    }
  }
}

TEST_CASE("a character comes with its last byte, and half a one at the end is one U+FFFD") {
  const auto tokenizer = golden_tokenizer("gpt2");
  const std::string grin = "\xf0\x9f\x98\x80";
  const std::vector<Token> ids = encoded(*tokenizer, grin);
  REQUIRE(ids.size() >= 2);
  const auto detokenizer = tokenizer->detokenizer(true);
  std::string text;
  for (size_t i = 0; i < ids.size(); ++i) {
    CHECK(text.empty());
    detokenizer->add(ids[i], text);
  }
  CHECK(text == grin);
  const auto cut = tokenizer->detokenizer(true);
  std::string half;
  cut->add(ids[0], half);
  CHECK(half.empty());
  cut->finish(half);
  CHECK(half == "\xef\xbf\xbd");
}

TEST_CASE("a skipped special token does not break a character, a shown one does") {
  const auto tokenizer = golden_tokenizer("gpt2");
  const Token end = *tokenizer->id_of("<|endoftext|>");
  const std::vector<Token> ids = {*tokenizer->id_of("\u00c3"), end, *tokenizer->id_of("\u00a9")};  // C3, A9
  CHECK(tokenizer->decode(ids, true) == "\u00e9");
  CHECK(tokenizer->decode(ids, false) == "\xef\xbf\xbd<|endoftext|>\xef\xbf\xbd");
}

TEST_CASE("an id without an entry gives nothing") {
  const auto tokenizer = golden_tokenizer("gpt2");
  const std::vector<Token> ids = {-1, tokenizer->size(), INT32_MAX, INT32_MIN, *tokenizer->id_of("a")};
  CHECK(tokenizer->decode(ids) == "a");
}

TEST_CASE("bytes cut anywhere become the same text as in one piece") {
  std::mt19937 random(7);
  const unsigned char hard[] = {0x00, 0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xa0, 0x9f,
                                0xe1, 0xed, 0xef, 0xf0, 0x90, 0x8f, 0xf1, 0xf3, 0xf4, 0xf5, 0xff, 0xe4};
  for (int round = 0; round < 20000; ++round) {
    std::string bytes, text;
    LossyUtf8 stream;
    for (size_t parts = 1 + random() % 6; parts > 0; --parts) {
      std::string part;
      for (size_t n = random() % 4; n > 0; --n) part += static_cast<char>(hard[random() % sizeof hard]);
      bytes += part;
      stream.add(part, text);
      CHECK(is_utf8(text));
    }
    stream.finish(text);
    REQUIRE(text == lossy(bytes));
  }
}

TEST_CASE("without a decoder the spellings stand one space apart") {
  const auto tokenizer = tokenizer_of(
      R"({"decoder": null, "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}})");
  const std::vector<Token> ids = {2, 0, 1};
  CHECK(tokenizer->decode(ids) == "ab a b");
}

}  // namespace
}  // namespace quire
