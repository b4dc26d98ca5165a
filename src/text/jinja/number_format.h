// Numbers in the forms that the % operator and str.format share.
#pragma once
#include <string>

#include "text/jinja/value.h"

namespace quire::jinja {

struct NumberForm {
  char type = 0;       // d x X o b e E f F g G %; 0: as str() would
  int precision = -1;  // -1: not given
  char sign = '-';     // '+', ' ' or '-' (only a minus)
  bool alternate = false;
  char grouping = 0;  // ',' or '_'
};

// The sign (or nothing), then the prefix (0x), then the digits.
struct FormattedNumber {
  std::string sign, prefix, digits;
};
FormattedNumber format_number(const Value&, const NumberForm&);  // of a number

// `sign prefix digits` or a text, padded to `width` characters. align: '<', '>', '^', '='.
Text pad(Budget&, const Text&, int64_t width, char align, const Text& fill);
constexpr int kMaxPrecision = 10000;

}  // namespace quire::jinja
