#include "text/white_space.h"

#include <cstdint>

#include "base/utf8.h"

namespace quire {

size_t white_space_at(std::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  const auto byte = [&](size_t i) -> uint32_t { return static_cast<unsigned char>(text[at + i]); };
  const size_t n = utf8_length(text.substr(at));
  bool white = false;
  if (n == 1) {
    white = byte(0) == ' ' || (byte(0) >= 0x09 && byte(0) <= 0x0d);
  } else if (n == 2) {
    white = byte(0) == 0xc2 && (byte(1) == 0x85 || byte(1) == 0xa0);
  } else if (n == 3) {
    const uint32_t c = (byte(0) & 0xf) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    white = c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
            c == 0x205f || c == 0x3000;
  }
  return white ? n : 0;
}

size_t white_space_before(std::string_view text, size_t at) {
  for (size_t n = 1; n <= 3 && n <= at; ++n)
    if ((static_cast<unsigned char>(text[at - n]) & 0xc0) != 0x80)
      return white_space_at(text, at - n) == n ? n : 0;
  return 0;
}

}  // namespace quire
