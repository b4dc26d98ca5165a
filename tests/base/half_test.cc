// The 16-bit formats: every half and every bfloat16 against the formula of the standard, and rounding down to
// bfloat16 against the nearest of all.
#include "tensor/half.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

namespace quire {
namespace {

// IEEE 754, section 3.4: sign, exponent bits and fraction bits of a format.
double by_formula(uint32_t bits, int exponent_bits, int fraction_bits) {
  const uint32_t fraction = bits & ((1u << fraction_bits) - 1);
  const int exponent = static_cast<int>(bits >> fraction_bits & ((1u << exponent_bits) - 1));
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const double sign = bits >> (exponent_bits + fraction_bits) & 1 ? -1.0 : 1.0;
  if (exponent == (1 << exponent_bits) - 1) return fraction ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp((1u << fraction_bits) | fraction, exponent - bias - fraction_bits);
}

void expect_same(float got, double want) {
  if (std::isnan(want)) {
    REQUIRE(std::isnan(got));
  } else {
    REQUIRE(static_cast<double>(got) == want);
    REQUIRE(std::signbit(got) == std::signbit(want));
  }
}

TEST_CASE("every half is exact as f32") {
  for (uint32_t h = 0; h < 65536; ++h)
    expect_same(half_to_float(static_cast<uint16_t>(h)), by_formula(h, 5, 10));
}

TEST_CASE("every bfloat16 is exact as f32, and comes back") {
  for (uint32_t h = 0; h < 65536; ++h) {
    const auto bits = static_cast<uint16_t>(h);
    expect_same(bf16_to_float(bits), by_formula(h, 8, 7));
    if (!std::isnan(bf16_to_float(bits))) REQUIRE(float_to_bf16(bf16_to_float(bits)) == bits);
  }
}

TEST_CASE("f32 goes to the nearest bfloat16, ties to the even one, beyond the largest to infinity") {
  std::mt19937 rng(1);
  const auto expect_nearest = [](float v) {
    const uint16_t got = float_to_bf16(v);
    if (std::isnan(v)) {
      REQUIRE(std::isnan(bf16_to_float(got)));
      REQUIRE((got >> 15) == (std::bit_cast<uint32_t>(v) >> 31));
      return;
    }
    const auto below = static_cast<uint16_t>(std::bit_cast<uint32_t>(v) >> 16);  // towards zero
    const double a = by_formula(below, 8, 7);
    // One step further from zero; behind the largest, where the next would be.
    const double b = (below & 0x7fff) == 0x7f7f ? std::copysign(0x1p128, a) : by_formula(below + 1u, 8, 7);
    if (std::isinf(v)) {
      REQUIRE(got == below);
      return;
    }
    const double to_a = std::abs(static_cast<double>(v) - a), to_b = std::abs(b - static_cast<double>(v));
    const bool up = to_b < to_a || (to_b == to_a && below % 2 == 1);
    REQUIRE(got == (up ? below + 1 : below));
  };
  for (int i = 0; i < 300000; ++i) expect_nearest(std::bit_cast<float>(static_cast<uint32_t>(rng())));
  for (uint32_t h = 0; h < 65536; ++h)  // at, and just beside, every tie
    for (uint32_t low : {0x0000u, 0x0001u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu})
      expect_nearest(std::bit_cast<float>(h << 16 | low));
}

}  // namespace
}  // namespace quire
