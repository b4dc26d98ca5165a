// Philox4x32-10 against the known answers that come with its paper's software (Random123, kat_vectors).
#include "backend/noise.h"

#include <doctest/doctest.h>

#include <cstddef>

namespace quire {

using Four = std::array<uint32_t, 4>;

TEST_CASE("philox gives the known answers") {
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Four{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr uint32_t k1 = 0xffffffff;
  CHECK(philox({k1, k1, k1, k1}, {k1, k1}) == Four{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Four{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a token's noise is its word of the counter's block") {
  const uint64_t seed = 0x299f31d0'a4093822;
  for (int32_t token : {0, 1, 2, 3, 4, 1001, 151935}) {
    const Four block = philox({static_cast<uint32_t>(token / 4), 77, 0, 0}, {0xa4093822, 0x299f31d0});
    CHECK(noise_bits(seed, 77, token, Noise::kSample) == block[static_cast<size_t>(token % 4)]);
  }
}

TEST_CASE("uniform numbers are strictly between 0 and 1") {
  CHECK(noise_uniform(0) == 0x1p-24f);
  CHECK(noise_uniform(0xffffffff) == 1.0f - 0x1p-24f);
  CHECK(noise_uniform(0x80000000) == 0.5f + 0x1p-24f);
}

}  // namespace quire
