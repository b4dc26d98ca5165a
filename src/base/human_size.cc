#include "base/human_size.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace quire {
namespace {

// The factor of a suffix; 0: unknown.
double factor_of(std::string_view suffix) {
  if (suffix.empty() || suffix == "B") return 1;
  constexpr std::string_view kLetters = "kmgt";
  const char letter = suffix.front();
  const bool small = letter >= 'a';
  const size_t power = kLetters.find(small ? letter : static_cast<char>(letter - 'A' + 'a'));
  if (power == std::string_view::npos) return 0;
  const std::string_view rest = suffix.substr(1);
  const double thousands = std::pow(1000.0, static_cast<double>(power + 1));
  const double binary = std::pow(1024.0, static_cast<double>(power + 1));
  if (rest == "iB" || rest == "ib" || rest == "i") return binary;
  if (rest == "B" || rest == "b") return thousands;
  if (!rest.empty()) return 0;
  return small ? thousands : binary;
}

}  // namespace

std::optional<int64_t> parse_human_size(std::string_view text) {
  const char *begin = text.data(), *end = begin + text.size();
  int64_t whole = 0;
  if (auto [p, e] = std::from_chars(begin, end, whole); e == std::errc() && p == end) return whole;
  double number = 0;
  const auto [p, e] = std::from_chars(begin, end, number, std::chars_format::fixed);
  if (e != std::errc() || number < 0) return std::nullopt;
  const double factor = factor_of(text.substr(static_cast<size_t>(p - begin)));
  const double value = number * factor;
  if (factor == 0 || value >= 9.2e18 || std::abs(value - std::round(value)) > 1e-6) return std::nullopt;
  return static_cast<int64_t>(std::llround(value));
}

std::string human_bytes(int64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) value /= 1024, ++unit;
  char text[64];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

}  // namespace quire
