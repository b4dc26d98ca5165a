// The random numbers of sampling: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as
// easy as 1, 2, 3", SC 2011), a pure function of key and counter. Every backend draws the same bits.
#pragma once
#include <array>
#include <cstdint>

namespace quire {

enum class Noise : uint32_t { kSample = 0 };  // the purposes; draft and target will share theirs

inline std::array<uint32_t, 4> philox(std::array<uint32_t, 4> c, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * c[0], b = uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ key[0], static_cast<uint32_t>(b),
         static_cast<uint32_t>(a >> 32) ^ c[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += 0x9E3779B9, key[1] += 0xBB67AE85;
  }
  return c;
}

// The noise of one token at one position, 32 random bits: word token % 4 of the counter's block token / 4.
inline uint32_t noise_bits(uint64_t seed, int32_t position, int32_t token, Noise purpose) {
  const auto block = philox(
      {static_cast<uint32_t>(token) / 4, static_cast<uint32_t>(position), static_cast<uint32_t>(purpose), 0},
      {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  return block[static_cast<uint32_t>(token) % 4];
}

// Bits as a number strictly between 0 and 1, exact in f32: (upper 23 bits + 1/2) / 2^23.
inline float noise_uniform(uint32_t bits) { return (static_cast<float>(bits >> 9) + 0.5f) * 0x1p-23f; }

}  // namespace quire
