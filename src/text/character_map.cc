#include "text/character_map.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/read_stage.h"

namespace quire {
namespace {

constexpr size_t kMaxSubstitute = 1024;

uint32_t unit_at(std::string_view bytes, size_t at) {
  uint32_t v = 0;
  for (size_t i = 4; i-- > 0;) v = v << 8 | static_cast<unsigned char>(bytes[at + i]);
  return v;
}

uint32_t offset_of(uint32_t unit) { return (unit >> 10) << ((unit & (1u << 9)) >> 6); }

}  // namespace

Result<CharacterMap> CharacterMap::parse(std::string_view bytes, const std::string& where) {
  const size_t trie = bytes.size() >= 4 ? unit_at(bytes, 0) : 0;
  if (trie < 4 || trie % 4 != 0 || trie > bytes.size() - 4)
    return refused(where,
                   "its " + std::to_string(bytes.size()) + " bytes do not begin with a trie and its length.");
  CharacterMap map;
  for (size_t at = 4; at < 4 + trie; at += 4) map.units_.push_back(unit_at(bytes, at));
  map.substitutes_ = bytes.substr(4 + trie);
  if (!is_utf8(map.substitutes_)) return refused(where, "its substitutes are not valid UTF-8.");
  for (size_t at = 0; at < map.substitutes_.size();) {
    const size_t end = std::min(map.substitutes_.find('\0', at), map.substitutes_.size());
    if (end - at > kMaxSubstitute)
      return refused(where, "a substitute of " + std::to_string(end - at) + " bytes; at most " +
                                std::to_string(kMaxSubstitute) + " are allowed.");
    at = end + 1;
  }
  return map;
}

std::optional<std::string_view> CharacterMap::find(std::string_view text) const {
  size_t at = offset_of(units_[0]);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    at ^= byte;
    if (byte == 0 || at >= units_.size() || (units_[at] & (1u << 31 | 0xff)) != byte) return std::nullopt;
    const bool has_value = (units_[at] >> 8 & 1) != 0;
    at ^= offset_of(units_[at]);
    if (!has_value) continue;
    if (at >= units_.size()) return std::nullopt;
    const size_t begin = units_[at] & ~(1u << 31);
    if (begin > substitutes_.size()) return std::nullopt;
    const std::string_view by = std::string_view(substitutes_).substr(begin);
    const std::string_view substitute = by.substr(0, by.find('\0'));
    return is_utf8(substitute) ? std::optional(substitute) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace quire
