// Filters that make numbers.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "text/jinja/attribute_path.h"
#include "text/jinja/big_integer.h"
#include "text/jinja/filters.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/methods.h"
#include "text/jinja/operators.h"
#include "text/jinja/print.h"

namespace quire::jinja {
namespace {

// White space around and single underscores between digits go, as Python has it; nothing if that leaves no
// number.
std::optional<std::string> cleaned(const Text& text) {
  const std::string s = stripped(text, nullptr, Side::kBoth).bytes;
  std::string to;
  const auto digit = [&](size_t i) { return i < s.size() && std::isalnum(static_cast<unsigned char>(s[i])); };
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '_') to += s[i];
    else if (i == 0 || !digit(i - 1) || !digit(i + 1)) return std::nullopt;
  }
  return to;
}

std::optional<Value> parse_integer(const Text& text, int64_t base) {
  auto s = cleaned(text);
  if (!s || base < 0 || base == 1 || base > 36) return std::nullopt;
  std::string_view digits = *s;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.size() > 2 && digits[0] == '0') {
    const char kind = static_cast<char>(digits[1] | 0x20);
    const int64_t said = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
    if (said && (base == said || base == 0)) digits.remove_prefix(2), base = said;
  }
  if (base == 0) base = 10;
  uint64_t v = 0;
  const auto r = std::from_chars(digits.data(), digits.data() + digits.size(), v, static_cast<int>(base));
  if (digits.empty() || r.ptr != digits.data() + digits.size()) return std::nullopt;
  if (r.ec != std::errc() || v > static_cast<uint64_t>(INT64_MAX)) {
    if (base != 10) fail("an integer beyond 64 bits is only supported in base 10");
    return integer_of_text((negative ? "-" : "") + std::string(digits));
  }
  return Value(negative ? -static_cast<int64_t>(v) : static_cast<int64_t>(v));
}

std::optional<double> parse_real(const Text& text) {
  const auto s = cleaned(text);
  if (!s || s->empty()) return std::nullopt;
  const bool signed_ = (*s)[0] == '+' || (*s)[0] == '-';
  std::string word = s->substr(signed_);
  std::ranges::transform(word, word.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  if (word != "inf" && word != "infinity" && word != "nan")
    if (s->find_first_not_of("+-.0123456789eE") != std::string::npos) return std::nullopt;
  char* end = nullptr;
  const double d = std::strtod(s->c_str(), &end);
  return end == s->c_str() + s->size() ? std::optional<double>(d) : std::nullopt;
}

std::optional<double> as_real(const Value& v) {
  refuse_undefined(v);
  if (const Text* t = v.text()) return parse_real(*t);
  if (v.is_number()) return need_number(v, "a number");
  return std::nullopt;
}

Value int_filter(Interpreter&, const Value& v, const Arguments& a) {
  const Bound b("int", a, {"default", "base"});
  refuse_undefined(v);
  if (v.is_integer()) return v;
  if (const bool* yes = v.boolean()) return *yes ? 1 : 0;
  if (const Text* t = v.text())
    if (const auto base = b.has(1) ? b[1].integer() : 10)
      if (auto i = parse_integer(*t, *base)) return *i;
  const Value otherwise = b.has(0) ? b[0] : Value(0);
  const auto d = as_real(v);
  return d && std::isfinite(*d) ? integer_of(*d) : otherwise;
}

Value float_filter(Interpreter&, const Value& v, const Arguments& a) {
  const Bound b("float", a, {"default"});
  if (const auto d = as_real(v)) return *d;
  return b.has(0) ? b[0] : Value(0.0);
}

Value abs_filter(Interpreter&, const Value& v, const Arguments& a) {
  const Bound none("abs", a, {});
  refuse_undefined(v);
  if (const double* d = v.real()) return std::abs(*d);
  if (auto i = v.integer()) return *i < 0 ? negative(v) : Value(*i);
  if (v.big()) return v.big()->digits.starts_with('-') ? negative(v) : v;
  fail("bad operand type for abs(): '" + type_name(v) + "'");
}

Value round_integer(int64_t v, int64_t precision) {
  if (precision >= 0) return v;
  if (precision < -18) return 0;
  int64_t unit = 1;
  for (int64_t i = 0; i < -precision; ++i) unit *= 10;
  int64_t down = v / unit * unit, rest = v - down;
  if (rest < 0) rest += unit, down -= unit;
  const bool odd = (down / unit) % 2 != 0;
  return rest > unit / 2 || (rest == unit / 2 && odd && unit > 1) ? down + unit : down;
}

Value round_filter(Interpreter&, const Value& v, const Arguments& a) {
  const Bound b("round", a, {"precision", "method"});
  const bool whole = b.has(0) && b[0].is_none();  // to an integer
  const int64_t precision = whole ? 0 : b.integer(0, 0);
  const std::string method = b.has(1) && b[1].text() ? b[1].text()->bytes : b.has(1) ? "" : "common";
  if (method != "common" && method != "ceil" && method != "floor")
    fail("method must be common, ceil or floor");
  if (method == "common" && v.big()) {
    if (precision < 0) fail("rounding an integer beyond 64 bits is not supported");
    return v;
  }
  if (method == "common" && v.integer()) return round_integer(*v.integer(), precision);
  const double d = need_number(v, "what is rounded");
  if (whole) {
    if (method != "common") fail("unsupported operand type(s) for **: 'int' and 'NoneType'");
    return integer_of(std::nearbyint(d));
  }
  if (method == "common") {
    if (!std::isfinite(d) || precision > 300) return d;
    if (precision < 0) {
      const double unit = std::pow(10.0, static_cast<double>(-precision));
      return std::nearbyint(d / unit) * unit;
    }
    char text[800];
    std::snprintf(text, sizeof text, "%.*f", static_cast<int>(precision), d);
    return std::strtod(text, nullptr);
  }
  const double unit = std::pow(10.0, static_cast<double>(precision));
  const double up_or_down = method == "ceil" ? std::ceil(d * unit) : std::floor(d * unit);
  if (!std::isfinite(up_or_down)) integer_of(up_or_down);  // fails: Python's are integers
  return (up_or_down + 0.0) / unit;                        // which have no -0
}

Value filesizeformat(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("filesizeformat", a, {"binary"});
  const auto bytes = as_real(v);
  if (!bytes) fail("could not convert to float: '" + type_name(v) + "'");
  const bool binary = b.truth(0, false);
  const double base = binary ? 1024 : 1000;
  if (*bytes == 1) return in.text("1 Byte");
  if (*bytes < base) {
    Text to;
    append_str(in.budget(), integer_of(*bytes), to);
    append(to, " Bytes");
    return in.text(std::move(to));
  }
  constexpr std::string_view kLetters = "kMGTPEZY";
  double unit = base * base;
  size_t i = 0;
  while (i + 1 < kLetters.size() && !(*bytes < unit)) unit *= base, ++i;
  const std::string letter(1, binary && i == 0 ? 'K' : kLetters[i]);
  char number[400];
  std::snprintf(number, sizeof number, "%.1f", base * *bytes / unit);
  return in.text(std::string(std::isnan(*bytes) ? "nan" : number) + " " + letter + (binary ? "iB" : "B"));
}

Value sum_filter(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("sum", a, {"attribute", "start"});
  Value total = b.has(1) ? b[1] : Value(0);
  if (total.text()) fail("sum() can't sum strings [use ''.join(seq) instead]");
  for (const Value& item : items_of(in.budget(), v))
    total = binary(in.budget(), "+", total, b.given(0) ? attribute_path(in, item, b[0]) : item);
  return total;
}

constexpr Filter kFilters[] = {{"int", int_filter}, {"float", float_filter},
                               {"abs", abs_filter}, {"round", round_filter},
                               {"sum", sum_filter}, {"filesizeformat", filesizeformat}};

}  // namespace

std::span<const Filter> number_filters() { return kFilters; }

}  // namespace quire::jinja
