// Filters that take or make lists.
#include <algorithm>
#include <unordered_set>

#include "text/jinja/attribute_path.h"
#include "text/jinja/filters.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/markup.h"
#include "text/jinja/operators.h"

namespace quire::jinja {
namespace {

Value iterator(Interpreter& in, Values items) {
  return make_sequence(in.budget(), SequenceKind::kIterator, std::move(items));
}

Value length(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("length", a, {});
  if (auto n = length_of(in.budget(), v)) return static_cast<int64_t>(*n);
  fail("object of type '" + type_name(v) + "' has no len()");
}

Value list(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("list", a, {});
  return make_list(in.budget(), items_of(in.budget(), v));
}

Value first(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("first", a, {});
  if (Sequence* s = v.sequence(); s && s->kind == SequenceKind::kIterator && s->next < s->items.size())
    return s->items[s->next++];
  const Values all = items_of(in.budget(), v);
  return all.empty() ? undefined("No first item, sequence was empty.") : all.front();
}

Value last(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("last", a, {});
  if (v.sequence() && v.sequence()->kind == SequenceKind::kIterator)
    fail("'generator' object is not reversible");
  const Values all = items_of(in.budget(), v);
  if (all.empty()) return undefined("No last item, sequence was empty.");
  return v.text() && v.text()->markup ? as_markup(in.budget(), all.back()) : all.back();
}

Value default_(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("default", a, {"default_value", "boolean"});
  if (!v.is_undefined() && !(b.truth(1, false) && !is_true(v))) return v;
  return b.has(0) ? b[0] : in.text("");
}

Value items(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("items", a, {});
  if (v.is_undefined()) return iterator(in, {});
  if (!v.dictionary()) fail("Can only get item pairs from a mapping.");
  return iterator(in, items_of(in.budget(), in.call(in.attribute(v, "items"), {})));
}

Value reverse(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("reverse", a, {});
  if (v.text()) return slice(in.budget(), v, {}, {}, -1);
  const bool lazy = !v.sequence() || v.sequence()->kind != SequenceKind::kIterator;
  Values all = items_of(in.budget(), v);
  std::ranges::reverse(all);
  return lazy ? iterator(in, std::move(all)) : make_list(in.budget(), std::move(all));
}

struct Keyed {
  Value key, value;
};

std::vector<Keyed> keyed(Interpreter& in, const Value& v, const Value& attribute, bool case_sensitive,
                         bool several) {
  std::vector<Keyed> all;
  const auto fold = [&](const Value& k) { return case_sensitive ? k : ignore_case(in, k); };
  for (Value& item : items_of(in.budget(), v)) {
    if (!several) {
      Value key = fold(attribute_path(in, item, attribute));
      all.push_back({std::move(key), std::move(item)});
      continue;
    }
    Values parts;  // "a,b": one after the other; compared as a list even where there is one
    if (const Text* names = attribute.text()) {
      for (size_t at = 0; at <= names->bytes.size();) {
        const size_t end = std::min(names->bytes.find(',', at), names->bytes.size());
        parts.push_back(fold(attribute_path(in, item, in.text(names->bytes.substr(at, end - at)))));
        at = end + 1;
      }
    } else {
      parts.push_back(fold(attribute_path(in, item, attribute)));
    }
    Value key = make_list(in.budget(), std::move(parts));
    all.push_back({std::move(key), std::move(item)});
  }
  return all;
}

void sort(Interpreter& in, std::vector<Keyed>& all, bool reverse) {
  std::ranges::stable_sort(all, [&](const Keyed& a, const Keyed& b) {
    return compare(in.budget(), reverse ? b.key : a.key, reverse ? a.key : b.key, "<") < 0;
  });
}

Values values_of(std::vector<Keyed> all) {
  Values to;
  for (Keyed& k : all) to.push_back(std::move(k.value));
  return to;
}

Value sort_filter(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("sort", a, {"reverse", "case_sensitive", "attribute"});
  auto all = keyed(in, v, b.has(2) ? b[2] : Value(), b.truth(1, false), true);
  sort(in, all, b.integer(0, 0) != 0);
  return make_list(in.budget(), values_of(std::move(all)));
}

Value dictsort(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("dictsort", a, {"case_sensitive", "by", "reverse"});
  const std::string by = !b.has(1) ? "key" : b[1].text() ? b[1].text()->bytes : "";
  if (by != "key" && by != "value") fail("You can only sort by either \"key\" or \"value\"");
  const Value pairs = in.call(in.attribute(v, "items"), {});
  auto all = keyed(in, pairs, by == "key" ? 0 : 1, b.truth(0, false), false);
  sort(in, all, b.integer(2, 0) != 0);
  return make_list(in.budget(), values_of(std::move(all)));
}

Value unique(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("unique", a, {"case_sensitive", "attribute"});
  std::unordered_set<std::string> seen;
  Values kept;
  for (Keyed& k : keyed(in, v, b.has(1) ? b[1] : Value(), b.truth(0, false), false)) {
    auto spelled = key_of(k.key);
    if (!spelled) fail("unhashable type: '" + type_name(k.key) + "'");
    if (seen.insert(std::move(*spelled)).second) kept.push_back(std::move(k.value));
  }
  return iterator(in, std::move(kept));
}

template <bool largest>
Value extreme(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b(largest ? "max" : "min", a, {"case_sensitive", "attribute"});
  const auto all = keyed(in, v, b.has(1) ? b[1] : Value(), b.truth(0, false), false);
  if (all.empty()) return undefined("No aggregated item, sequence was empty.");
  const Keyed* best = &all[0];
  for (size_t i = 1; i < all.size(); ++i)
    if (ordered(in.budget(), largest ? ">" : "<", all[i].key, best->key)) best = &all[i];
  return best->value;
}

Value groupby(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("groupby", a, {"attribute", "default", "case_sensitive"}, 1);
  std::vector<Keyed> all;
  const Value* otherwise = b.given(1) ? &b[1] : nullptr;
  const auto own_key = [&](const Value& item) { return attribute_path(in, item, b[0], otherwise); };
  for (Value& item : items_of(in.budget(), v)) {
    Value key = own_key(item);
    all.push_back({b.truth(2, false) ? key : ignore_case(in, key), std::move(item)});
  }
  sort(in, all, false);
  Values groups;
  for (size_t i = 0; i < all.size();) {
    Values members;
    const size_t begin = i;
    for (; i < all.size() && equal(in.budget(), all[i].key, all[begin].key); ++i)
      members.push_back(all[i].value);
    Value key = own_key(members[0]);
    Value list = make_list(in.budget(), std::move(members));
    groups.push_back(make_sequence(in.budget(), SequenceKind::kTuple, {std::move(key), std::move(list)}));
    groups.back().sequence()->group = true;
  }
  return make_list(in.budget(), std::move(groups));
}

Value map(Interpreter& in, const Value& v, const Arguments& a) {
  if (!is_true(v)) return iterator(in, {});
  Values to;
  if (a.positional.empty()) {
    const Bound b("map", a, {"attribute", "default"});
    if (!b.has(0)) fail("map requires a filter argument");
    for (const Value& item : items_of(in.budget(), v))
      to.push_back(attribute_path(in, item, b[0], b.given(1) ? &b[1] : nullptr));
    return iterator(in, std::move(to));
  }
  const std::string& name = need_text(a.positional[0], "map's filter").bytes;
  Arguments rest{{a.positional.begin() + 1, a.positional.end()}, a.named};
  for (const Value& item : items_of(in.budget(), v)) to.push_back(in.filter(name, item, rest));
  return iterator(in, std::move(to));
}

template <bool wanted, bool by_attribute>
Value select(Interpreter& in, const Value& v, const Arguments& a) {
  constexpr size_t kOff = by_attribute ? 1 : 0;
  if (!is_true(v)) return iterator(in, {});
  if (a.positional.size() < kOff) fail("Missing parameter for attribute name");
  Arguments rest{{}, a.named};
  std::string name;
  if (a.positional.size() > kOff) {
    name = need_text(a.positional[kOff], "the name of a test").bytes;
    rest.positional.assign(a.positional.begin() + kOff + 1, a.positional.end());
  }
  Values kept;
  for (Value& item : items_of(in.budget(), v)) {
    const Value judged = by_attribute ? attribute_path(in, item, a.positional[0]) : item;
    const bool holds = a.positional.size() > kOff ? in.test(name, judged, rest) : is_true(judged);
    if (holds == wanted) kept.push_back(std::move(item));
  }
  return iterator(in, std::move(kept));
}

Value batch(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("batch", a, {"linecount", "fill_with"}, 1);
  Values all, batch;
  const auto flush = [&] { all.push_back(make_list(in.budget(), std::exchange(batch, {}))); };
  for (Value& item : items_of(in.budget(), v)) {
    if (equal(in.budget(), b[0], static_cast<int64_t>(batch.size()))) flush();
    batch.push_back(std::move(item));
  }
  if (!batch.empty()) {
    if (b.given(1))
      for (int64_t n = b.integer(0, 0) - static_cast<int64_t>(batch.size()); n > 0; --n) {
        in.budget().charge();
        batch.push_back(b[1]);
      }
    flush();
  }
  return iterator(in, std::move(all));
}

Value slice_filter(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("slice", a, {"slices", "fill_with"}, 1);
  const Values all = items_of(in.budget(), v);
  const int64_t slices = b.integer(0, 0), n = static_cast<int64_t>(all.size());
  if (slices == 0) fail("integer division or modulo by zero");
  Values to;
  int64_t offset = 0;
  for (int64_t i = 0; i < slices; ++i) {
    in.budget().charge();
    const int64_t start = offset + i * (n / slices);
    if (i < n % slices) ++offset;
    const int64_t end = offset + (i + 1) * (n / slices);
    Values items(all.begin() + start, all.begin() + end);
    if (b.given(1) && i >= n % slices) items.push_back(b[1]);
    to.push_back(make_list(in.budget(), std::move(items)));
  }
  return iterator(in, std::move(to));
}

Value attr(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("attr", a, {"name"}, 1);
  const std::string& name = need_text(b[0], "attr's argument").bytes;
  if (v.dictionary()) {  // the attribute only, never an item
    const Value found = in.attribute(v, name);
    return found.object() && std::holds_alternative<Function>(found.object()->is)
               ? found
               : undefined("'dict object' has no attribute '" + name + "'");
  }
  return in.attribute(v, name);
}

Value random(Interpreter&, const Value&, const Arguments&) {
  fail("the filter random is not supported: a chat template must make the same prompt every time");
}

constexpr Filter kFilters[] = {{"length", length},
                               {"count", length},
                               {"list", list},
                               {"first", first},
                               {"last", last},
                               {"default", default_},
                               {"d", default_},
                               {"items", items},
                               {"reverse", reverse},
                               {"sort", sort_filter},
                               {"dictsort", dictsort},
                               {"unique", unique},
                               {"min", extreme<false>},
                               {"max", extreme<true>},
                               {"groupby", groupby},
                               {"map", map},
                               {"select", select<true, false>},
                               {"reject", select<false, false>},
                               {"selectattr", select<true, true>},
                               {"rejectattr", select<false, true>},
                               {"batch", batch},
                               {"slice", slice_filter},
                               {"attr", attr},
                               {"random", random}};

}  // namespace

std::span<const Filter> list_filters() { return kFilters; }

}  // namespace quire::jinja
