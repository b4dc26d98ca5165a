// Remembers, while one text is encoded, the tokens of the pieces that came: words repeat. Direct-mapped: a
// piece that falls on another's place takes it.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace quire {

class PieceCache {
 public:
  explicit PieceCache(size_t text_bytes)
      : slots_(std::bit_ceil(std::clamp(text_bytes / 16, size_t{1}, size_t{1} << 14))) {}

  // Appends the tokens of `piece` if they are known.
  bool find(std::string_view piece, std::vector<Token>& to) const {
    const Slot& s = slots_[index_of(piece)];
    if (s.piece != piece || s.tokens.empty()) return false;
    to.insert(to.end(), s.tokens.begin(), s.tokens.end());
    return true;
  }

  void keep(std::string_view piece, std::span<const Token> tokens) {
    if (piece.size() > kLongest) return;
    Slot& s = slots_[index_of(piece)];
    s.piece = piece;
    s.tokens.assign(tokens.begin(), tokens.end());
  }

 private:
  static constexpr size_t kLongest = 64;
  struct Slot {
    std::string piece;
    std::vector<Token> tokens;
  };
  size_t index_of(std::string_view piece) const {
    return std::hash<std::string_view>()(piece) & (slots_.size() - 1);
  }

  std::vector<Slot> slots_;
};

}  // namespace quire
