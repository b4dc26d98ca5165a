#include "cli/seeds.h"

namespace quire {
namespace {

// The output function of SplitMix64 (Steele, Lea, Flood, 2014): every bit depends on every bit.
uint64_t mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

}  // namespace

uint64_t LineSeeds::next(std::span<const Token> prompt) {
  uint64_t hash = mix(prompt.size());
  for (Token t : prompt) hash = mix(hash ^ static_cast<uint32_t>(t));
  return mix(mix(base_ ^ hash) + seen_[hash]++);
}

}  // namespace quire
