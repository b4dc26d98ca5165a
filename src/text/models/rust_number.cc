#include "text/models/rust_number.h"

#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>

namespace quire {
namespace {

// 10^n as the nearest double, by the compiler.
constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23,
                              1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32, 1e33, 1e34, 1e35};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<double> rust_number(std::string_view text) {
  size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) ++at;
  uint64_t digits = 0;
  int64_t exponent = 0;
  bool full = false;  // further digits are dropped; those before the point still count as places
  const auto take = [&](bool after_point) {
    for (; at < text.size() && is_digit(text[at]); ++at) {
      const auto d = static_cast<uint64_t>(text[at] - '0');
      full = full || digits > (std::numeric_limits<uint64_t>::max() - d) / 10;
      if (!full) digits = digits * 10 + d;
      exponent += after_point ? (full ? 0 : -1) : (full ? 1 : 0);
    }
  };
  take(false);
  if (at < text.size() && text[at] == '.') ++at, take(true);
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    const bool minus = at < text.size() && text[at] == '-';
    if (at < text.size() && !is_digit(text[at])) ++at;
    int64_t written = 0;
    for (; at < text.size() && is_digit(text[at]); ++at)
      if (written < 100000) written = written * 10 + (text[at] - '0');
    exponent += minus ? -written : written;
  }
  // One product or quotient where the power is a double near at hand; the far ones are no scores of a
  // vocabulary.
  auto value = static_cast<double>(digits);
  const auto distance = static_cast<uint64_t>(exponent < 0 ? -exponent : exponent);
  if (value != 0) {
    const double power =
        distance < std::size(kPowers) ? kPowers[distance] : std::pow(10.0, static_cast<double>(distance));
    value = exponent < 0 ? value / power : value * power;
  }
  if (!std::isfinite(value)) return std::nullopt;
  return negative ? -value : value;
}

}  // namespace quire
