#include "text/jinja/big_integer.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace quire::jinja {
namespace {

constexpr size_t kMaxLimbs = 450;  // a little more than kMaxDigits

using Limbs = std::vector<uint32_t>;  // least first; no zeros at the end

struct Large {
  bool negative = false;
  Limbs limbs{};
};

void trim(Limbs& a) {
  while (!a.empty() && a.back() == 0) a.pop_back();
}

void check(const Limbs& a) {
  if (a.size() > kMaxLimbs)
    fail("an integer of more than " + std::to_string(kMaxDigits) + " digits is not supported");
}

int compare(const Limbs& a, const Limbs& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  for (size_t i = a.size(); i-- > 0;)
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  return 0;
}

Limbs add(const Limbs& a, const Limbs& b) {
  Limbs to(std::max(a.size(), b.size()) + 1);
  uint64_t carry = 0;
  for (size_t i = 0; i < to.size(); ++i) {
    carry += (i < a.size() ? a[i] : uint64_t{0}) + (i < b.size() ? b[i] : uint64_t{0});
    to[i] = static_cast<uint32_t>(carry);
    carry >>= 32;
  }
  trim(to);
  return to;
}

Limbs subtract(const Limbs& a, const Limbs& b) {  // a >= b
  Limbs to(a.size());
  int64_t borrow = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    borrow += int64_t{a[i]} - (i < b.size() ? int64_t{b[i]} : 0);
    to[i] = static_cast<uint32_t>(borrow);
    borrow >>= 32;
  }
  trim(to);
  return to;
}

Limbs multiply(Budget& budget, const Limbs& a, const Limbs& b) {
  budget.charge(1 + a.size() * b.size() / 64);
  Limbs to(a.size() + b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    uint64_t carry = 0;
    for (size_t k = 0; k < b.size() || carry; ++k) {
      carry += to[i + k] + (k < b.size() ? uint64_t{a[i]} * b[k] : 0);
      to[i + k] = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
  }
  trim(to);
  check(to);
  return to;
}

uint32_t divide_small(Limbs& a, uint32_t by) {  // the rest
  uint64_t rest = 0;
  for (size_t i = a.size(); i-- > 0;) {
    rest = rest << 32 | a[i];
    a[i] = static_cast<uint32_t>(rest / by);
    rest %= by;
  }
  trim(a);
  return static_cast<uint32_t>(rest);
}

size_t bits_of(const Limbs& a) {
  return a.empty() ? 0 : a.size() * 32 - static_cast<size_t>(__builtin_clz(a.back()));
}

Limbs shifted(const Limbs& a, size_t by) {
  Limbs to(a.size() + by / 32 + 1);
  for (size_t i = 0; i < a.size(); ++i) {
    const uint64_t wide = uint64_t{a[i]} << by % 32;
    to[i + by / 32] |= static_cast<uint32_t>(wide);
    to[i + by / 32 + 1] |= static_cast<uint32_t>(wide >> 32);
  }
  trim(to);
  return to;
}

// The quotient; `a` becomes the rest. Bit by bit: the sizes are small.
Limbs divide(Budget& budget, Limbs& a, const Limbs& b) {
  Limbs quotient;
  if (compare(a, b) < 0) return quotient;
  const size_t steps = bits_of(a) - bits_of(b) + 1;
  budget.charge(1 + steps * b.size() / 64);
  quotient.resize(steps / 32 + 1);
  for (size_t i = steps; i-- > 0;) {
    const Limbs part = shifted(b, i);
    if (compare(a, part) < 0) continue;
    a = subtract(a, part);
    quotient[i / 32] |= uint32_t{1} << i % 32;
  }
  trim(quotient);
  return quotient;
}

Large large(const Value& v) {
  Large to;
  if (const auto i = v.integer()) {
    to.negative = *i < 0;
    const uint64_t size = to.negative ? uint64_t{0} - static_cast<uint64_t>(*i) : static_cast<uint64_t>(*i);
    to.limbs = {static_cast<uint32_t>(size), static_cast<uint32_t>(size >> 32)};
  } else {
    std::string_view digits = v.big()->digits;
    to.negative = digits.starts_with('-');
    if (digits.size() > kMaxDigits + 50)  // of a request
      fail("an integer of more than " + std::to_string(kMaxDigits) + " digits is not supported");
    for (size_t at = to.negative; at < digits.size();) {  // nine digits at a time
      uint64_t scale = 1, carry = 0;
      for (int n = 0; n < 9 && at < digits.size(); ++n, ++at) {
        scale *= 10;
        carry = carry * 10 + static_cast<uint64_t>(digits[at] - '0');
      }
      for (uint32_t& limb : to.limbs) {
        carry += uint64_t{limb} * scale;
        limb = static_cast<uint32_t>(carry);
        carry >>= 32;
      }
      if (carry) to.limbs.push_back(static_cast<uint32_t>(carry));
    }
  }
  trim(to.limbs);
  return to;
}

std::string digits_of(Limbs limbs, unsigned base) {
  uint32_t scale = base;  // as many digits at a time as fit
  int digits = 1;
  for (; uint64_t{scale} * base <= UINT32_MAX; ++digits) scale *= base;
  std::string to;
  while (!limbs.empty()) {
    uint32_t rest = divide_small(limbs, scale);
    for (int i = 0; i < digits && (rest > 0 || !limbs.empty()); ++i, rest /= base)
      to += "0123456789abcdef"[rest % base];
  }
  std::ranges::reverse(to);
  return to.empty() ? "0" : to;
}

Value value_of(const Large& v) {
  if (v.limbs.size() <= 2) {
    uint64_t size = 0;
    for (size_t i = v.limbs.size(); i-- > 0;) size = size << 32 | v.limbs[i];
    if (size <= static_cast<uint64_t>(INT64_MAX))
      return v.negative ? -static_cast<int64_t>(size) : static_cast<int64_t>(size);
    if (v.negative && size == uint64_t{1} << 63) return INT64_MIN;
  }
  check(v.limbs);
  return std::shared_ptr<const BigInteger>(
      std::make_shared<BigInteger>(BigInteger{(v.negative ? "-" : "") + digits_of(v.limbs, 10)}));
}

Large sum(const Large& a, const Large& b) {
  if (a.negative == b.negative) return {a.negative, add(a.limbs, b.limbs)};
  const int order = compare(a.limbs, b.limbs);
  if (order == 0) return {};
  return order > 0 ? Large{a.negative, subtract(a.limbs, b.limbs)}
                   : Large{b.negative, subtract(b.limbs, a.limbs)};
}

// Rounded once, to even.
double quotient_as_real(Budget& budget, const Large& a, const Large& b) {
  const auto a_bits = static_cast<int64_t>(bits_of(a.limbs)), b_bits = static_cast<int64_t>(bits_of(b.limbs));
  const int64_t shift = 66 - (a_bits - b_bits);  // the quotient has 66 or 67 bits
  Limbs rest = shift > 0 ? shifted(a.limbs, static_cast<size_t>(shift)) : a.limbs;
  const Limbs by = shift < 0 ? shifted(b.limbs, static_cast<size_t>(-shift)) : b.limbs;
  const Limbs q = divide(budget, rest, by);
  unsigned __int128 bits = 0;
  for (size_t i = q.size(); i-- > 0;) bits = bits << 32 | q[i];
  const int64_t exponent = -shift;
  const int64_t size = static_cast<int64_t>(bits_of(q));
  int64_t dropped = size - 53;
  if (exponent + size < -1021) dropped = -1074 - exponent;  // the last place of a subnormal
  if (dropped >= 120) return 0;
  const unsigned __int128 unit = static_cast<unsigned __int128>(1) << dropped;
  const unsigned __int128 tail = bits % unit;
  bits /= unit;
  if (tail > unit / 2 || (tail == unit / 2 && (!rest.empty() || bits % 2))) ++bits;
  const double made =
      std::ldexp(static_cast<double>(static_cast<uint64_t>(bits)), static_cast<int>(exponent + dropped));
  if (std::isinf(made)) fail("integer division result too large for a float");
  return a.negative != b.negative ? -made : made;
}

Large power(Budget& budget, Large a, const Value& exponent) {
  if (exponent.big() && a.limbs.size() == 1 && a.limbs[0] == 1)
    return {a.negative && (exponent.big()->digits.back() - '0') % 2 == 1, {1}};
  if (exponent.big() && !a.limbs.empty())
    fail("an integer of more than " + std::to_string(kMaxDigits) + " digits is not supported");
  if (exponent.big()) return {};
  Large result{false, {1}};
  for (int64_t b = *exponent.integer(); b > 0; b >>= 1) {
    if (b & 1) result = {result.negative != a.negative, multiply(budget, result.limbs, a.limbs)};
    if (b > 1) a = {false, multiply(budget, a.limbs, a.limbs)};
  }
  if (result.limbs.empty()) result.negative = false;
  return result;
}

}  // namespace

Value integer_arithmetic(Budget& budget, std::string_view op, const Value& x, const Value& y) {
  Large a = large(x), b = large(y);
  const size_t size = a.limbs.size() + b.limbs.size();
  budget.charge(1 + size + size * size / 64);  // reading and writing them in decimal
  if (op == "+") return value_of(sum(a, b));
  if (op == "-") return value_of(sum(a, {!b.negative, b.limbs}));
  if (op == "*") {
    Limbs made = multiply(budget, a.limbs, b.limbs);
    const bool negative = !made.empty() && a.negative != b.negative;
    return value_of({negative, std::move(made)});
  }
  if (op == "**") return value_of(power(budget, a, y));
  if (b.limbs.empty()) fail(op == "/" ? "division by zero" : "integer division or modulo by zero");
  if (op == "/") return a.limbs.empty() ? (b.negative ? -0.0 : 0.0) : quotient_as_real(budget, a, b);
  Large rest{a.negative, a.limbs};
  Large quotient{a.negative != b.negative, divide(budget, rest.limbs, b.limbs)};
  if (!rest.limbs.empty() && a.negative != b.negative) {  // Python rounds down
    quotient = sum(quotient, {true, {1}});
    rest = sum(rest, b);
  }
  return value_of(op == "//" ? quotient : rest);
}

int compare_integers(const Value& x, const Value& y) {
  const Large a = large(x), b = large(y);
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  return a.negative ? compare(b.limbs, a.limbs) : compare(a.limbs, b.limbs);
}

Value integer_of_text(std::string_view digits) {
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.size() > kMaxDigits)
    fail("an integer of more than " + std::to_string(kMaxDigits) + " digits is not supported");
  if (digits.empty()) return 0;
  const std::string all = (negative ? "-" : "") + std::string(digits);
  int64_t v = 0;
  if (std::from_chars(all.data(), all.data() + all.size(), v).ec == std::errc()) return v;
  return std::shared_ptr<const BigInteger>(std::make_shared<BigInteger>(BigInteger{all}));
}

Value integer_of_real(double v) {
  if (std::abs(v) < 9e18) return static_cast<int64_t>(v);
  int exponent = 0;
  const double mantissa = std::frexp(std::abs(v), &exponent);
  const auto bits = static_cast<uint64_t>(std::ldexp(mantissa, 53));
  const Limbs limbs = {static_cast<uint32_t>(bits), static_cast<uint32_t>(bits >> 32)};
  return value_of({v < 0, shifted(limbs, static_cast<size_t>(exponent - 53))});
}

std::string digits_in_base(const Value& integer, unsigned base) {
  return digits_of(large(integer).limbs, base);
}

}  // namespace quire::jinja
