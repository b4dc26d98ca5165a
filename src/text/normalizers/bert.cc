// BertNormalizer: controls go and white space becomes a space; spaces around Chinese characters; accents go;
// lower case. The order is fixed.
#include "base/fields.h"
#include "text/character.h"
#include "text/normalizers/normalizers.h"
#include "text/read_stage.h"
#include "text/unicode_tables.h"
#include "text/white_space.h"

namespace quire {
namespace {

// Source: google-research/bert, tokenization.py (its first range of extension E begins late, as there).
bool chinese(char32_t c) {
  return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x20000 && c <= 0x2a6df) ||
         (c >= 0x2a700 && c <= 0x2b73f) || (c >= 0x2b740 && c <= 0x2b81f) || (c >= 0x2b920 && c <= 0x2ceaf) ||
         (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

void clean(Section& section) {
  Rewriter r(section);
  while (!r.rest().empty()) {
    const Character c = character_at(r.rest(), 0);
    if (c.bytes == 1 && c.code_point > ' ' && c.code_point < 0x7f) r.keep(1);
    else if (c.code_point == '\t' || c.code_point == '\n' || c.code_point == '\r') r.replace(1, " ");
    else if (is_bert_control(c.code_point)) r.replace(c.bytes, {});
    else if (white_space_at(r.rest(), 0)) r.replace(c.bytes, " ");
    else r.keep(c.bytes);
  }
  r.finish();
}

void space_chinese(Section& section) {
  Rewriter r(section);
  each_beyond_ascii(r, [&] {
    const Character c = character_at(r.rest(), 0);
    if (chinese(c.code_point)) {
      r.replace(0, " ");
      r.keep(c.bytes);
      r.replace(0, " ");
    } else {
      r.keep(c.bytes);
    }
  });
  r.finish();
}

void strip_accents(Section& section) {
  decompose(section);
  Rewriter r(section);
  each_beyond_ascii(r, [&] {
    const Character c = character_at(r.rest(), 0);
    if (is_nonspacing_mark(c.code_point)) r.replace(c.bytes, {});
    else r.keep(c.bytes);
  });
  r.finish();
}

}  // namespace

Result<Normalizer> read_bert_normalizer(const Json& json, const std::string& where) {
  if (Status s =
          only_members(json, where, {"clean_text", "handle_chinese_chars", "strip_accents", "lowercase"});
      !s.ok())
    return s;
  Status problem;
  Fields fields(json, where, problem);
  const bool clean_text = fields.flag("clean_text", true);
  const bool spaces = fields.flag("handle_chinese_chars", true);
  const bool lower = fields.flag("lowercase", true);
  const bool accents = fields.flag("strip_accents", lower);
  if (!problem.ok()) return problem;
  return Normalizer([=](Section& section) {
    if (clean_text) clean(section);
    if (spaces) space_chinese(section);
    if (accents) strip_accents(section);
    if (lower) lowercase(section);
    return Status();
  });
}

}  // namespace quire
