// Equality, order and membership as Python has them. Nesting of values is bounded, so these recurse.
#include <algorithm>
#include <cmath>
#include <tuple>

#include "text/jinja/big_integer.h"
#include "text/jinja/value.h"

namespace quire::jinja {
namespace {

double as_double(const Value& v) {
  if (auto i = v.integer()) return static_cast<double>(*i);
  if (const BigInteger* b = v.big()) return std::strtod(b->digits.c_str(), nullptr);
  return *v.real();
}

int order_numbers(const Value& a, const Value& b) {
  const auto ia = a.integer(), ib = b.integer();
  if (ia && ib) return *ia < *ib ? -1 : *ia > *ib;
  if ((a.big() || b.big()) && !a.real() && !b.real()) return compare_integers(a, b);
  for (const auto& [big, real, sign] :
       {std::tuple(a.big(), b.real(), 1), std::tuple(b.big(), a.real(), -1)}) {
    if (!big || !real || std::isinf(*real)) continue;
    return sign *
           compare_integers(sign > 0 ? a : b, integer_of_real(*real));  // a real so large has no fraction
  }
  const double x = as_double(a), y = as_double(b);
  return x < y ? -1 : x > y;
}

bool is_plain_sequence(const Sequence& s) {
  return s.kind == SequenceKind::kList || s.kind == SequenceKind::kTuple;
}

bool is_set_like(const Value& v) {
  const Sequence* s = v.sequence();
  return s && (s->kind == SequenceKind::kKeys || s->kind == SequenceKind::kItems);
}

// Of the views of dictionaries that are like sets: each of a is in b.
bool all_in(Budget& budget, const Sequence& a, const Sequence& b) {
  return std::ranges::all_of(a.items, [&](const Value& x) {
    return std::ranges::any_of(b.items, [&](const Value& y) { return equal(budget, x, y); });
  });
}

bool equal_items(Budget& budget, const Values& a, const Values& b) {
  return std::ranges::equal(a, b, [&](const Value& x, const Value& y) { return equal(budget, x, y); });
}

bool equal_dictionaries(Budget& budget, const Dictionary& a, const Dictionary& b) {
  if (a.items.size() != b.items.size()) return false;
  return std::ranges::all_of(a.items, [&](const auto& item) {
    const Value* other = find(b, item.first);
    return other && equal(budget, item.second, *other);
  });
}

}  // namespace

bool equal(Budget& budget, const Value& a, const Value& b) {
  budget.charge();
  if (a.is_number() && b.is_number()) {
    if ((a.real() && std::isnan(*a.real())) || (b.real() && std::isnan(*b.real()))) return false;
    return order_numbers(a, b) == 0;
  }
  if (a.text() && b.text()) {
    budget.scan(a.text()->bytes.size());
    return a.text()->bytes == b.text()->bytes;
  }
  if (a.is_undefined() || b.is_undefined()) return a.is_undefined() && b.is_undefined();
  if (a.sequence() && b.sequence()) {
    if (a.same(b)) return true;
    const Sequence &x = *a.sequence(), &y = *b.sequence();
    if (is_set_like(a) && is_set_like(b)) return x.items.size() == y.items.size() && all_in(budget, x, y);
    if (x.kind != y.kind || x.kind == SequenceKind::kIterator || x.kind == SequenceKind::kValues)
      return false;
    return equal_items(budget, x.items, y.items);
  }
  if (a.dictionary() && b.dictionary()) return equal_dictionaries(budget, *a.dictionary(), *b.dictionary());
  return a.same(b);
}

int compare(Budget& budget, const Value& a, const Value& b, std::string_view op) {
  budget.charge();
  refuse_undefined(a);
  refuse_undefined(b);
  if (a.is_number() && b.is_number()) return order_numbers(a, b);
  if (a.text() && b.text()) {
    budget.scan(std::min(a.text()->bytes.size(), b.text()->bytes.size()));
    const int order = a.text()->bytes.compare(b.text()->bytes);
    return order < 0 ? -1 : order > 0;
  }
  if (a.sequence() && b.sequence() && is_plain_sequence(*a.sequence()) &&
      a.sequence()->kind == b.sequence()->kind) {
    const Values &x = a.sequence()->items, &y = b.sequence()->items;
    for (size_t i = 0; i < std::min(x.size(), y.size()); ++i)
      if (!equal(budget, x[i], y[i])) return compare(budget, x[i], y[i], op);
    return x.size() < y.size() ? -1 : x.size() > y.size();
  }
  fail("'" + std::string(op) + "' not supported between instances of '" + type_name(a) + "' and '" +
       type_name(b) + "'");
}

bool ordered(Budget& budget, std::string_view op, const Value& a, const Value& b) {
  if ((a.real() && std::isnan(*a.real())) || (b.real() && std::isnan(*b.real())))
    if (a.is_number() && b.is_number()) return false;
  if (is_set_like(a) && is_set_like(b)) {
    const bool down = op[0] == '>';
    const Sequence &x = *(down ? b : a).sequence(), &y = *(down ? a : b).sequence();
    const bool fits = op.size() == 1 ? x.items.size() < y.items.size() : x.items.size() <= y.items.size();
    return fits && all_in(budget, x, y);
  }
  const int order = compare(budget, a, b, op);
  return op == "<" ? order < 0 : op == "<=" ? order <= 0 : op == ">" ? order > 0 : order >= 0;
}

bool contains(Budget& budget, const Value& in, const Value& what) {
  budget.charge();
  if (in.is_undefined()) return false;
  if (const Text* t = in.text()) {
    if (!what.text()) {
      fail("'in <string>' requires string as left operand, not " + type_name(what));
    }
    budget.scan(t->bytes.size() + what.text()->bytes.size());
    return find_text(t->bytes, what.text()->bytes, 0) != std::string_view::npos;
  }
  if (const Dictionary* d = in.dictionary()) {
    if (!key_of(what)) fail("unhashable type: '" + type_name(what) + "'");
    return find(*d, what) != nullptr;
  }
  if (!in.sequence()) fail("argument of type '" + type_name(in) + "' is not iterable");
  if (in.sequence()->kind == SequenceKind::kKeys && !key_of(what))
    fail("unhashable type: '" + type_name(what) + "'");
  if (Sequence* s = in.sequence(); s->kind == SequenceKind::kIterator) {  // taken only as far as needed
    while (s->next < s->items.size())
      if (const Value& v = s->items[s->next++]; v.same(what) || equal(budget, v, what)) return true;
  }
  const Values items = items_of(budget, in);
  return std::ranges::any_of(items, [&](const Value& v) { return v.same(what) || equal(budget, v, what); });
}

}  // namespace quire::jinja
