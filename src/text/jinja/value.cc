#include "text/jinja/value.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "text/jinja/big_integer.h"
#include "text/jinja/object.h"

namespace quire::jinja {
namespace {

int32_t nesting_of(const Value& v) {
  if (const Sequence* s = v.sequence()) return s->nesting;
  if (const Dictionary* d = v.dictionary()) return d->nesting;
  return 0;
}

int32_t nested(int32_t inner) {
  if (inner >= kMaxNesting) fail("a value is nested deeper than " + std::to_string(kMaxNesting) + " levels");
  return inner + 1;
}

// Owned until the last value lets go; its bytes count as alive until then.
template <class T>
std::shared_ptr<T> hold(Budget& budget, size_t bytes, T v) {
  bytes += 64;
  budget.hold(bytes);
  return std::shared_ptr<T>(new T(std::move(v)), [&budget, bytes](T* p) {
    budget.release(bytes);
    delete p;
  });
}

}  // namespace

std::optional<int64_t> Value::integer() const {
  if (const bool* b = boolean()) return *b ? 1 : 0;
  if (const int64_t* i = std::get_if<int64_t>(&held_)) return *i;
  return std::nullopt;
}

Value undefined(std::string message) {
  return std::shared_ptr<const Undefined>(std::make_shared<Undefined>(Undefined{std::move(message)}));
}

Value make_text(Budget& budget, Text text) {
  budget.check_text(text.bytes.size());
  budget.scan(text.bytes.size());
  const size_t bytes = text.bytes.size() + text.plain.size() * sizeof(TextRange);
  return std::shared_ptr<const Text>(hold(budget, bytes, std::move(text)));
}

Value make_text(Budget& budget, std::string_view bytes, bool plain) {
  Text text;
  append(text, bytes, plain);
  return make_text(budget, std::move(text));
}

Value make_sequence(Budget& budget, SequenceKind kind, Values items) {
  budget.charge(1 + items.size() / 8);
  int32_t inner = 0;
  for (const Value& v : items) inner = std::max(inner, nesting_of(v));
  Sequence s{.kind = kind, .items = std::move(items), .nesting = nested(inner)};
  const size_t bytes = s.items.size() * sizeof(Value);
  return hold(budget, bytes, std::move(s));
}

Value make_list(Budget& budget, Values items) {
  return make_sequence(budget, SequenceKind::kList, std::move(items));
}

Value make_dictionary(Budget& budget, std::vector<std::pair<Value, Value>> items) {
  Dictionary d;
  int32_t inner = 0;
  size_t bytes = 0;
  for (auto& [key, value] : items) {
    budget.charge();
    inner = std::max(inner, std::max(nesting_of(key), nesting_of(value)));
    std::optional<std::string> spelled = key_of(key);
    if (!spelled) fail("unhashable type: '" + type_name(key) + "'");
    bytes += 2 * sizeof(Value) + 2 * spelled->size();
    const auto [place, is_new] = d.places.emplace(std::move(*spelled), d.items.size());
    if (is_new) d.items.emplace_back(std::move(key), std::move(value));
    else d.items[place->second].second = std::move(value);
  }
  d.nesting = nested(inner);
  return std::shared_ptr<const Dictionary>(hold(budget, bytes, std::move(d)));
}

Value make_range(Budget& budget, int64_t start, int64_t stop, int64_t step) {
  if (step == 0) fail("range() arg 3 must not be zero");
  Values items;
  for (__int128 i = start; step > 0 ? i < stop : i > stop; i += step) {
    if (items.size() >= 100000)
      fail("Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
    items.emplace_back(static_cast<int64_t>(i));
  }
  budget.charge(items.size());
  Value v = make_sequence(budget, SequenceKind::kRange, std::move(items));
  v.sequence()->start = start;
  v.sequence()->stop = stop;
  v.sequence()->step = step;
  return v;
}

std::optional<std::string> key_of(const Value& v) {
  if (v.is_none()) return "n";
  if (v.is_undefined()) return "u";
  if (auto i = v.integer()) return "i" + std::to_string(*i);
  if (const BigInteger* b = v.big()) return "i" + b->digits;
  if (const double* d = v.real()) {
    if (*d == std::floor(*d) && std::abs(*d) < 9e18) return "i" + std::to_string(static_cast<int64_t>(*d));
    if (std::isfinite(*d) && *d == std::floor(*d)) return key_of(integer_of_real(*d));
    std::string bytes(sizeof *d, '\0');
    std::memcpy(bytes.data(), d, sizeof *d);
    return "f" + bytes;
  }
  if (const Text* t = v.text()) return "s" + t->bytes;
  if (const Sequence* s = v.sequence(); s && s->kind == SequenceKind::kTuple) {
    std::string all = "t";
    for (const Value& item : s->items) {
      const auto one = key_of(item);
      if (!one) return std::nullopt;
      all += std::to_string(one->size()) + ':' + *one;
    }
    return all;
  }
  if (const Sequence* s = v.sequence(); s && s->kind == SequenceKind::kRange) {
    std::string all = "r" + std::to_string(s->items.size());  // ranges of the same numbers are equal
    for (size_t i = 0; i < std::min<size_t>(2, s->items.size()); ++i) all += ':' + *key_of(s->items[i]);
    return all;
  }
  if (const Sequence* s = v.sequence())
    if (s->kind != SequenceKind::kValues && s->kind != SequenceKind::kIterator) return std::nullopt;
  if (v.dictionary()) return std::nullopt;
  const void* self = v.sequence() ? static_cast<const void*>(v.sequence()) : v.object();
  return "o" + std::to_string(reinterpret_cast<uintptr_t>(self));
}

const Value* find(const Dictionary& d, const Value& key) {
  const auto spelled = key_of(key);
  if (!spelled) return nullptr;
  const auto place = d.places.find(*spelled);
  return place == d.places.end() ? nullptr : &d.items[place->second].second;
}

const Value* find(const Dictionary& d, std::string_view key) {
  const auto place = d.places.find("s" + std::string(key));
  return place == d.places.end() ? nullptr : &d.items[place->second].second;
}

bool is_true(const Value& v) {
  if (v.is_none() || v.is_undefined()) return false;
  if (auto i = v.integer()) return *i != 0;
  if (const double* d = v.real()) return *d != 0;
  if (const Text* t = v.text()) return !t->bytes.empty();
  if (const Sequence* s = v.sequence()) return s->kind == SequenceKind::kIterator || !s->items.empty();
  if (const Dictionary* d = v.dictionary()) return !d->items.empty();
  return true;
}

std::string type_name(const Value& v) {
  if (v.is_none()) return "NoneType";
  if (v.is_undefined()) return "Undefined";
  if (v.boolean()) return "bool";
  if (v.is_integer()) return "int";
  if (v.real()) return "float";
  if (v.text()) return "str";
  if (const Sequence* s = v.sequence()) {
    constexpr std::string_view kNames[] = {"list",        "tuple",      "range",    "dict_keys",
                                           "dict_values", "dict_items", "generator"};
    return std::string(kNames[static_cast<size_t>(s->kind)]);
  }
  if (v.dictionary()) return "dict";
  return object_type_name(*v.object());
}

std::string described(const Value& v) { return v.is_none() ? "None" : type_name(v) + " object"; }

std::optional<size_t> length_of(Budget& budget, const Value& v) {
  if (v.is_undefined()) return 0;
  if (const Text* t = v.text()) {
    budget.scan(t->bytes.size());
    return count_characters(t->bytes);
  }
  if (const Sequence* s = v.sequence(); s && s->kind != SequenceKind::kIterator) return s->items.size();
  if (const Dictionary* d = v.dictionary()) return d->items.size();
  if (const Object* o = v.object())
    if (const Loop* loop = std::get_if<Loop>(&o->is)) return loop->items->size();
  return std::nullopt;
}

Values items_of(Budget& budget, const Value& v) {
  std::optional<Failure> broken;
  Values to = items_before_failure(budget, v, broken);
  if (broken) throw *broken;
  return to;
}

Values items_before_failure(Budget& budget, const Value& v, std::optional<Failure>& broken) {
  Values to;
  if (v.is_undefined()) return to;
  if (const Text* t = v.text()) {
    for (size_t at = 0; at < t->bytes.size();) {
      size_t end = at;
      read_character(t->bytes, end);
      to.push_back(make_text(budget, part(*t, at, end)));
      at = end;
    }
  } else if (Sequence* s = v.sequence()) {
    budget.charge(1 + s->items.size() / 8);
    if (s->kind != SequenceKind::kIterator) return s->items;
    to.assign(s->items.begin() + static_cast<ptrdiff_t>(s->next), s->items.end());
    s->next = s->items.size();
    broken = std::exchange(s->broken, std::nullopt);
  } else if (const Dictionary* d = v.dictionary()) {
    budget.charge(1 + d->items.size() / 8);
    for (const auto& item : d->items) to.push_back(item.first);
  } else {
    fail("'" + type_name(v) + "' object is not iterable");
  }
  return to;
}

void fail_undefined(const Undefined& u) { fail(u.message); }

void refuse_undefined(const Value& v) {
  if (const Undefined* u = v.undefined()) fail_undefined(*u);
}

int64_t need_integer(const Value& v, std::string_view what) {
  refuse_undefined(v);
  if (auto i = v.integer()) return *i;
  if (v.big()) fail(std::string(what) + " is an integer beyond 64 bits, which is not supported");
  fail(std::string(what) + " must be an integer, got '" + type_name(v) + "'");
}

const Text& need_text(const Value& v, std::string_view what) {
  refuse_undefined(v);
  if (const Text* t = v.text()) return *t;
  fail(std::string(what) + " must be a string, got '" + type_name(v) + "'");
}

}  // namespace quire::jinja
