#include "text/white_space.h"

#include "text/character.h"

namespace quire {

bool is_white_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0d);
  return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
         c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

size_t white_space_at(std::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  const Character c = character_at(text, at);
  return is_white_space(c.code_point) ? c.bytes : 0;
}

size_t white_space_before(std::string_view text, size_t at) {
  for (size_t n = 1; n <= 3 && n <= at; ++n)
    if ((static_cast<unsigned char>(text[at - n]) & 0xc0) != 0x80)
      return white_space_at(text, at - n) == n ? n : 0;
  return 0;
}

}  // namespace quire
