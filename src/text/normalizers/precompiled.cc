// Precompiled: SentencePiece's map of characters. A cluster of up to 5 bytes is looked up whole, else (or if
// it is not there) its characters one by one; the shortest entry that it begins with decides for all of it.
#include <utf8proc.h>

#include "base/fields.h"
#include "text/base64.h"
#include "text/character.h"
#include "text/character_map.h"
#include "text/normalizers/normalizers.h"
#include "text/read_stage.h"

namespace quire {
namespace {

// Bytes of the extended grapheme cluster that `text` begins with.
size_t cluster(std::string_view text) {
  Character c = character_at(text, 0);
  size_t n = c.bytes;
  utf8proc_int32_t state = 0;
  while (n < text.size()) {
    const Character next = character_at(text, n);
    if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(c.code_point),
                                         static_cast<utf8proc_int32_t>(next.code_point), &state))
      break;
    n += next.bytes;
    c = next;
  }
  return n;
}

Status normalize(const CharacterMap& map, Section& section) {
  constexpr size_t kLongestCluster = 5;
  const bool began = section.begins_text;
  Rewriter r(section);
  while (!r.rest().empty()) {
    size_t n = cluster(r.rest());
    const auto whole = n <= kLongestCluster ? map.find(r.rest().substr(0, n)) : std::nullopt;
    if (whole) {
      r.replace(n, *whole);
      n = 0;
    }
    while (n > 0) {
      const size_t one = character_at(r.rest(), 0).bytes;
      if (const auto by = map.find(r.rest().substr(0, one))) r.replace(one, *by);
      else r.keep(one);
      if (Status s = r.within_bounds(); !s.ok()) return s;
      n -= one;
    }
    if (Status s = r.within_bounds(); !s.ok()) return s;
  }
  r.finish();
  section.begins_text = began;  // a character that goes does not count in HF tokenizers
  return {};
}

}  // namespace

Result<Normalizer> read_precompiled(const Json& json, const std::string& where) {
  if (Status s = only_members(json, where, {"precompiled_charsmap"}); !s.ok()) return s;
  Status problem;
  Fields fields(json, where, problem);
  const auto bytes = from_base64(fields.text("precompiled_charsmap", ""));
  if (!bytes) fields.fail("precompiled_charsmap", "must be base64.");
  if (!problem.ok()) return problem;
  auto map = CharacterMap::parse(*bytes, where + ": precompiled_charsmap");
  return map.ok() ? precompiled_normalizer(std::move(map).value()) : Result<Normalizer>(map.status());
}

Normalizer precompiled_normalizer(CharacterMap map) {
  return [map = std::make_shared<const CharacterMap>(std::move(map))](Section& section) {
    return normalize(*map, section);
  };
}

}  // namespace quire
