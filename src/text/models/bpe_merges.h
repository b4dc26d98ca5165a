// The merges of a byte-pair encoding and their application: while two neighbours can be merged, merge the
// pair of the lowest rank, the leftmost of several.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "text/stages.h"

namespace quire {

class BpeMerges {
 public:
  struct Merge {
    uint32_t rank = UINT32_MAX;
    Token result = -1;
  };
  struct Entry {
    Token left = -1, right = -1;
    Merge merge;
  };

  // Of a pair that is given twice the last counts.
  explicit BpeMerges(std::span<const Entry> entries);

  // Merges `symbols` in place, but never to a token of `never` (null: none). O(n log n).
  void apply(std::vector<Token>& symbols, const TokenSet* never) const;

 private:
  Merge find(Token left, Token right, const TokenSet* never) const;  // rank UINT32_MAX: none
  size_t slot_of(Token left, Token right) const;
  void apply_few(std::vector<Token>& symbols, const TokenSet* never) const;
  void apply_many(std::vector<Token>& symbols, const TokenSet* never) const;

  std::vector<Entry> slots_;  // hash table, open addressing, a power of two and half empty; left -1: free
};

}  // namespace quire
