// SentencePiece's precompiled map of characters: a double-array trie of what is replaced, and the
// substitutes. Layout (little-endian): u32 bytes of the trie, its units (u32), then the substitutes, each
// ended by a NUL. A unit: bits 0-7 the label and bit 31 (it is a value then), bit 8 has a value, bits 10-30
// the offset, bit 9 shifts it by 8. Source: s-yata/darts-clone, darts.h; sentencepiece, normalizer.cc.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace quire {

class CharacterMap {
 public:
  static Result<CharacterMap> parse(std::string_view bytes, const std::string& where);

  // The substitute of the shortest entry that `text` begins with; none: there is none. Lives as long as the
  // map.
  std::optional<std::string_view> find(std::string_view text) const;

 private:
  std::vector<uint32_t> units_;
  std::string substitutes_;  // UTF-8
};

}  // namespace quire
