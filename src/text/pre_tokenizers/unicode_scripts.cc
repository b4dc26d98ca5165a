// UnicodeScripts: cut where the script changes, as SentencePiece's trainer does; Hiragana and Katakana are
// Han there, and a space is of any script. What stands before the first character with a script goes, as in
// HF tokenizers.
#include "text/character.h"
#include "text/pre_tokenizers/pre_tokenizers.h"
#include "text/read_stage.h"
#include "text/unicode_tables.h"

namespace quire {

Result<PreTokenizer> read_unicode_scripts(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {}); !s.ok()) return s;
  return PreTokenizer([](const Piece& piece, PieceSink to) {
    size_t begin = piece.text.size();  // of the part; none has begun
    int script = -1;
    const auto part = [&](size_t end) {
      if (begin >= end) return Status();
      return to({piece.text.substr(begin, end - begin), piece.begins_text && begin == 0});
    };
    for (size_t at = 0; at < piece.text.size();) {
      const Character c = character_at(piece.text, at);
      const int here = c.code_point == ' ' ? -1 : script_of(c.code_point);
      if (here >= 0 && here != script) {
        if (Status s = part(at); !s.ok()) return s;
        begin = at;
        script = here;
      }
      at += c.bytes;
    }
    return part(piece.text.size());
  });
}

}  // namespace quire
