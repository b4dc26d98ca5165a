#include "text/byte_alphabet.h"

#include <array>
#include <cstdint>

namespace quire {
namespace {

constexpr int kCharacters = 0x144;  // the last is U+0143

struct Alphabet {
  std::array<uint16_t, 256> character{};
  std::array<int16_t, kCharacters> byte{};  // -1: not of the alphabet
};

constexpr Alphabet kAlphabet = [] {
  Alphabet a;
  for (int16_t& b : a.byte) b = -1;
  uint16_t next = 0x100;
  for (uint16_t b = 0; b < 256; ++b) {
    const bool visible = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xff && b != 0xad);
    a.character[b] = visible ? b : next++;
    a.byte[a.character[b]] = static_cast<int16_t>(b);
  }
  return a;
}();

}  // namespace

void append_in_byte_alphabet(std::string_view text, std::string& to) {
  const size_t begin = to.size();
  to.resize(begin + text.size() * 2);
  char* out = to.data() + begin;
  for (const char byte : text) {
    const uint16_t c = kAlphabet.character[static_cast<unsigned char>(byte)];
    if (c < 0x80) {
      *out++ = static_cast<char>(c);
    } else {  // two bytes of UTF-8
      *out++ = static_cast<char>(0xc0 | (c >> 6));
      *out++ = static_cast<char>(0x80 | (c & 0x3f));
    }
  }
  to.resize(static_cast<size_t>(out - to.data()));
}

void append_bytes_of(std::string_view spelling, std::string& to) {
  const size_t begin = to.size();
  for (size_t i = 0; i < spelling.size();) {
    uint32_t c = static_cast<unsigned char>(spelling[i++]);
    if (c >= 0xc0 && c < 0xe0 && i < spelling.size())
      c = (c & 0x1f) << 6 | (static_cast<unsigned char>(spelling[i++]) & 0x3f);
    else if (c >= 0x80) c = kCharacters;  // beyond the alphabet
    if (c >= kCharacters || kAlphabet.byte[c] < 0) {
      to.resize(begin);
      to += spelling;
      return;
    }
    to += static_cast<char>(kAlphabet.byte[c]);
  }
}

}  // namespace quire
