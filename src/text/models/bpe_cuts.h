// Where a long piece can be cut without changing how it is merged: between two characters of the vocabulary
// that stand side by side in no token that a merge makes. A text without a pre-tokenizer falls into words by
// it.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/vocabulary.h"

namespace quire {

class BpeCuts {
 public:
  // `made`: the results of all merges.
  BpeCuts(const Vocabulary& vocabulary, const std::vector<Token>& made);

  // Bytes up to the first cut, or all of `piece`, which is not empty.
  size_t first_part(std::string_view piece) const;

 private:
  bool has(uint64_t key) const;
  void add(uint64_t key);

  std::vector<uint64_t> slots_;  // hash set, open addressing, a power of two and half empty at most; 0: free
};

}  // namespace quire
