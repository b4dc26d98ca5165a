// The natural logarithm in double, without the C library, whose bits depend on the processor.
#pragma once
#include <bit>
#include <cstdint>

namespace quire::cpu {

// Of a positive normal x, within 2 units in the last place or so: x = 2^e m, log m = 2 atanh((m - 1) / (m +
// 1)).
inline double natural_log(double x) {
  const auto bits = std::bit_cast<int64_t>(x), shifted = bits - 0x3fe6a09e667f3bcd;  // of sqrt(1/2)
  const auto e = static_cast<double>(shifted >> 52);
  const auto m = std::bit_cast<double>((shifted & 0xfffffffffffff) + 0x3fe6a09e667f3bcd);
  const double s = (m - 1) / (m + 1), z = s * s;
  double series = 0;
  for (int odd = 21; odd >= 1; odd -= 2) series = series * z + 1.0 / odd;
  return e * 0.69314718055994531 + 2 * s * series;
}

}  // namespace quire::cpu
