// Characters of a UTF-8 text that was checked before.
#pragma once
#include <string>
#include <string_view>

namespace quire {

struct Character {
  char32_t code_point = 0;
  size_t bytes = 0;
};

// The one that begins at `at`, which is in the text.
inline Character character_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const auto low = [&](size_t i) { return static_cast<char32_t>(byte(i) & 0x3f); };
  if (byte(0) < 0x80) return {byte(0), 1};
  if (byte(0) < 0xe0) return {static_cast<char32_t>(byte(0) & 0x1f) << 6 | low(1), 2};
  if (byte(0) < 0xf0) return {static_cast<char32_t>(byte(0) & 0xf) << 12 | low(1) << 6 | low(2), 3};
  return {static_cast<char32_t>(byte(0) & 7) << 18 | low(1) << 12 | low(2) << 6 | low(3), 4};
}

inline void append_character(char32_t c, std::string& to) {
  const auto put = [&](char32_t byte) { to += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) put(0xc0 | c >> 6);
  else if (c < 0x10000) put(0xe0 | c >> 12), put(0x80 | (c >> 6 & 0x3f));
  else put(0xf0 | c >> 18), put(0x80 | (c >> 12 & 0x3f)), put(0x80 | (c >> 6 & 0x3f));
  put(0x80 | (c & 0x3f));
}

// Where the last character of `text`, which is not empty, begins.
inline size_t last_character(std::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
  return at;
}

}  // namespace quire
