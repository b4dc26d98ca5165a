// Methods of everything but strings.
#include "text/jinja/methods.h"

#include <algorithm>
#include <cmath>

#include "text/jinja/interpreter.h"
#include "text/jinja/operators.h"

namespace quire::jinja {
namespace {

Value view(Interpreter& in, const Value& self, SequenceKind kind) {
  Values all;
  for (const auto& [key, value] : self.dictionary()->items) {
    in.budget().charge();
    if (kind == SequenceKind::kItems)
      all.push_back(make_sequence(in.budget(), SequenceKind::kTuple, {key, value}));
    else all.push_back(kind == SequenceKind::kKeys ? key : value);
  }
  return make_sequence(in.budget(), kind, std::move(all));
}

Value items(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound none("items", a, {});
  return view(in, self, SequenceKind::kItems);
}
Value keys(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound none("keys", a, {});
  return view(in, self, SequenceKind::kKeys);
}
Value values(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound none("values", a, {});
  return view(in, self, SequenceKind::kValues);
}
Value get(Interpreter&, const Value& self, const Arguments& a) {
  const Bound b("get", a, {"/key", "/default"}, 1);
  if (!key_of(b[0])) fail("unhashable type: '" + type_name(b[0]) + "'");
  if (const Value* v = find(*self.dictionary(), b[0])) return *v;
  return b.has(1) ? b[1] : Value();
}
Value copy(Interpreter&, const Value& self, const Arguments& a) {
  const Bound none("copy", a, {});
  return self;
}
Value from_keys(Interpreter& in, const Value&, const Arguments& a) {
  const Bound b("fromkeys", a, {"/iterable", "/value"}, 1);
  std::vector<std::pair<Value, Value>> all;
  for (Value& key : items_of(in.budget(), b[0])) all.emplace_back(std::move(key), b.has(1) ? b[1] : Value());
  return make_dictionary(in.budget(), std::move(all));
}

Value count(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("count", a, {"/value"}, 1);
  return static_cast<int64_t>(std::ranges::count_if(
      self.sequence()->items, [&](const Value& v) { return equal(in.budget(), v, b[0]); }));
}
Value index(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("index", a, {"/value", "/start", "/stop"}, 1);
  if (self.sequence()->kind == SequenceKind::kRange && (b.has(1) || b.has(2)))
    fail("index() of a range takes one argument");
  const Values& all = self.sequence()->items;
  const int64_t n = static_cast<int64_t>(all.size());
  const auto place = [&](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? std::max<int64_t>(at, -n) + n : at, 0, n);
  };
  for (int64_t i = place(b.integer(1, 0)); i < place(b.integer(2, n)); ++i)
    if (equal(in.budget(), all[static_cast<size_t>(i)], b[0])) return i;
  fail("the value is not in the " + type_name(self));
}

Value is_integer(Interpreter&, const Value& self, const Arguments& a) {
  const Bound none("is_integer", a, {});
  const double d = *self.real();
  return std::isfinite(d) && d == std::floor(d);
}
Value bit_length(Interpreter&, const Value& self, const Arguments& a) {
  const Bound none("bit_length", a, {});
  const int64_t v = need_integer(self, "bit_length");
  const uint64_t size = v < 0 ? uint64_t{0} - static_cast<uint64_t>(v) : static_cast<uint64_t>(v);
  return static_cast<int64_t>(64 - (size ? __builtin_clzll(size) : 64));
}

Value bit_count(Interpreter&, const Value& self, const Arguments& a) {
  const Bound none("bit_count", a, {});
  const int64_t v = need_integer(self, "bit_count");
  return __builtin_popcountll(v < 0 ? uint64_t{0} - static_cast<uint64_t>(v) : static_cast<uint64_t>(v));
}
Value conjugate(Interpreter&, const Value& self, const Arguments& a) {
  const Bound none("conjugate", a, {});
  return positive(self);
}

Value cycle(Interpreter&, const Value& self, const Arguments& a) {
  if (a.positional.empty()) fail("no items for cycling given");
  return a.positional[std::get<Loop>(self.object()->is).index % a.positional.size()];
}
Value changed(Interpreter& in, const Value& self, const Arguments& a) {
  Loop& loop = std::get<Loop>(self.object()->is);
  const Value now = make_sequence(in.budget(), SequenceKind::kTuple, a.positional);
  if (loop.has_changed && equal(in.budget(), loop.last_changed, now)) return false;
  loop.has_changed = true;
  loop.last_changed = now;
  return true;
}

Value next(Interpreter&, const Value& self, const Arguments& a) {
  const Bound none("next", a, {});
  Cycler& c = std::get<Cycler>(self.object()->is);
  const Value now = c.items[c.next];
  c.next = (c.next + 1) % c.items.size();
  return now;
}
Value reset(Interpreter&, const Value& self, const Arguments& a) {
  const Bound none("reset", a, {});
  std::get<Cycler>(self.object()->is).next = 0;
  return Value();
}

struct Row {
  std::string_view name;
  Function::Call call;  // null: forbidden, since it changes what it is called on
};
constexpr Row kDictionary[] = {{"items", items},    {"keys", keys},         {"values", values},
                               {"get", get},        {"copy", copy},         {"fromkeys", from_keys},
                               {"clear", nullptr},  {"pop", nullptr},       {"popitem", nullptr},
                               {"update", nullptr}, {"setdefault", nullptr}};
constexpr Row kList[] = {{"count", count},   {"index", index},    {"copy", copy},       {"append", nullptr},
                         {"clear", nullptr}, {"pop", nullptr},    {"reverse", nullptr}, {"insert", nullptr},
                         {"sort", nullptr},  {"extend", nullptr}, {"remove", nullptr}};
constexpr Row kTuple[] = {{"count", count}, {"index", index}};
constexpr Row kInteger[] = {{"bit_length", bit_length}, {"bit_count", bit_count}, {"conjugate", conjugate}};
constexpr Row kReal[] = {{"is_integer", is_integer}, {"conjugate", conjugate}};
constexpr Row kLoop[] = {{"cycle", cycle}, {"changed", changed}};
constexpr Row kCycler[] = {{"next", next}, {"reset", reset}};
constexpr Row kDictType[] = {{"fromkeys", from_keys}};

std::span<const Row> rows_of(const Value& v) {
  if (v.dictionary()) return kDictionary;
  if (const Sequence* s = v.sequence()) {
    if (s->kind == SequenceKind::kList) return kList;
    if (s->kind == SequenceKind::kTuple || s->kind == SequenceKind::kRange) return kTuple;
    return {};
  }
  if (v.real()) return kReal;
  if (v.is_number()) return kInteger;
  if (const Object* o = v.object()) {
    if (std::holds_alternative<Loop>(o->is)) return kLoop;
    if (std::holds_alternative<Cycler>(o->is)) return kCycler;
    if (const Function* f = std::get_if<Function>(&o->is); f && f->name == "dict") return kDictType;
  }
  return {};
}

}  // namespace

std::optional<Value> find_method(const Value& of, std::string_view name) {
  if (of.text()) {
    Value method = text_method(name, of);
    return method.is_none() ? std::nullopt : std::optional<Value>(std::move(method));
  }
  for (const Row& row : rows_of(of)) {
    if (row.name != name) continue;
    if (row.call) return make_object({Function{std::string(name), row.call, of}});
    return undefined("access to attribute '" + std::string(name) + "' of '" + type_name(of) +
                     "' object is unsafe.");
  }
  return std::nullopt;
}

}  // namespace quire::jinja
