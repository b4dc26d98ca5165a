// The methods of strings that look for others in them.
#include <algorithm>

#include "text/jinja/interpreter.h"
#include "text/jinja/text_methods.h"
#include "text/jinja/unicode.h"

namespace quire::jinja {
namespace {

// The bytes of characters start..stop, as str.find and its like take them; nothing if start is past the end.
std::optional<TextRange> window(const Text& t, const Bound& b, size_t first) {
  const int64_t n = static_cast<int64_t>(count_characters(t.bytes));
  const auto place = [&](size_t i, int64_t otherwise) {
    if (!b.given(i)) return otherwise;
    const int64_t at = need_integer(b[i], "an index");
    return at < 0 ? std::max<int64_t>(0, std::max<int64_t>(at, -n - 1) + n) : at;
  };
  const int64_t start = place(first, 0), stop = std::min(place(first + 1, n), n);
  if (start > stop) return std::nullopt;
  return TextRange{character_offset(t.bytes, static_cast<size_t>(start)),
                   character_offset(t.bytes, static_cast<size_t>(stop))};
}

template <bool from_right, bool must>
Value find_in(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("find", a, {"/sub", "/start", "/end"}, 1);
  const Text& t = self_text(self);
  const std::string& what = need_text(b[0], "find's argument").bytes;
  in.budget().scan(from_right ? t.bytes.size() * std::min<size_t>(what.size() + 1, 1024) : t.bytes.size());
  size_t at = std::string_view::npos;
  if (const auto w = window(t, b, 1)) {
    const std::string_view s = std::string_view(t.bytes).substr(w->begin, w->end - w->begin);
    at = from_right ? s.rfind(what) : find_text(s, what, 0);
    if (at != std::string_view::npos)
      return static_cast<int64_t>(count_characters(std::string_view(t.bytes).substr(0, w->begin + at)));
  }
  if (must) fail("substring not found");
  return -1;
}

Value count(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b("count", a, {"/sub", "/start", "/end"}, 1);
  const Text& t = self_text(self);
  const std::string& what = need_text(b[0], "count's argument").bytes;
  in.budget().scan(t.bytes.size());
  const auto w = window(t, b, 1);
  if (!w) return 0;
  const std::string_view s = std::string_view(t.bytes).substr(w->begin, w->end - w->begin);
  if (what.empty()) return static_cast<int64_t>(count_characters(s) + 1);
  int64_t n = 0;
  for (size_t at = 0; (at = find_text(s, what, at)) != std::string_view::npos; at += what.size()) ++n;
  return n;
}

template <bool at_end>
Value begins_or_ends(Interpreter& in, const Value& self, const Arguments& a) {
  const Bound b(at_end ? "endswith" : "startswith", a, {"/affix", "/start", "/end"}, 1);
  const Text& t = self_text(self);
  in.budget().scan(t.bytes.size());
  const auto w = window(t, b, 1);
  Values affixes = {b[0]};
  if (b[0].sequence() && b[0].sequence()->kind == SequenceKind::kTuple) affixes = b[0].sequence()->items;
  bool holds = false;
  for (const Value& v : affixes) {
    const std::string& affix = need_text(v, "an affix").bytes;
    if (!w) continue;
    const std::string_view s = std::string_view(t.bytes).substr(w->begin, w->end - w->begin);
    holds |= at_end ? s.ends_with(affix) : s.starts_with(affix);
  }
  return holds;
}

constexpr TextMethod kMethods[] = {{"find", find_in<false, false>},
                                   {"rfind", find_in<true, false>},
                                   {"index", find_in<false, true>},
                                   {"rindex", find_in<true, true>},
                                   {"count", count},
                                   {"startswith", begins_or_ends<false>},
                                   {"endswith", begins_or_ends<true>}};

}  // namespace

std::span<const TextMethod> search_methods() { return kMethods; }

}  // namespace quire::jinja
