#include "base/nearest_word.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace quire {
namespace {

// Levenshtein: insertions, deletions, replacements.
size_t edits(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j + 1] + 1, row[j] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known) {
  std::string_view best;
  if (word.size() > 64) return best;
  size_t least = word.size() / 3 + 2;  // one letter wrong in a short word is near enough
  for (std::string_view k : known) {
    const size_t n = edits(word, k);
    if (n < least) least = n, best = k;
  }
  return best;
}

}  // namespace quire
