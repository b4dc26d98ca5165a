// FixedLength: parts of so many characters.
#include "base/fields.h"
#include "text/character.h"
#include "text/pre_tokenizers/pre_tokenizers.h"
#include "text/read_stage.h"

namespace quire {

Result<PreTokenizer> read_fixed_length(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"length"}); !s.ok()) return s;
  Status problem;
  const int32_t length = Fields(json, where, problem).integer("length", 1, INT32_MAX, 5);
  if (!problem.ok()) return problem;
  return PreTokenizer([length](const Piece& piece, PieceSink to) {
    for (size_t begin = 0; begin < piece.text.size();) {
      size_t end = begin;
      for (int32_t n = 0; n < length && end < piece.text.size(); ++n)
        end += character_at(piece.text, end).bytes;
      if (Status s = to({piece.text.substr(begin, end - begin), piece.begins_text && begin == 0}); !s.ok())
        return s;
      begin = end;
    }
    return Status();
  });
}

}  // namespace quire
