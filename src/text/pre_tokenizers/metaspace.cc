// Metaspace: spaces become a visible character, one is put before the text or before each section of it, and
// the text is cut before each.
#include "text/metaspace.h"

#include "text/pre_tokenizers/pre_tokenizers.h"
#include "text/pre_tokenizers/splitter.h"

namespace quire {

Result<PreTokenizer> read_metaspace(const Json& json, const std::string& where) {
  const auto read = Metaspace::read(json, where);
  if (!read.ok()) return read.status();
  return PreTokenizer([m = read.value()](const Piece& piece, PieceSink to) {
    const bool prepend = m.scheme == Metaspace::Scheme::kAlways ||
                         (m.scheme == Metaspace::Scheme::kFirst && piece.begins_text);
    std::string text;
    text.reserve(piece.text.size() + piece.text.size() / 4 + m.replacement.size());
    if (prepend && !piece.text.starts_with(' ') && !piece.text.starts_with(m.replacement))
      text = m.replacement;
    for (size_t at = 0; at < piece.text.size();) {
      const size_t space = std::min(piece.text.find(' ', at), piece.text.size());
      text += piece.text.substr(at, space - at);
      if (space < piece.text.size()) text += m.replacement;
      at = space + 1;
    }
    const Piece whole = {text, piece.begins_text};
    if (!m.split) return to(whole);
    Splitter splitter(whole, Behavior::kMergedWithNext, false, to);
    for (size_t at = 0; (at = text.find(m.replacement, at)) != std::string::npos; at += m.replacement.size())
      if (Status s = splitter.delimiter(at, at + m.replacement.size()); !s.ok()) return s;
    return splitter.finish();
  });
}

}  // namespace quire
