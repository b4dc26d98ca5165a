// The tokens <0x00> to <0xFF> of a vocabulary with byte fallback: what it cannot spell otherwise is spelled
// in bytes.
#pragma once
#include <array>
#include <string_view>
#include <vector>

#include "text/vocabulary.h"

namespace quire {

class ByteTokens {
 public:
  explicit ByteTokens(const Vocabulary& vocabulary) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    for (size_t b = 0; b < tokens_.size(); ++b) {
      const char spelling[] = {'<', '0', 'x', kHex[b >> 4], kHex[b & 15], '>'};
      tokens_[b] = vocabulary.id_of(std::string_view(spelling, sizeof spelling)).value_or(-1);
    }
  }

  // Appends the bytes of `text`, if there is a token for every one.
  bool spell(std::string_view text, std::vector<Token>& to) const {
    for (const char c : text)
      if (tokens_[static_cast<unsigned char>(c)] < 0) return false;
    for (const char c : text) to.push_back(tokens_[static_cast<unsigned char>(c)]);
    return true;
  }

 private:
  std::array<Token, 256> tokens_{};
};

}  // namespace quire
