// Normalizers that look at one character at a time: Lowercase, StripAccents, Nmt, ByteLevel.
#include <utf8proc.h>

#include "text/byte_alphabet.h"
#include "text/character.h"
#include "text/normalizers/normalizers.h"
#include "text/read_stage.h"
#include "text/unicode_tables.h"

namespace quire {
namespace {

// SentencePiece's rules for machine translation: which controls go, and what is a space.
bool nmt_removes(char32_t c) {
  return (c >= 0x01 && c <= 0x08) || c == 0x0b || (c >= 0x0e && c <= 0x1f) || c == 0x7f || c == 0x8f ||
         c == 0x9f;
}
bool nmt_space(char32_t c) {
  return c == 0x09 || c == 0x0a || c == 0x0c || c == 0x0d || c == 0x1680 || (c >= 0x200b && c <= 0x200f) ||
         c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xfeff || c == 0xfffd;
}

template <class F>
Result<Normalizer> without_options(const Json& json, const std::string& where, F normalize) {
  if (Status s = only_members(json, where, {}); !s.ok()) return s;
  return Normalizer([normalize](Section& section) {
    normalize(section);
    return Status();
  });
}

}  // namespace

void lowercase(Section& section) {
  Rewriter r(section);
  std::string lower;
  while (!r.rest().empty()) {
    const Character c = character_at(r.rest(), 0);
    const auto cp = static_cast<utf8proc_int32_t>(c.code_point);
    const utf8proc_int32_t low = c.bytes > 1 ? utf8proc_tolower(cp) : cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
    if (low == cp && cp != 0x130) {
      r.keep(c.bytes);
      continue;
    }
    lower.clear();
    if (cp == 0x130) lower = "i\u0307";  // the only one that becomes two
    else append_character(static_cast<char32_t>(low), lower);
    r.replace(c.bytes, lower);
  }
  r.finish();
}

Result<Normalizer> read_lowercase(const Json& json, const std::string& where) {
  return without_options(json, where, lowercase);
}

Result<Normalizer> read_strip_accents(const Json& json, const std::string& where) {
  return without_options(json, where, [](Section& section) {
    Rewriter r(section);
    each_beyond_ascii(r, [&] {
      const Character c = character_at(r.rest(), 0);
      if (is_mark(c.code_point)) r.replace(c.bytes, {});
      else r.keep(c.bytes);
    });
    r.finish();
  });
}

Result<Normalizer> read_nmt(const Json& json, const std::string& where) {
  return without_options(json, where, [](Section& section) {
    Rewriter r(section);
    while (!r.rest().empty()) {
      const Character c = character_at(r.rest(), 0);
      if (nmt_removes(c.code_point)) r.replace(c.bytes, {});
      else if (nmt_space(c.code_point)) r.replace(c.bytes, " ");
      else r.keep(c.bytes);
    }
    r.finish();
  });
}

Result<Normalizer> read_byte_level_normalizer(const Json& json, const std::string& where) {
  return without_options(json, where, [](Section& section) {
    Rewriter r(section);
    std::string spelled;
    while (!r.rest().empty()) {
      const size_t n = character_at(r.rest(), 0).bytes;
      spelled.clear();
      append_in_byte_alphabet(r.rest().substr(0, n), spelled);
      r.replace(n, spelled);
    }
    r.finish();
  });
}

}  // namespace quire
