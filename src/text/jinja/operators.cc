#include "text/jinja/operators.h"

#include <algorithm>
#include <cmath>

#include "text/jinja/big_integer.h"
#include "text/jinja/markup.h"

namespace quire::jinja {
namespace {

[[noreturn]] void unsupported(std::string_view op, const Value& a, const Value& b) {
  fail("unsupported operand type(s) for " + std::string(op) + ": '" + type_name(a) + "' and '" +
       type_name(b) + "'");
}
double as_real(const Value& v) {
  if (auto i = v.integer()) return static_cast<double>(*i);
  if (!v.big()) return *v.real();
  const double d = std::strtod(v.big()->digits.c_str(), nullptr);
  if (std::isinf(d)) fail("int too large to convert to float");
  return d;
}

bool is_whole(const Value& v) { return v.boolean() || v.is_integer(); }
bool is_below_zero(const Value& v) { return v.big() ? v.big()->digits.starts_with('-') : *v.integer() < 0; }

// What 64 bits hold; nothing if that is not enough.
std::optional<Value> integers(std::string_view op, int64_t a, int64_t b) {
  int64_t r = 0;
  if (op == "+" && !__builtin_add_overflow(a, b, &r)) return Value(r);
  if (op == "-" && !__builtin_sub_overflow(a, b, &r)) return Value(r);
  if (op == "*" && !__builtin_mul_overflow(a, b, &r)) return Value(r);
  if (b == 0 || b == -1) return std::nullopt;
  constexpr int64_t kExact = int64_t{1} << 53;
  if (op == "/" && std::max(a, b) <= kExact && std::min(a, b) >= -kExact)
    return Value(static_cast<double>(a) / static_cast<double>(b));
  if (op != "//" && op != "%") return std::nullopt;
  int64_t quotient = a / b, rest = a % b;
  if (rest != 0 && (rest < 0) != (b < 0)) --quotient, rest += b;
  return Value(op == "//" ? quotient : rest);
}

Value reals(std::string_view op, double a, double b) {
  if (op == "+") return a + b;
  if (op == "-") return a - b;
  if (op == "*") return a * b;
  if (op == "**") {
    if (a == 0 && b < 0) fail("0.0 cannot be raised to a negative power");
    if (a < 0 && b != std::floor(b))
      fail("a negative number to a broken power is complex, which is not supported");
    const double r = std::pow(a, b);
    if (std::isinf(r) && std::isfinite(a) && std::isfinite(b)) fail("(34, 'Numerical result out of range')");
    return r;
  }
  if (b == 0)
    fail(op == "/" ? "float division by zero" : op == "//" ? "float floor division by zero" : "float modulo");
  if (op == "/") return a / b;
  double rest = std::fmod(a, b);
  double quotient = (a - rest) / b;
  if (rest == 0) {
    rest = std::copysign(0.0, b);
  } else if ((rest < 0) != (b < 0)) {
    rest += b;
    quotient -= 1;
  }
  if (op == "%") return rest;
  if (quotient != 0) {
    const double down = std::floor(quotient);
    quotient = quotient - down > 0.5 ? down + 1 : down;
  } else {
    quotient = std::copysign(0.0, a / b);
  }
  return quotient;
}

bool is_list(const Value& v) {
  return v.sequence() &&
         (v.sequence()->kind == SequenceKind::kList || v.sequence()->kind == SequenceKind::kTuple);
}

Value add(Budget& budget, const Value& a, const Value& b) {
  if (a.text() && b.text()) {
    budget.check_text(a.text()->bytes.size() + b.text()->bytes.size());
    return make_text(budget, plus(*a.text(), *b.text()));
  }
  if (a.text()) fail("can only concatenate str (not \"" + type_name(b) + "\") to str");
  if (is_list(a) && is_list(b) && a.sequence()->kind == b.sequence()->kind) {
    Values both = a.sequence()->items;
    both.insert(both.end(), b.sequence()->items.begin(), b.sequence()->items.end());
    return make_sequence(budget, a.sequence()->kind, std::move(both));
  }
  if (is_list(a))
    fail("can only concatenate " + type_name(a) + " (not \"" + type_name(b) + "\") to " + type_name(a));
  unsupported("+", a, b);
}

Value repeat(Budget& budget, const Value& what, int64_t times) {
  times = std::max<int64_t>(times, 0);
  if (const Text* t = what.text()) {
    if (t->bytes.empty()) return what;
    if (static_cast<uint64_t>(times) > budget.max_text / t->bytes.size() + 1) budget.check_text(SIZE_MAX);
    Text to;
    for (int64_t i = 0; i < times; ++i) append(to, *t);
    to.markup = t->markup;
    return make_text(budget, std::move(to));
  }
  const Values& items = what.sequence()->items;
  Values to;
  if (items.empty()) return what;
  for (int64_t i = 0; i < times; ++i) {
    budget.charge(items.size());
    to.insert(to.end(), items.begin(), items.end());
  }
  return make_sequence(budget, what.sequence()->kind, std::move(to));
}

}  // namespace

double need_number(const Value& v, std::string_view what) {
  refuse_undefined(v);
  if (!v.is_number()) fail(std::string(what) + " must be a number, got '" + type_name(v) + "'");
  return as_real(v);
}

Value integer_of(double v) {
  if (std::isnan(v)) fail("cannot convert float NaN to integer");
  if (std::isinf(v)) fail("cannot convert float infinity to integer");
  return integer_of_real(v);
}

Value binary(Budget& budget, std::string_view op, const Value& a, const Value& b) {
  if (op == "%" && a.text()) return percent_format(budget, *a.text(), b);
  refuse_undefined(a);
  refuse_undefined(b);
  const auto x = a.integer(), y = b.integer();
  if (x && y)
    if (auto made = integers(op, *x, *y)) return *made;
  const bool to_fraction = op == "**" && is_whole(b) && is_below_zero(b);
  if (is_whole(a) && is_whole(b) && !to_fraction) return integer_arithmetic(budget, op, a, b);
  if (a.is_number() && b.is_number()) return reals(op, as_real(a), as_real(b));
  if (op == "+") return add(budget, a, b);
  if (op == "*" && (a.text() || is_list(a)) && y) return repeat(budget, a, *y);
  if (op == "*" && (b.text() || is_list(b)) && x) return repeat(budget, b, *x);
  unsupported(op, a, b);
}

Value negative(const Value& v) {
  refuse_undefined(v);
  if (auto i = v.integer(); i && *i != INT64_MIN) return -*i;
  if (const double* d = v.real()) return -*d;
  if (is_whole(v)) {
    const std::string digits = v.big() ? v.big()->digits : std::to_string(INT64_MIN);
    return integer_of_text(digits.starts_with('-') ? digits.substr(1) : "-" + digits);
  }
  fail("bad operand type for unary -: '" + type_name(v) + "'");
}

Value positive(const Value& v) {
  refuse_undefined(v);
  if (auto i = v.integer()) return *i;
  if (v.real() || v.big()) return v;
  fail("bad operand type for unary +: '" + type_name(v) + "'");
}

Value slice(Budget& budget, const Value& v, const Value& start, const Value& stop, const Value& step) {
  refuse_undefined(v);
  const Text* text = v.text();
  const Sequence* s = v.sequence();
  if (!text && (!s || (s->kind != SequenceKind::kList && s->kind != SequenceKind::kTuple &&
                       s->kind != SequenceKind::kRange)))
    fail("'" + type_name(v) + "' object is not subscriptable");
  const auto bound = [](const Value& b) -> std::optional<int64_t> {
    if (b.is_none()) return std::nullopt;
    if (b.big()) return is_below_zero(b) ? INT64_MIN / 2 : INT64_MAX / 2;
    if (!b.integer()) fail("slice indices must be integers or None or have an __index__ method");
    return b.integer();
  };
  const int64_t by = bound(step).value_or(1);
  if (by == 0) fail("slice step cannot be zero");
  const int64_t n = static_cast<int64_t>(*length_of(budget, v));
  const auto place = [&](std::optional<int64_t> at, int64_t otherwise) {
    if (!at) return otherwise;
    const int64_t low = by > 0 ? 0 : -1, high = by > 0 ? n : n - 1;
    return std::clamp(*at < 0 ? (*at < -n ? low : *at + n) : *at, low, high);
  };
  const int64_t from = place(bound(start), by > 0 ? 0 : n - 1), to = place(bound(stop), by > 0 ? n : -1);
  if (text && by == 1) {
    const size_t begin = character_offset(text->bytes, static_cast<size_t>(from));
    const size_t end = begin + character_offset(std::string_view(text->bytes).substr(begin),
                                                static_cast<size_t>(std::max<int64_t>(0, to - from)));
    Text cut = part(*text, begin, end);
    cut.markup = text->markup;
    return make_text(budget, std::move(cut));
  }
  Values taken;
  const Values all = items_of(budget, v);
  for (__int128 i = from; by > 0 ? i < to : i > to; i += by) taken.push_back(all[static_cast<size_t>(i)]);
  if (!text) {
    if (s->kind != SequenceKind::kRange) return make_sequence(budget, s->kind, std::move(taken));
    const auto value = [&](int64_t i) { return s->start + i * s->step; };
    Value range = make_sequence(budget, SequenceKind::kRange, std::move(taken));
    range.sequence()->start = value(from);
    range.sequence()->stop = value(to);
    range.sequence()->step = s->step * (by > 1000000 ? 1000000 : by);
    return range;
  }
  Text joined;
  for (const Value& character : taken) append(joined, *character.text());
  joined.markup = text->markup;
  return make_text(budget, std::move(joined));
}

}  // namespace quire::jinja
