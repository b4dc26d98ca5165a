#include "text/models/bpe_cuts.h"

#include <algorithm>
#include <bit>

#include "text/character.h"

namespace quire {
namespace {

constexpr size_t kMostBytes = size_t{1}
                              << 24;  // of tokens that merges make; the largest vocabularies have 4 MB

// Code points are below 2^21; the marks keep a character and a pair apart, and both from 0.
uint64_t known(char32_t c) { return uint64_t{1} << 63 | c; }
uint64_t neighbours(char32_t a, char32_t b) { return uint64_t{1} << 62 | uint64_t{a} << 21 | b; }

}  // namespace

BpeCuts::BpeCuts(const Vocabulary& vocabulary, const std::vector<Token>& made) {
  std::vector<bool> seen(static_cast<size_t>(vocabulary.end()));
  size_t bytes = 0;
  for (const Token id : made)
    if (!seen[static_cast<size_t>(id)])
      seen[static_cast<size_t>(id)] = true, bytes += vocabulary.spelling(id)->size();
  slots_.resize(1);
  if (bytes > kMostBytes) return;  // then there are no cuts
  std::vector<uint64_t> keys;
  for (Token id = 0; id < vocabulary.end(); ++id)
    if (const auto s = vocabulary.spelling(id); s && !s->empty())
      if (const Character c = character_at(*s, 0); c.bytes == s->size()) keys.push_back(known(c.code_point));
  for (Token id = 0; id < vocabulary.end(); ++id) {
    if (!seen[static_cast<size_t>(id)]) continue;
    const std::string_view s = *vocabulary.spelling(id);
    for (size_t at = 0; at < s.size();) {
      const Character a = character_at(s, at);
      at += a.bytes;
      if (at < s.size()) keys.push_back(neighbours(a.code_point, character_at(s, at).code_point));
    }
  }
  std::ranges::sort(keys);
  keys.erase(std::ranges::unique(keys).begin(), keys.end());
  slots_.resize(std::bit_ceil(keys.size() * 2 + 1));
  for (const uint64_t k : keys) add(k);
}

void BpeCuts::add(uint64_t key) {
  const size_t mask = slots_.size() - 1;
  size_t i = static_cast<size_t>((key * 0x9e3779b97f4a7c15u) >> 32) & mask;
  while (slots_[i] != 0) i = (i + 1) & mask;
  slots_[i] = key;
}

bool BpeCuts::has(uint64_t key) const {
  const size_t mask = slots_.size() - 1;
  size_t i = static_cast<size_t>((key * 0x9e3779b97f4a7c15u) >> 32) & mask;
  while (slots_[i] != 0 && slots_[i] != key) i = (i + 1) & mask;
  return slots_[i] == key;
}

size_t BpeCuts::first_part(std::string_view piece) const {
  Character a = character_at(piece, 0);
  for (size_t at = a.bytes; at < piece.size(); at += a.bytes) {
    const Character b = character_at(piece, at);
    if (!has(neighbours(a.code_point, b.code_point)) && has(known(a.code_point)) && has(known(b.code_point)))
      return at;
    a = b;
  }
  return piece.size();
}

}  // namespace quire
