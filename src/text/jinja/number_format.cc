#include "text/jinja/number_format.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "text/jinja/big_integer.h"
#include "text/jinja/operators.h"
#include "text/jinja/print.h"

namespace quire::jinja {
namespace {

std::string printed(char type, int precision, bool alternate, double v) {
  char form[16];
  std::snprintf(form, sizeof form, alternate ? "%%#.*%c" : "%%.*%c", type);
  const int n = std::snprintf(nullptr, 0, form, precision, v);  // NOLINT: made above
  std::string to(static_cast<size_t>(n) + 1, '\0');
  std::snprintf(to.data(), to.size(), form, precision, v);  // NOLINT
  to.pop_back();
  return to;
}

void group(std::string& digits, char with, size_t size) {
  size_t end = digits.find_first_not_of("0123456789abcdefABCDEF");
  if (end == std::string::npos) end = digits.size();
  for (size_t at = end; at > size;) digits.insert(at -= size, 1, with);
}

}  // namespace

FormattedNumber format_number(const Value& v, const NumberForm& form) {
  FormattedNumber to;
  char type = form.type;
  bool negative = false;
  if (!v.real() && (type == 0 || std::string_view("dxXob").find(type) != std::string_view::npos)) {
    negative = v.big() ? v.big()->digits.starts_with('-') : *v.integer() < 0;
    const unsigned base = type == 'x' || type == 'X' ? 16 : type == 'o' ? 8 : type == 'b' ? 2 : 10;
    to.digits = digits_in_base(v, base);
    if (type == 'X')
      std::ranges::transform(to.digits, to.digits.begin(),
                             [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
    if (form.alternate && base != 10) to.prefix = std::string("0") + type;
    if (form.grouping) group(to.digits, form.grouping, base == 10 ? 3 : 4);
  } else {
    double d = need_number(v, "a formatted value");
    negative = std::signbit(d);
    d = std::abs(d);
    const int precision = form.precision;
    if (type == '%') d *= 100;
    if (!std::isfinite(d)) {
      to.digits = std::isnan(d) ? "nan" : "inf";
      if (type == 'E' || type == 'F' || type == 'G') to.digits = std::isnan(d) ? "NAN" : "INF";
    } else if (type == 0 && precision < 0) {
      to.digits = float_repr(d);
    } else if (type == 0) {
      to.digits = printed('g', std::max(1, precision), false, d);
      const double power = d == 0 ? 0 : std::floor(std::log10(d));
      if (power == precision - 1 && precision > 0 && to.digits.find_first_of(".e") == std::string::npos)
        to.digits = printed('e', precision - 1, false, d);
      if (to.digits.find_first_of(".e") == std::string::npos) to.digits += ".0";
    } else {
      to.digits = printed(type == '%' ? 'f' : type, precision < 0 ? 6 : precision, form.alternate, d);
    }
    if (type == '%') to.digits += '%';
    if (form.grouping) group(to.digits, form.grouping, 3);
  }
  to.sign = negative ? "-" : form.sign == '-' ? "" : std::string(1, form.sign);
  return to;
}

Text pad(Budget& budget, const Text& text, int64_t width, char align, const Text& fill) {
  const int64_t n = width - static_cast<int64_t>(count_characters(text.bytes));
  if (n <= 0) return text;
  budget.check_text(static_cast<uint64_t>(n) + text.bytes.size());
  const int64_t left = align == '<' ? 0 : align == '^' ? n / 2 : n;
  Text to;
  for (int64_t i = 0; i < left; ++i) append(to, fill);
  append(to, text);
  for (int64_t i = left; i < n; ++i) append(to, fill);
  return to;
}

}  // namespace quire::jinja
