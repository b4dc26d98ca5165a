#include "text/models/spelling_trie.h"

#include <algorithm>

#include "text/read_stage.h"

namespace quire {

Result<SpellingTrie> SpellingTrie::make(const Vocabulary& vocabulary, const std::string& where) {
  constexpr size_t kMaxNodes = 1 << 24;
  std::vector<std::pair<std::string_view, Token>> sorted;
  for (Token id = 0; id < vocabulary.end(); ++id) {
    const auto spelling = vocabulary.spelling(id);
    if (!spelling || spelling->empty() || vocabulary.id_of(*spelling) != id) continue;
    if (spelling->size() > kMaxSpelling)
      return refused(where, "the token " + quoted(*spelling) + " has " + std::to_string(spelling->size()) +
                                " bytes; at most " + std::to_string(kMaxSpelling) + " are allowed.");
    sorted.emplace_back(*spelling, id);
  }
  std::ranges::sort(sorted);
  struct Open {  // a node whose children are still to be made
    uint32_t node;
    size_t begin, end, depth;  // its spellings in `sorted`, and their common bytes
  };
  SpellingTrie trie;
  trie.nodes_.emplace_back();
  std::vector<Open> open = {{kRoot, 0, sorted.size(), 0}};
  for (size_t next = 0; next < open.size(); ++next) {
    Open o = open[next];
    if (o.begin < o.end && sorted[o.begin].first.size() == o.depth)
      trie.nodes_[o.node].token = sorted[o.begin++].second;
    trie.nodes_[o.node].children = static_cast<uint32_t>(trie.nodes_.size());
    while (o.begin < o.end) {
      const char byte = sorted[o.begin].first[o.depth];
      size_t end = o.begin;
      while (end < o.end && sorted[end].first[o.depth] == byte) ++end;
      if (trie.nodes_.size() == kMaxNodes)
        return refused(
            where, "the spellings have more than " + std::to_string(kMaxNodes) + " different beginnings.");
      open.push_back({static_cast<uint32_t>(trie.nodes_.size()), o.begin, end, o.depth + 1});
      trie.nodes_.push_back({.byte = static_cast<unsigned char>(byte)});
      ++trie.nodes_[o.node].count;
      o.begin = end;
    }
  }
  for (uint32_t i = 1; i <= trie.nodes_[kRoot].count; ++i) trie.first_[trie.nodes_[i].byte] = i;
  return trie;
}

uint32_t SpellingTrie::next(uint32_t node, unsigned char byte) const {
  if (node == kRoot) return first_[byte];
  const Node* begin = nodes_.data() + nodes_[node].children;
  const Node* end = begin + nodes_[node].count;
  if (end - begin > 8)
    begin = std::lower_bound(begin, end, byte, [](const Node& n, unsigned char b) { return n.byte < b; });
  while (begin != end && begin->byte < byte) ++begin;
  return begin != end && begin->byte == byte ? static_cast<uint32_t>(begin - nodes_.data()) : kRoot;
}

uint32_t SpellingTrie::next(uint32_t node, std::string_view bytes) const {
  for (const char c : bytes) {
    node = next(node, static_cast<unsigned char>(c));
    if (node == kRoot) break;
  }
  return node;
}

}  // namespace quire
