// The spellings of a vocabulary as a tree of bytes: which of them a text begins with, in one walk.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/vocabulary.h"

namespace quire {

class SpellingTrie {
 public:
  static constexpr size_t kMaxSpelling = 1024;  // bytes: a walk takes as many steps at most

  // Refused: a longer spelling, or more than 2^24 nodes. Of spellings that stand twice the last counts.
  static Result<SpellingTrie> make(const Vocabulary& vocabulary, const std::string& where);

  static constexpr uint32_t kRoot = 0;
  // The node of the spelling of `node` and `byte`; kRoot: no spelling begins so.
  uint32_t next(uint32_t node, unsigned char byte) const;
  uint32_t next(uint32_t node, std::string_view bytes) const;
  Token token(uint32_t node) const { return nodes_[node].token; }  // -1: no spelling ends there

 private:
  struct Node {
    uint32_t children = 0;  // the first of them; they stand together in the order of their bytes
    Token token = -1;
    uint16_t count = 0;
    unsigned char byte = 0;
  };

  std::vector<Node> nodes_;
  std::array<uint32_t, 256> first_{};  // the root's children
};

}  // namespace quire
