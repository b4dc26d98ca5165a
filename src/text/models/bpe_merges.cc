#include "text/models/bpe_merges.h"

#include <algorithm>
#include <array>
#include <bit>

namespace quire {
namespace {

constexpr size_t kFew = 32;  // up to here looking at all ranks for the least is faster than a heap

}  // namespace

BpeMerges::BpeMerges(std::span<const Entry> entries) : slots_(std::bit_ceil(entries.size() * 2 + 1)) {
  for (const Entry& e : entries) slots_[slot_of(e.left, e.right)] = e;
}

size_t BpeMerges::slot_of(Token left, Token right) const {
  const size_t mask = slots_.size() - 1;
  const uint64_t key = uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
  size_t i = static_cast<size_t>((key * 0x9e3779b97f4a7c15u) >> 24) & mask;
  while (slots_[i].left >= 0 && (slots_[i].left != left || slots_[i].right != right)) i = (i + 1) & mask;
  return i;
}

BpeMerges::Merge BpeMerges::find(Token left, Token right, const TokenSet* never) const {
  const Merge m = slots_[slot_of(left, right)].merge;
  return contains(never, m.result) ? Merge() : m;
}

void BpeMerges::apply(std::vector<Token>& symbols, const TokenSet* never) const {
  if (symbols.size() < 2) return;
  if (symbols.size() <= kFew) apply_few(symbols, never);
  else apply_many(symbols, never);
}

void BpeMerges::apply_few(std::vector<Token>& symbols, const TokenSet* never) const {
  std::array<Merge, kFew> merges;  // of each symbol with the one after it
  size_t n = symbols.size();
  for (size_t i = 0; i + 1 < n; ++i) merges[i] = find(symbols[i], symbols[i + 1], never);
  while (n > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < n; ++i)
      if (merges[i].rank < merges[best].rank) best = i;
    if (merges[best].rank == UINT32_MAX) break;
    symbols[best] = merges[best].result;
    for (size_t i = best + 1; i + 1 < n; ++i) symbols[i] = symbols[i + 1], merges[i - 1] = merges[i];
    --n;
    if (best > 0) merges[best - 1] = find(symbols[best - 1], symbols[best], never);
    if (best + 1 < n) merges[best] = find(symbols[best], symbols[best + 1], never);
  }
  symbols.resize(n);
}

void BpeMerges::apply_many(std::vector<Token>& symbols, const TokenSet* never) const {
  struct Candidate {
    Merge merge;
    uint32_t at;
    bool operator<(const Candidate& o) const {  // the top of a heap is its largest
      return merge.rank != o.merge.rank ? merge.rank > o.merge.rank : at > o.at;
    }
  };
  const auto n = static_cast<uint32_t>(symbols.size());
  std::vector<uint32_t> before(n), after(n);  // a list; symbols that were merged into the left one are -1
  std::vector<Candidate> heap;
  const auto consider = [&](uint32_t left, uint32_t right) {
    if (const Merge m = find(symbols[left], symbols[right], never); m.rank != UINT32_MAX)
      heap.push_back({m, left});
  };
  for (uint32_t i = 0; i < n; ++i) {
    before[i] = i - 1;  // of the first: beyond the end, as is `after` of the last
    after[i] = i + 1;
    if (i + 1 < n) consider(i, i + 1);
  }
  std::make_heap(heap.begin(), heap.end());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end());
    const Candidate c = heap.back();
    heap.pop_back();
    const uint32_t left = c.at, right = after[left];
    // The pair may be gone since it was found: then what stands there merges to something longer.
    if (symbols[left] < 0 || right >= n ||
        find(symbols[left], symbols[right], never).result != c.merge.result)
      continue;
    symbols[left] = c.merge.result;
    symbols[right] = -1;
    after[left] = after[right];
    if (after[left] < n) before[after[left]] = left;
    for (const auto& [l, r] : {std::pair(before[left], left), std::pair(left, after[left])}) {
      if (l >= n || r >= n) continue;
      const size_t size = heap.size();
      consider(l, r);
      if (heap.size() > size) std::push_heap(heap.begin(), heap.end());
    }
  }
  std::erase(symbols, -1);
}

}  // namespace quire
