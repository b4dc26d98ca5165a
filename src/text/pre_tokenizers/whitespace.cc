// Whitespace: runs of word characters, and runs of what is neither that nor white space.
#include "text/pre_tokenizers/pre_tokenizers.h"
#include "text/read_stage.h"

namespace quire {

Result<PreTokenizer> read_whitespace(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {}); !s.ok()) return s;
  // \w+|[^\w\s]+ of Rust's regex crate.
  const std::string word(kRustWord);
  const std::string space =
      R"(\x09-\x0d\x20\x85\xa0\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
  auto pattern = Pattern::compile_pcre2("[" + word + "]++|[^" + word + space + "]++", where);
  if (!pattern.ok()) return pattern.status();
  return PreTokenizer([pattern = std::move(pattern).value()](const Piece& piece, PieceSink to) {
    return pattern.each_match(piece.text, [&](size_t begin, size_t end) {
      return to({piece.text.substr(begin, end - begin), piece.begins_text && begin == 0});
    });
  });
}

}  // namespace quire
