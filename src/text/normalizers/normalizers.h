// The normalizers of the table in all.cc, each in the file that its comment names.
#pragma once
#include <string>

#include "text/character_map.h"
#include "text/rewriter.h"
#include "text/stages.h"

namespace quire {

Result<Normalizer> read_nfc(const Json& json, const std::string& where);  // forms.cc
Result<Normalizer> read_nfd(const Json& json, const std::string& where);
Result<Normalizer> read_nfkc(const Json& json, const std::string& where);
Result<Normalizer> read_nfkd(const Json& json, const std::string& where);
Result<Normalizer> read_lowercase(const Json& json, const std::string& where);  // by_character.cc
Result<Normalizer> read_strip_accents(const Json& json, const std::string& where);
Result<Normalizer> read_nmt(const Json& json, const std::string& where);
Result<Normalizer> read_byte_level_normalizer(const Json& json, const std::string& where);
Result<Normalizer> read_strip(const Json& json, const std::string& where);            // strip.cc
Result<Normalizer> read_prepend(const Json& json, const std::string& where);          // prepend.cc
Result<Normalizer> read_replace(const Json& json, const std::string& where);          // replace.cc
Result<Normalizer> read_bert_normalizer(const Json& json, const std::string& where);  // bert.cc
Result<Normalizer> read_precompiled(const Json& json, const std::string& where);      // precompiled.cc

Normalizer precompiled_normalizer(CharacterMap map);

// Steps that several of them take.
void decompose(Section& section);  // NFD
void lowercase(Section& section);

// `with` each character that is not ASCII and begins at the rewriter's place; runs of ASCII stay.
template <class F>
void each_beyond_ascii(Rewriter& r, F with) {
  while (true) {
    const std::string_view rest = r.rest();
    size_t n = 0;
    while (n < rest.size() && static_cast<unsigned char>(rest[n]) < 0x80) ++n;
    r.keep(n);
    if (n == rest.size()) return;
    with();
  }
}

}  // namespace quire
