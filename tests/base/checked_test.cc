// Sizes that do not fit are nothing, and stay nothing.
#include "base/checked.h"

#include <doctest/doctest.h>

#include <random>

namespace quire {
namespace {

constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();

TEST_CASE("sums, products and differences that fit") {
  CHECK((Checked(2) + 3).value() == 5u);
  CHECK((Checked(uint64_t{1} << 32) * (uint64_t{1} << 31)).value() == uint64_t{1} << 63);
  CHECK((Checked(7) - 7).value() == 0u);
  CHECK((Checked(kMost) + 0).value() == kMost);
  CHECK(Checked(kMost).at_most(kMost) == kMost);
  CHECK(Checked(5).at_most(4) == std::nullopt);
}

TEST_CASE("what does not fit, or is negative, is nothing from there on") {
  CHECK_FALSE(Checked(-1).ok());
  CHECK_FALSE(Checked(std::numeric_limits<int64_t>::min()).ok());
  CHECK_FALSE((Checked(kMost) + 1).ok());
  CHECK_FALSE((Checked(uint64_t{1} << 32) * (uint64_t{1} << 32)).ok());
  CHECK_FALSE((Checked(3) - 4).ok());
  CHECK_FALSE((Checked(-1) * 0).ok());
  CHECK_FALSE((Checked(kMost) * 2 - kMost).ok());
  CHECK_FALSE((Checked(0) - 1 + 1).ok());
  CHECK(Checked(-1).at_most(kMost) == std::nullopt);
}

TEST_CASE("as 128-bit arithmetic says") {
  std::mt19937_64 rng(1);
  for (int i = 0; i < 100000; ++i) {
    const uint64_t a = rng() >> (rng() % 64), b = rng() >> (rng() % 64);
    using Wide = unsigned __int128;
    const Wide sum = Wide{a} + b, product = Wide{a} * b;
    REQUIRE((Checked(a) + b).value() ==
            (sum > kMost ? std::nullopt : std::optional(static_cast<uint64_t>(sum))));
    REQUIRE((Checked(a) * b).value() ==
            (product > kMost ? std::nullopt : std::optional(static_cast<uint64_t>(product))));
    REQUIRE((Checked(a) - b).value() == (a < b ? std::nullopt : std::optional(a - b)));
  }
}

TEST_CASE("narrow keeps what the type can hold") {
  CHECK(narrow<int32_t>(int64_t{2147483647}) == 2147483647);
  CHECK(narrow<int32_t>(int64_t{2147483648}) == std::nullopt);
  CHECK(narrow<int32_t>(uint64_t{1} << 32) == std::nullopt);
  CHECK(narrow<uint32_t>(int64_t{-1}) == std::nullopt);
  CHECK(narrow<uint64_t>(int64_t{-1}) == std::nullopt);
  CHECK(narrow<int64_t>(kMost) == std::nullopt);
  CHECK(narrow<int8_t>(-128) == int8_t{-128});
  CHECK(narrow<uint8_t>(256) == std::nullopt);
}

}  // namespace
}  // namespace quire
