// Filters that Python has as generators: what goes wrong in one is said when its items are taken, after those
// that came before.
#include <algorithm>
#include <unordered_set>

#include "text/jinja/attribute_path.h"
#include "text/jinja/filters.h"
#include "text/jinja/interpreter.h"

namespace quire::jinja {
namespace {

// An iterator over what `fill` makes.
template <class Fill>
Value lazily(Interpreter& in, const Fill& fill) {
  Values items;
  std::optional<Failure> broken;
  try {
    fill(items);
  } catch (Failure& failure) {
    broken = std::move(failure);
  }
  Value made = make_sequence(in.budget(), SequenceKind::kIterator, std::move(items));
  made.sequence()->broken = std::move(broken);
  return made;
}

template <class Visit>
void each(Interpreter& in, const Value& v, const Visit& visit) {
  std::optional<Failure> broken;
  for (Value& item : items_before_failure(in.budget(), v, broken)) visit(item);
  if (broken) throw *broken;
}

Value items(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound none("items", a, {});
  return lazily(in, [&](Values& to) {
    if (v.is_undefined()) return;
    if (!v.dictionary()) fail("Can only get item pairs from a mapping.");
    to = items_of(in.budget(), in.call(in.attribute(v, "items"), {}));
  });
}

Value unique(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("unique", a, {"case_sensitive", "attribute"});
  return lazily(in, [&](Values& to) {
    std::unordered_set<std::string> seen;
    each(in, v, [&](Value& item) {
      const Value held = b.has(1) ? attribute_path(in, item, b[1]) : item;
      const Value key = b.truth(0, false) ? held : ignore_case(in, held);
      auto spelled = key_of(key);
      if (!spelled) fail("unhashable type: '" + type_name(key) + "'");
      if (seen.insert(std::move(*spelled)).second) to.push_back(std::move(item));
    });
  });
}

Value map(Interpreter& in, const Value& v, const Arguments& a) {
  return lazily(in, [&](Values& to) {
    if (!is_true(v)) return;
    if (a.positional.empty()) {
      const Bound b("map", a, {"attribute", "default"});
      if (!b.has(0)) fail("map requires a filter argument");
      const Value* otherwise = b.given(1) ? &b[1] : nullptr;
      each(in, v, [&](Value& item) { to.push_back(attribute_path(in, item, b[0], otherwise)); });
      return;
    }
    const std::string& name = need_text(a.positional[0], "map's filter").bytes;
    const Arguments rest{{a.positional.begin() + 1, a.positional.end()}, a.named};
    each(in, v, [&](Value& item) { to.push_back(in.filter(name, item, rest)); });
  });
}

template <bool wanted, bool by_attribute>
Value select(Interpreter& in, const Value& v, const Arguments& a) {
  constexpr size_t kOff = by_attribute ? 1 : 0;
  return lazily(in, [&](Values& to) {
    if (!is_true(v)) return;
    if (a.positional.size() < kOff) fail("Missing parameter for attribute name");
    const bool tested = a.positional.size() > kOff;
    Arguments rest{{}, a.named};
    std::string name;
    if (tested) {
      name = need_text(a.positional[kOff], "the name of a test").bytes;
      rest.positional.assign(a.positional.begin() + kOff + 1, a.positional.end());
    }
    each(in, v, [&](Value& item) {
      const Value judged = by_attribute ? attribute_path(in, item, a.positional[0]) : item;
      if ((tested ? in.test(name, judged, rest) : is_true(judged)) == wanted) to.push_back(std::move(item));
    });
  });
}

Value batch(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("batch", a, {"linecount", "fill_with"}, 1);
  return lazily(in, [&](Values& to) {
    Values batch;
    const auto flush = [&] { to.push_back(make_list(in.budget(), std::exchange(batch, {}))); };
    each(in, v, [&](Value& item) {
      if (equal(in.budget(), b[0], static_cast<int64_t>(batch.size()))) flush();
      batch.push_back(std::move(item));
    });
    if (batch.empty()) return;
    if (b.given(1))
      for (int64_t n = b.integer(0, 0) - static_cast<int64_t>(batch.size()); n > 0; --n) {
        in.budget().charge();
        batch.push_back(b[1]);
      }
    flush();
  });
}

Value slice_filter(Interpreter& in, const Value& v, const Arguments& a) {
  const Bound b("slice", a, {"slices", "fill_with"}, 1);
  return lazily(in, [&](Values& to) {
    const Values all = items_of(in.budget(), v);
    const int64_t slices = b.integer(0, 0), n = static_cast<int64_t>(all.size());
    if (slices == 0) fail("integer division or modulo by zero");
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
  });
}

constexpr Filter kFilters[] = {{"items", items},
                               {"unique", unique},
                               {"map", map},
                               {"select", select<true, false>},
                               {"reject", select<false, false>},
                               {"selectattr", select<true, true>},
                               {"rejectattr", select<false, true>},
                               {"batch", batch},
                               {"slice", slice_filter}};

}  // namespace

std::span<const Filter> lazy_filters() { return kFilters; }

}  // namespace quire::jinja
