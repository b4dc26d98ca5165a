// Any bytes as a tokenizer.json: refused in one sentence, or a tokenizer that keeps the promises of its
// header on texts and ids, among them the file's own bytes.
#include <algorithm>
#include <cstdint>

#include "base/utf8.h"
#include "text/tokenizer.h"

namespace quire {
namespace {

void check_decoding(const Tokenizer& t, const std::vector<Token>& ids) {
  for (const bool skip : {false, true}) {
    const auto detokenizer = t.detokenizer(skip);
    std::string joined;
    for (const Token id : ids) {
      detokenizer->add(id, joined);
      QUIRE_CHECK(is_utf8(joined));
    }
    detokenizer->finish(joined);
    QUIRE_CHECK(joined == t.decode(ids, skip));
  }
}

void check_text(const Tokenizer& t, std::string_view text) {
  for (const bool special : {false, true}) {
    const auto ids = t.encode(text, {special});
    QUIRE_CHECK(!is_utf8(text) == (ids.status().message() == "The text is not valid UTF-8."));
    if (!ids.ok()) continue;
    const auto again = t.encode(text, {special});
    QUIRE_CHECK(again.ok() && again.value() == ids.value());
    if (!special)
      for (const Token id : ids.value()) QUIRE_CHECK(t.spelling(id).has_value());
    check_decoding(t, ids.value());
  }
}

void check(std::string_view file) {
  const auto t = parse_tokenizer(file, "f");
  if (!t.ok()) {
    const std::string sentence = t.status().message();
    QUIRE_CHECK(sentence.starts_with("f: ") && sentence.size() < 1000);
    QUIRE_CHECK(sentence.find('\n') == std::string::npos);
    return;
  }
  const Tokenizer& tokenizer = *t.value();
  check_text(tokenizer, "");
  check_text(tokenizer, "It's 12345 caf\u00e9s,  \u4e2d\u6587 <s>\n\n\t x\u0301 \U0001F600\u200d <|end|>");
  check_text(tokenizer, std::string(100, 'a') + std::string(100, ' ') + "b");
  check_text(tokenizer, file.substr(0, 300));
  std::vector<Token> ids = {-1, tokenizer.size(), INT32_MAX};
  for (const char byte : file.substr(0, 100)) ids.push_back(static_cast<unsigned char>(byte));
  check_decoding(tokenizer, ids);
  for (Token id = 0; id < std::min(tokenizer.size(), 1000); ++id)
    if (const auto spelling = tokenizer.spelling(id))  // two may be spelled alike, or normalized
      if (const auto same = tokenizer.id_of(*spelling)) QUIRE_CHECK(tokenizer.spelling(*same) == spelling);
}

}  // namespace
}  // namespace quire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  quire::check(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
