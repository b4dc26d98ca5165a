// Text of strangers on its way to a terminal: control characters do not reach it, but for new lines and tabs.
#pragma once
#include <string>
#include <string_view>

namespace quire {

// `text` is whole UTF-8 characters. C0 controls, DEL and C1 controls (ISO 6429) become U+FFFD.
inline std::string for_terminal(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    const bool c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    if (c1 || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) safe += "\xEF\xBF\xBD";
    else safe += text[i];
  }
  return safe;
}

}  // namespace quire
