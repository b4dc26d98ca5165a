// Filters that take or make lists.
#include <algorithm>

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
    return s->items[s->next++];  // only this one is taken: the rest may fail
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

constexpr Filter kFilters[] = {{"length", length},     {"count", length},       {"list", list},
                               {"first", first},       {"last", last},          {"default", default_},
                               {"d", default_},        {"reverse", reverse},    {"sort", sort_filter},
                               {"dictsort", dictsort}, {"min", extreme<false>}, {"max", extreme<true>},
                               {"groupby", groupby},   {"attr", attr},          {"random", random}};

}  // namespace

std::span<const Filter> list_filters() { return kFilters; }

}  // namespace quire::jinja
