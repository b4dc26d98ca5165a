#include "kv/block_hash.h"

#include <bit>

namespace quire {
namespace {

struct Sip {
  uint64_t v[4];
  explicit Sip(const Secret& s)
      : v{s.a ^ 0x736f6d6570736575u, s.b ^ 0x646f72616e646f6du,  //
          s.a ^ 0x6c7967656e657261u, s.b ^ 0x7465646279746573u} {}
  void round() {
    v[0] += v[1];
    v[1] = std::rotl(v[1], 13) ^ v[0];
    v[0] = std::rotl(v[0], 32);
    v[2] += v[3];
    v[3] = std::rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = std::rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = std::rotl(v[1], 17) ^ v[2];
    v[2] = std::rotl(v[2], 32);
  }
  void add(uint64_t word) {
    v[3] ^= word;
    round(), round();
    v[0] ^= word;
  }
  uint64_t end() {
    v[2] ^= 0xff;
    round(), round(), round(), round();
    return v[0] ^ v[1] ^ v[2] ^ v[3];
  }
};

uint64_t pair(uint32_t high, uint32_t low) { return uint64_t{high} << 32 | low; }

}  // namespace

uint64_t block_hash(const Secret& secret, const Salt& salt, const Filling& parent,
                    std::span<const Token> tokens) {
  Sip sip(secret);
  sip.add(salt.hi);
  sip.add(salt.lo);
  sip.add(static_cast<uint32_t>(salt.adapter));
  sip.add(pair(static_cast<uint32_t>(parent.block), parent.generation));
  for (size_t i = 0; i + 1 < tokens.size(); i += 2)
    sip.add(pair(static_cast<uint32_t>(tokens[i]), static_cast<uint32_t>(tokens[i + 1])));
  if (tokens.size() % 2) sip.add(static_cast<uint32_t>(tokens.back()));
  return sip.end();
}

}  // namespace quire
