#include "base/utf8.h"

#include <algorithm>

namespace quire {
namespace {

struct Lead {
  size_t length = 0;                      // of the whole character; 0: no character begins so
  unsigned char low = 0x80, high = 0xbf;  // range of the second byte
};

Lead lead(unsigned char c) {
  if (c < 0x80) return {1};
  if (c >= 0xc2 && c <= 0xdf) return {2};
  if (c == 0xe0) return {3, 0xa0, 0xbf};
  if (c == 0xed) return {3, 0x80, 0x9f};
  if (c >= 0xe1 && c <= 0xef) return {3};
  if (c == 0xf0) return {4, 0x90, 0xbf};
  if (c >= 0xf1 && c <= 0xf3) return {4};
  if (c == 0xf4) return {4, 0x80, 0x8f};
  return {};
}

// How many bytes of `s` are a correct beginning of its first character.
size_t good(std::string_view s, const Lead& l) {
  const size_t n = std::min(l.length, s.size());
  for (size_t i = 1; i < n; ++i) {
    const auto c = static_cast<unsigned char>(s[i]);
    if (c < (i == 1 ? l.low : 0x80) || c > (i == 1 ? l.high : 0xbf)) return i;
  }
  return n;
}

}  // namespace

size_t utf8_length(std::string_view s) {
  if (s.empty()) return 0;
  const Lead l = lead(static_cast<unsigned char>(s[0]));
  return l.length > 0 && good(s, l) == l.length ? l.length : 0;
}

size_t utf8_bad_length(std::string_view s) {
  if (s.empty()) return 1;
  return std::max<size_t>(1, good(s, lead(static_cast<unsigned char>(s[0]))));
}

bool is_utf8(std::string_view s) {
  for (size_t i = 0; i < s.size();) {
    if (static_cast<unsigned char>(s[i]) < 0x80) {
      ++i;
      continue;
    }
    const size_t n = utf8_length(s.substr(i));
    if (n == 0) return false;
    i += n;
  }
  return true;
}

}  // namespace quire
