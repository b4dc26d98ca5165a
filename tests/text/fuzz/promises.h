// What every tokenizer promises of every text and every list of ids: the checks that the fuzz targets share.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "text/tokenizer.h"

namespace quire {

// Pieces are whole characters, never change, and are joined what decode() gives: at every split, since each
// beginning of the ids is looked at.
inline void check_decoding(const Tokenizer& t, const std::vector<Token>& ids) {
  for (const bool skip : {false, true}) {
    const std::string whole = t.decode(ids, skip);
    const auto detokenizer = t.detokenizer(skip);
    std::string joined;
    size_t checked = 0;  // bytes of `joined`
    for (const Token id : ids) {
      detokenizer->add(id, joined);
      QUIRE_CHECK(is_utf8(std::string_view(joined).substr(checked)) && joined.size() <= whole.size());
      checked = joined.size();
    }
    detokenizer->finish(joined);
    QUIRE_CHECK(joined == whole);
  }
}

// Refused if it is no UTF-8, else perhaps by a limit or for want of an unknown token, and if `always_ok`
// never; the same twice.
inline void check_text(const Tokenizer& t, std::string_view text, bool always_ok = false) {
  for (const bool special : {false, true}) {
    const auto ids = t.encode(text, {special});
    QUIRE_CHECK(!is_utf8(text) == (ids.status().message() == "The text is not valid UTF-8."));
    QUIRE_CHECK(ids.ok() || !always_ok || !is_utf8(text));
    const auto again = t.encode(text, {special});
    QUIRE_CHECK(again.status().message() == ids.status().message());
    if (!ids.ok()) continue;
    QUIRE_CHECK(again.value() == ids.value());
    if (!special)
      for (const Token id : ids.value()) QUIRE_CHECK(t.spelling(id).has_value());
    check_decoding(t, ids.value());
  }
}

// What is said of a file that is refused: one sentence that begins with its name.
inline void check_refusal(const Status& status) {
  QUIRE_CHECK(status.message().starts_with("f: ") && status.message().size() < 1000);
  QUIRE_CHECK(status.message().find('\n') == std::string::npos);
}

// A tokenizer that was made of `file`, on a few texts and ids, among them the file's own bytes.
inline void check_tokenizer(const Tokenizer& t, std::string_view file) {
  check_text(t, "");
  check_text(t, "It's 12345 caf\u00e9s,  \u4e2d\u6587 <s>\n\n\t x\u0301 \U0001F600\u200d <|end|>");
  check_text(t, std::string(100, 'a') + std::string(100, ' ') + "b");
  check_text(t, file.substr(0, 300));
  std::vector<Token> ids = {-1, t.size(), INT32_MAX};
  for (const char byte : file.substr(0, 100)) ids.push_back(static_cast<unsigned char>(byte));
  check_decoding(t, ids);
  for (Token id = 0; id < std::min(t.size(), 1000); ++id)
    if (const auto spelling = t.spelling(id))  // two may be spelled alike, or normalized
      if (const auto same = t.id_of(*spelling)) QUIRE_CHECK(t.spelling(*same) == spelling);
}

}  // namespace quire
